"""Les intervalles datés : du premier jour, compris, à la fin, exclue ou absente."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, or_
from sqlalchemy.sql.elements import ColumnElement

__all__ = ["en_vigueur", "pas_fini"]


def en_vigueur(table: Any, jour: ColumnElement[date] | date) -> ColumnElement[bool]:
    """Condition « en vigueur ce jour » d'un intervalle semi-ouvert.

    :param table: classe, ou colonnes d'une table, à ``debut`` et ``fin``.
    :param jour: le jour, ou le paramètre qui le portera.
    """
    debut: ColumnElement[date] = table.debut
    return and_(debut <= jour, pas_fini(table, jour))


def pas_fini(table: Any, jour: ColumnElement[date] | date) -> ColumnElement[bool]:
    """Condition « en cours ou à venir ce jour ».

    :param table: classe, ou colonnes d'une table, à ``fin``.
    :param jour: le jour, ou le paramètre qui le portera.
    """
    fin: ColumnElement[date | None] = table.fin
    return or_(fin.is_(None), fin > jour)
