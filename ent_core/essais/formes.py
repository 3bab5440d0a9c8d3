"""Les formes d'un énoncé qui lirait ou changerait une colonne ou une ligne, pour n'importe quelle table.

Chacune est une attaque : la colonne qui n'est pas pour un rôle, ou l'école d'à côté. Les formes propres à
l'ORM sont éprouvées par le noyau sur une brique qui a tous les liens ; celles-ci le sont sur chaque table.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from sqlalchemy import (
    Column,
    Connection,
    Table,
    case,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    union_all,
    update,
)

__all__ = ["CHEMINS", "CURSEUR", "ECRITURES", "FORMES", "OPAQUES", "Forme"]

Forme = Callable[[Connection, Table, Column[Any]], Any]

CURSEUR = "curseur nu"
"""La seule forme que le portillon ne voit pas passer ; la base, elle, la refuse."""


def _curseur(connexion: Connection, ordre: str) -> Any:
    pilote: Any = connexion.connection.cursor()
    with pilote as curseur:
        curseur.execute(ordre)
        return curseur.fetchall()


def _copier(connexion: Connection, ordre: str) -> bytes:
    sortie = io.BytesIO()
    pilote: Any = connexion.connection.cursor()
    with pilote as curseur, curseur.copy(f"copy ({ordre}) to stdout") as copie:
        for bloc in copie:
            sortie.write(bloc)
    return sortie.getvalue()


def _nu(table: Table, colonne: Column[Any]) -> str:
    return f'select "{colonne.name}" from "{table.name}"'  # noqa: S608 - noms tirés de nos tables déclarées


def _entiere(table: Table) -> str:
    return f'select * from "{table.name}"'  # noqa: S608 - nom tiré de nos tables déclarées


FORMES: dict[str, Forme] = {
    "colonne": lambda k, t, c: k.execute(select(c).where(false())),
    "étiquette": lambda k, t, c: k.execute(select(c.label("x")).where(false())),
    "fonction": lambda k, t, c: k.execute(select(func.coalesce(c)).where(false())),
    "cas": lambda k, t, c: k.execute(select(case((c.is_(None), 0), else_=1)).where(false())),
    "alias": lambda k, t, c: k.execute(select(t.alias("a").c[c.name]).where(false())),
    "sous-requête": lambda k, t, c: k.execute(select(select(c).subquery().c[c.name]).where(false())),
    "expression de table": lambda k, t, c: k.execute(select(select(c).cte().c[c.name]).where(false())),
    "union": lambda k, t, c: k.execute(union_all(select(c).where(false()), select(c).where(false()))),
    "table": lambda k, t, c: k.execute(select(t).where(false())),
    "critère": lambda k, t, c: k.execute(select(literal(1)).select_from(t).where(c.is_(None)).limit(0)),
    "tri": lambda k, t, c: k.execute(select(literal(1)).select_from(t).order_by(c).limit(0)),
    "regroupement": lambda k, t, c: k.execute(select(func.count()).select_from(t).where(false()).group_by(c)),
    "existence": lambda k, t, c: k.execute(select(exists().where(c.is_not(None)))),
    "jointure": lambda k, t, c: k.execute(
        select(literal(1)).select_from(t.join(a := t.alias("a"), a.c[c.name] == c)).where(false())
    ),
    "compte de la colonne": lambda k, t, c: k.execute(select(func.count(c)).where(false())),
}
"""Formes lisibles : refusées à qui n'est pas destinataire, permises à qui l'est."""

OPAQUES: dict[str, Forme] = {
    "colonne en toutes lettres": lambda k, t, c: k.execute(
        select(literal_column(f'"{c.name}"')).select_from(t).limit(0)
    ),
    "texte": lambda k, t, c: k.execute(text(f"{_nu(t, c)} limit 0")),
    "texte et ses colonnes": lambda k, t, c: k.execute(text(f"{_nu(t, c)} limit 0").columns(c)),
    "pilote": lambda k, t, c: k.exec_driver_sql(f"{_nu(t, c)} limit 0"),
    "ligne entière": lambda k, t, c: k.execute(
        select(func.row_to_json(t.table_valued())).select_from(t).limit(0)
    ),
    "fonction de ligne entière": lambda k, t, c: k.execute(
        select(func.to_jsonb(literal_column(f'"{t.name}"'))).select_from(t).limit(0)
    ),
    "étoile": lambda k, t, c: k.execute(select(text("*")).select_from(t).limit(0)),
    CURSEUR: lambda k, t, c: _curseur(k, f"{_nu(t, c)} limit 0"),
}
"""Formes que le portillon refuse à tous : on ne peut pas savoir ce qu'elles lisent."""

ECRITURES: dict[str, Forme] = {
    "changer": lambda k, t, c: k.execute(update(t).where(false()).values({c.name: c})),
    "mise à jour qui rend": lambda k, t, c: k.execute(
        update(t).where(false()).values({c.name: c}).returning(c)
    ),
    "ajout qui copie": lambda k, t, c: k.execute(insert(t).from_select([c.name], select(c).where(false()))),
}
"""Formes qui écrivent ou recopient la colonne."""

CHEMINS: dict[str, Callable[[Connection, Table, str, str], Any]] = {
    "table": lambda k, t, ici, la: k.execute(select(t)).all(),
    "une colonne": lambda k, t, ici, la: k.execute(select(t.c.uai)).all(),
    "critère de l'autre école": lambda k, t, ici, la: k.execute(select(t).where(t.c.uai == la)).all(),
    "alias": lambda k, t, ici, la: k.execute(select(a := t.alias("a")).where(a.c.uai == la)).all(),
    "sous-requête": lambda k, t, ici, la: k.execute(select(select(t).subquery())).all(),
    "expression de table": lambda k, t, ici, la: k.execute(select(select(t).cte())).all(),
    "union": lambda k, t, ici, la: k.execute(union_all(select(t), select(t))).all(),
    "appartenance": lambda k, t, ici, la: k.execute(
        select(literal(la)).where(literal(la).in_(select(t.c.uai)))
    ).all(),
    "existence": lambda k, t, ici, la: k.execute(
        select(literal(la)).where(exists().where(t.c.uai == la))
    ).all(),
    "sous-requête en colonne": lambda k, t, ici, la: k.execute(
        select(select(func.max(t.c.uai)).where(t.c.uai == la).scalar_subquery())
    ).all(),
    "regroupement": lambda k, t, ici, la: k.execute(select(t.c.uai, func.count()).group_by(t.c.uai)).all(),
    "texte": lambda k, t, ici, la: k.execute(text(_entiere(t))).all(),
    "pilote": lambda k, t, ici, la: k.exec_driver_sql(_entiere(t)).all(),
    "curseur nu": lambda k, t, ici, la: _curseur(k, _entiere(t)),
    "copie": lambda k, t, ici, la: _copier(k, _entiere(t)),
    "mise à jour qui rend": lambda k, t, ici, la: k.execute(
        update(t).where(t.c.uai == la).values(uai=t.c.uai).returning(t.c.uai)
    ).all(),
    "passage à l'école d'ici": lambda k, t, ici, la: (
        k.execute(update(t).where(t.c.uai == la).values(uai=ici).returning(t.c.uai)).all() and la
    ),
    "suppression": lambda k, t, ici, la: k.execute(delete(t).where(t.c.uai == la).returning(t.c.uai)).all(),
    "copie d'une ligne": lambda k, t, ici, la: k.execute(
        insert(t)
        .from_select(
            [c.name for c in _ecrites(t)],
            select(*(_a_soi(c, ici) for c in _ecrites(t))).where(t.c.uai == la),
        )
        .returning(literal(la))
    ).all(),
    "ligne d'une autre école": lambda k, t, ici, la: k.execute(
        insert(t)
        .from_select(
            [c.name for c in _ecrites(t)],
            select(*(_a_soi(c, la) for c in _ecrites(t))).where(t.c.uai == ici),
        )
        .returning(literal(la))
    ).all(),
}
"""Chemins d'une école vers une autre ; chacun rend quelque chose qui contient l'UAI d'à côté, s'il fuit."""


def _ecrites(table: Table) -> list[Column[Any]]:
    return [c for c in table.columns if c.computed is None]


def _a_soi(colonne: Column[Any], uai: str) -> Any:
    if colonne.name == "uai":
        return literal(uai, colonne.type)
    return literal(uuid4(), colonne.type) if colonne.name == "id" else colonne
