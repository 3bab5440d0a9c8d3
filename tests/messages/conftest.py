"""Ce que les essais des messages ont en commun."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from tests.messages.messages_essai import prevenante


@pytest.fixture
def instance(application_avec: FabriqueInstance) -> InstanceEssai:
    """Un collège dont une brique prévient ; lundi 7 septembre 2026, 10 h à Paris."""
    instance = application_avec(prevenante)
    instance.horloge.instant = datetime(2026, 9, 7, 8, 0, tzinfo=UTC)
    return instance
