"""Un collège à 8 h 20 : une division dont l'appel est fait, une autre dont il manque."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from ent_core.brique import Base
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import HorlogeFixe
from ent_core.essais.vivier import Vivier
from sqlalchemy import insert
from sqlalchemy.orm import Session

from ent_carnet import brique
from ent_carnet.modeles import Appel, Fait
from ent_carnet.services import rapprochement

LUNDI = date(2026, 9, 7)
HUIT_HEURES = datetime(2026, 9, 7, 6, tzinfo=UTC)
"""Lundi 7 septembre 2026, 8 h à Paris."""
MAINTENANT = HUIT_HEURES + timedelta(minutes=20)


@dataclass
class Cour:
    """Une division de deux élèves, et de quoi y faire cours et y noter l'appel."""

    instance: InstanceEssai
    id: UUID
    libelle: str
    eleves: list[UUID]
    noms: list[str]

    def session(self) -> AbstractContextManager[Session]:
        return self.instance.base.ecole(ECOLE, "essai : tableau")

    def seance(self, minutes: int = 0, salle: str = "204", duree: int = 55) -> UUID:
        """Une séance, tant de minutes après 8 h."""
        debut, creneau = HUIT_HEURES + timedelta(minutes=minutes), uuid4()
        ligne = {
            "uai": ECOLE, "annee": ANNEE, "id": creneau, "debut": debut, "salle": salle,
            "fin": debut + timedelta(minutes=duree), "matiere": "061300", "division_id": self.id,
        }  # fmt: skip
        with self.instance.base.academie("essai : séance") as session:
            session.execute(insert(Base.metadata.tables["creneau"]), [ligne])
        return creneau

    def appel(self, seance: UUID, *absents: int, minutes: int = 0) -> None:
        """L'appel d'une séance, terminé ; les périodes à traiter s'ouvrent avec lui."""
        debut = HUIT_HEURES + timedelta(minutes=minutes)
        heure: dict[str, Any] = {"debut": debut, "fin": debut + timedelta(minutes=55)}
        ici: dict[str, Any] = {"uai": ECOLE, "annee": ANNEE}
        with self.session() as session:
            appel = Appel(
                **ici, **heure, seance_id=seance, division_id=self.id, matiere="MATHEMATIQUES",
                fait_le=debut, termine_le=debut,
            )  # fmt: skip
            session.add(appel)
            session.flush()
            for rang in absents:
                session.add(
                    Fait(**ici, **heure, eleve_id=self.eleves[rang], appel_id=appel.id, nature="absent",
                         saisi_le=debut)
                )  # fmt: skip
            session.flush()
            rapprochement.rapprocher(
                session, ECOLE, ANNEE, [self.eleves[rang] for rang in absents], LUNDI, debut
            )


def composer(instance: InstanceEssai) -> Cour:
    """Une division neuve."""
    code, division, eleves = uuid4().hex[:6].upper(), uuid4(), [uuid4(), uuid4()]
    noms = [f"Amrani-{code}", f"Öztürk-{code}"]
    ici: dict[str, Any] = {"uai": ECOLE, "annee": ANNEE}
    lignes: dict[str, list[dict[str, Any]]] = {
        "division": [{**ici, "id": division, "code": code, "libelle": f"Classe {code}", "mefs": []}],
        "personne": [{"id": e, "nom": nom, "prenom": "Zoé"} for e, nom in zip(eleves, noms, strict=True)],
        "rattachement": [
            {"uai": ECOLE, "source": "essai", "debut": RENTREE, "personne_id": e, "profil": "National_ELV"}
            for e in eleves
        ],
        "inscription": [{**ici, "debut": RENTREE, "personne_id": e, "division_id": division} for e in eleves],
    }
    with instance.base.academie("essai : division") as session:
        for table, siennes in lignes.items():
            session.execute(insert(Base.metadata.tables[table]), siennes)
    return Cour(instance, division, f"Classe {code}", eleves, noms)


@pytest.fixture(scope="module")
def ecole(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges ; le carnet est ouvert dans le premier."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(MAINTENANT))
    yield fabrique(brique)
    fabrique.fermer()


@pytest.fixture
def cour(ecole: InstanceEssai) -> Cour:
    """Une division neuve, à 8 h 20."""
    ecole.horloge.instant = MAINTENANT
    return composer(ecole)
