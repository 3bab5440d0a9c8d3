"""L'atelier des essais de briques."""

from __future__ import annotations

from pathlib import Path

import pytest

from ent_core.essais.serveur import Serveur

from .atelier import Atelier


@pytest.fixture
def atelier(tmp_path: Path, serveur: Serveur) -> Atelier:
    """Un dossier jetable ; les bases de ses briques naissent sur le serveur des essais."""
    return Atelier(tmp_path, {"ENT_BASE_ESSAIS": serveur.url})
