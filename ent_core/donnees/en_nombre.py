"""Beaucoup de lignes en un seul énoncé, toujours le même, quel que soit leur nombre.

Une liste de valeurs écrite dans l'énoncé l'allonge : à chaque fois, l'écrire, le lire et chercher son plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Table, column, func, literal, select, text, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import FromClause

__all__ = ["inserer", "parmi", "tableau"]


def inserer(session: Session, table: Table, rangees: Sequence[Mapping[str, Any]]) -> None:
    """Ajoute des lignes à une table.

    :param session: session qui a le droit d'y ajouter.
    :param rangees: une au moins, toutes de mêmes colonnes : textes, nombres, dates, identifiants.
    """
    nom, colonnes = f'"{table.name}"', ", ".join(f'"{colonne}"' for colonne in rangees[0])
    session.execute(
        text(
            f"insert into {nom} ({colonnes}) select {colonnes}"  # noqa: S608 - noms déclarés
            f" from json_populate_recordset(null::{nom}, cast(:rangees as json))"
        ),
        {"rangees": json.dumps(list(rangees), ensure_ascii=False, default=_texte)},
    )


def tableau(colonnes: Sequence[ColumnElement[Any]], rangees: Sequence[Sequence[Any]], nom: str) -> FromClause:
    """Des valeurs, sous la forme d'une table que l'on peut joindre.

    :param colonnes: noms et types.
    :param rangees: une valeur par colonne.
    :param nom: nom de la table.
    """
    listes = (literal([r[n] for r in rangees], ARRAY(c.type)) for n, c in enumerate(colonnes))
    dites = (column(str(c.key), c.type) for c in colonnes)
    return func.unnest(*listes).table_valued(*dites, name=nom).render_derived()


def parmi(colonnes: Sequence[ColumnElement[Any]], cles: Sequence[Sequence[Any]]) -> ColumnElement[bool]:
    """Condition : les valeurs de ces colonnes sont l'une de ces clés.

    :param colonnes: colonnes d'une table, ou de son alias.
    :param cles: une valeur par colonne.
    """
    return tuple_(*colonnes).in_(select(tableau(colonnes, cles, "cle")))


def _texte(valeur: Any) -> str:
    if isinstance(valeur, date):
        return valeur.isoformat()
    if isinstance(valeur, UUID):
        return str(valeur)
    raise TypeError(f"une valeur de type {type(valeur).__name__} ne s'ajoute pas en nombre")
