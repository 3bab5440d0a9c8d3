"""Ce qu'un énoncé compare à une valeur dit de qui il parle : la trace de lecture le nomme."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import psycopg

from ent_core.donnees.base import Base
from ent_core.donnees.releve import Compilateur
from ent_core.identite.modeles import Responsabilite

_table = Base.metadata.tables[Responsabilite.__tablename__]
_liste: Any = bindparam("eleves", type_=ARRAY(Uuid))


@pytest.mark.parametrize(
    "condition",
    [
        _table.c.eleve_id == bindparam("eleves"),
        _table.c.eleve_id.in_(bindparam("eleves", expanding=True)),
        _table.c.eleve_id == any_(_liste),
        _table.c.eleve_id == func.any(_liste),
        _table.alias("autre").c.eleve_id == func.any(_liste),
    ],
    ids=["valeur", "in", "any_", "func.any", "alias"],
)
def test_la_personne_comparee_est_relevee(condition: ColumnElement[bool]) -> None:
    releves = _egalites(condition)
    assert releves == [(("responsabilite", "eleve_id"), "eleves")]


@pytest.mark.parametrize(
    "condition",
    [_table.c.eleve_id != bindparam("eleve"), _table.c.eleve_id == func.any(func.array([1]))],
    ids=["différente", "tableau calculé"],
)
def test_ce_qui_ne_designe_personne_ne_l_est_pas(condition: ColumnElement[bool]) -> None:
    assert _egalites(condition) == []


def _egalites(condition: ColumnElement[bool]) -> list[tuple[tuple[str, str], str]]:
    dialecte: Any = psycopg.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy ne le type pas
    dialecte.statement_compiler = Compilateur
    compile_: Any = select(literal(1)).where(condition).compile(dialect=dialecte)
    return [(colonne, liee.key) for colonne, liee in compile_.releve.egalites]
