"""Ce que les essais des travaux ont en commun."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from ent_core.donnees.session import ROLE_ACADEMIE, BaseDeDonnees, Portage

DELAI = 30.0

Statut = Callable[[int], str | None]
Attendre = Callable[[Callable[[], bool]], None]


@pytest.fixture
def attendre() -> Attendre:
    """Attend qu'une condition soit vraie, ou échoue au bout du délai."""

    def jusqu_a(condition: Callable[[], bool]) -> None:
        limite = time.monotonic() + DELAI
        while not condition():
            assert time.monotonic() < limite, "la condition attendue n'est pas venue"
            time.sleep(0.05)

    return jusqu_a


@pytest.fixture
def statut(base: BaseDeDonnees) -> Statut:
    """Lit le statut d'un travail, tel que Procrastinate l'écrit."""

    def lire(numero: int) -> str | None:
        with base.unite(Portage("essai", role=ROLE_ACADEMIE)) as session:
            lu: str | None = session.execute(
                text("select status::text from taches.procrastinate_jobs where id = :id"), {"id": numero}
            ).scalar()
            return lu

    return lire
