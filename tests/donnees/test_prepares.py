"""Ce qu'une connexion a préparé survit à une transaction défaite : une page refusée ne ralentit rien."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from tests.donnees.test_reprise import couper

_LECTURE = text('select 1 as "une lecture"')
_PREPAREES = text("select count(*) from pg_prepared_statements where statement like '%une lecture%'")

_POINTS = text("select count(*) from pg_prepared_statements where statement ~ 'savepoint'")


@pytest.fixture
def connexion(fabrique_bases: Fabrique) -> Iterator[Connection]:
    """Une connexion de la réserve, que l'essai ouvre et rend lui-même."""
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application)
    with base.moteur.connect() as prise:
        yield prise
    base.fermer()
    fabrique_bases.retirer(adresses)


def test_une_transaction_defaite_ne_fait_rien_oublier(connexion: Connection) -> None:
    for _ in range(3):
        connexion.execute(_LECTURE)
        connexion.exec_driver_sql("create temporary table essai_defait (n int)")
        connexion.rollback()
    assert connexion.scalar(_PREPAREES) == 1
    assert connexion.scalar(text("select to_regclass('pg_temp.essai_defait')::text")) is None


def test_ce_que_la_base_refuse_fait_tout_preparer_de_neuf(connexion: Connection) -> None:
    """Une migration peut changer ce que rend un énoncé préparé : il se répare à l'essai suivant."""
    tout = text("select * from essai_change")
    connexion.exec_driver_sql("create temporary table essai_change (n int)")
    for _ in range(3):
        connexion.execute(tout)
    connexion.commit()
    connexion.exec_driver_sql("do 'begin alter table essai_change add m text; end'")  # psycopg n'en voit rien
    connexion.commit()
    with pytest.raises(DBAPIError, match="cached plan must not change result type"):
        connexion.execute(tout)
    connexion.rollback()
    assert list(connexion.execute(tout).keys()) == ["n", "m"]


def test_un_point_de_reprise_non_plus(connexion: Connection) -> None:
    for _ in range(3):
        reprise = connexion.begin_nested()
        connexion.execute(_LECTURE)
        connexion.exec_driver_sql("create temporary table essai_defait (n int)")
        reprise.rollback()
        connexion.begin_nested().commit()
    assert connexion.scalar(_PREPAREES) == 1
    assert connexion.scalar(text("select to_regclass('pg_temp.essai_defait')::text")) is None
    assert (
        connexion.scalar(text("select count(*) from pg_prepared_statements where statement ~ 'savepoint'"))
        == 0
    )


def test_defaire_sur_une_connexion_coupee_est_une_panne_de_la_base(base: BaseDeDonnees) -> None:
    prise = base.moteur.connect()
    prise.execute(_LECTURE)
    couper(base)
    with pytest.raises(OperationalError):
        prise.rollback()
    assert prise.invalidated, "elle ne resservira pas"
    prise.close()
