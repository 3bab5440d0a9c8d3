"""Un collège pour tout le dossier : ce qu'il imprime et télécharge, ce que font l'API et la commande."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import HorlogeFixe
from ent_core.essais.vivier import Vivier

from ent_carnet import brique

VENDREDI = datetime(2026, 11, 27, 17, tzinfo=UTC)
"""Vendredi 27 novembre 2026, 18 h à Paris : l'heure où chaque essai commence."""


@pytest.fixture(scope="session")
def instance_des_sorties(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges ; le carnet est ouvert dans le premier."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(VENDREDI))
    yield fabrique(brique)
    fabrique.fermer()


@pytest.fixture
def ecole(instance_des_sorties: InstanceEssai) -> InstanceEssai:
    """La même, à l'heure de départ."""
    instance_des_sorties.horloge.instant = VENDREDI
    return instance_des_sorties
