"""Une connexion gardée d'un essai à l'autre ne transmet rien de l'un à l'autre."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from ent_core.essais.connexions import au_repos

LAISSEES = (
    "set lock_timeout = 1",
    "select pg_advisory_lock(7)",
    "listen essai",
    "create temporary table trace (n int)",
)
_RESTE = text(
    "select current_setting('lock_timeout'), to_regclass('pg_temp.trace')::text,"
    " (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()),"
    " (select count(*) from pg_listening_channels())"
)


@pytest.fixture
def rendue(fabrique_bases: Fabrique) -> Iterator[BaseDeDonnees]:
    """Une base dont l'essai ouvre et rend lui-même les connexions."""
    adresses = fabrique_bases.migree()
    base = fabrique_bases.ouvrir(adresses.application)
    yield base
    base.fermer()
    fabrique_bases.retirer(adresses)


def _lire(base: BaseDeDonnees, enonce: Any) -> tuple[Any, ...]:
    with base.moteur.connect() as connexion:
        return tuple(connexion.execute(enonce).one())


def test_une_connexion_gardee_revient_a_ses_reglages(rendue: BaseDeDonnees) -> None:
    with rendue.moteur.connect() as connexion:
        for ordre in LAISSEES:
            connexion.exec_driver_sql(ordre)
        connexion.commit()
    avant = _lire(rendue, text("select pg_backend_pid()"))
    assert au_repos(rendue) == list(avant)
    assert _lire(rendue, text("select pg_backend_pid()")) == avant
    assert _lire(rendue, _RESTE) == ("0", None, 0, 0)


def test_une_connexion_encore_prise_les_fait_toutes_fermer(rendue: BaseDeDonnees) -> None:
    with rendue.moteur.connect() as connexion:
        assert au_repos(rendue) == []
        connexion.detach()  # sa réserve n'est plus : elle se ferme en sortant
