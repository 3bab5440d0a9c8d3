"""Une petite académie, écrite une fois pour tous les essais de ce dossier."""

from __future__ import annotations

import pytest

from ent_core.demo import ResumeGeneration, generer
from tests.demo.lecture import JOUR, Livraison, lire


@pytest.fixture(scope="session")
def resume(tmp_path_factory: pytest.TempPathFactory) -> ResumeGeneration:
    """L'académie de la démonstration : trois établissements."""
    return generer(tmp_path_factory.mktemp("academie"), etablissements=3, jour=JOUR, archive=True)


@pytest.fixture(scope="session")
def livraison(resume: ResumeGeneration) -> Livraison:
    """Ses fiches AAF."""
    return lire(resume.aaf)
