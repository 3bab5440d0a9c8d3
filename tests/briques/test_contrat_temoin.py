"""Le contrat, sur la brique qui porte une annotation de chaque sorte."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from ent_core.essais.annuaire import Annuaire
from ent_core.essais.contrat import ContratBrique
from ent_core.essais.contrat.banc import Banc

from .temoin import envois_du_temoin, exemples_du_temoin, module_du_temoin


class TestContratDuTemoin(ContratBrique):
    brique = module_du_temoin("brique")

    @pytest.fixture(autouse=True)
    def pieces_a_part(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("ENT_TEMOIN_PIECES", str(tmp_path))

    def exemples(self, session: Session, annuaire: Annuaire, uai: str) -> Mapping[str, Any]:
        return exemples_du_temoin(session, annuaire, uai)

    def envois(self, annuaire: Annuaire) -> Mapping[str, Mapping[str, Any]]:
        return envois_du_temoin(annuaire)

    def deposer(self, banc: Banc, personne: UUID, valeur: str) -> None:
        module_du_temoin("pieces").ranger(personne, valeur)

    def deposes(self, banc: Banc) -> str:
        dossier = Path(os.environ["ENT_TEMOIN_PIECES"])
        return "\n".join(chemin.read_text("utf-8") for chemin in dossier.iterdir())
