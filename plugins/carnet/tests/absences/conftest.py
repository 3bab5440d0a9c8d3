"""Un collège pour tout le dossier ; chaque essai y a sa classe, et ne voit donc que ses élèves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import (
    Creneau,
    Division,
    HorlogeFixe,
    Inscription,
    Periode,
    Personne,
    Rattachement,
)
from ent_core.essais.vivier import Vivier
from sqlalchemy import update
from sqlalchemy.orm import Session

from ent_carnet import brique
from ent_carnet.modeles import Appel, Fait

SOIR = datetime(2026, 11, 27, 17, tzinfo=UTC)
"""Le vendredi soir où tout se regarde : l'essai écrit dans les semaines d'avant."""


@dataclass
class Classe:
    """Une division neuve, son élève, et de quoi lui faire cours et noter l'appel."""

    instance: InstanceEssai
    id: UUID
    eleve: UUID
    creneaux: dict[datetime, UUID] = field(default_factory=dict)

    def session(self) -> AbstractContextManager[Session]:
        return self.instance.base.ecole(ECOLE, "essai : absences")

    def cours(self, jour: date, *heures: int) -> None:
        """Une heure de cours à chacune."""
        with self.instance.base.academie("essai : cours") as session:
            for heure in heures:
                debut = datetime.combine(jour, time(heure), FUSEAU)
                creneau = Creneau(
                    uai=ECOLE, annee=ANNEE, debut=debut, fin=debut + timedelta(minutes=55),
                    matiere="061300", division_id=self.id,
                )  # fmt: skip
                session.add(creneau)
                session.flush()
                self.creneaux[debut] = creneau.id

    def appel(self, jour: date, heure: int, nature: str | None = None, **fait: object) -> UUID:
        """L'appel d'une heure, et ce qu'il dit de l'élève ; rend l'identifiant de l'appel."""
        debut = datetime.combine(jour, time(heure), FUSEAU)
        with self.session() as session:
            appel = Appel(
                uai=ECOLE, annee=ANNEE, seance_id=self.creneaux[debut], debut=debut,
                fin=debut + timedelta(minutes=55), division_id=self.id, matiere="MATHEMATIQUES",
                fait_le=debut, termine_le=debut,
            )  # fmt: skip
            session.add(appel)
            session.flush()
            if nature is not None:
                session.add(
                    Fait(
                        uai=ECOLE, annee=ANNEE, eleve_id=self.eleve, appel_id=appel.id, debut=debut,
                        fin=debut + timedelta(minutes=55), nature=nature, saisi_le=debut, **fait,
                    )
                )  # fmt: skip
            return appel.id

    def absences(self, jour: date, *heures: int) -> None:
        """Cours et absence à chaque heure."""
        self.cours(jour, *heures)
        for heure in heures:
            self.appel(jour, heure, "absent")

    def corriger(self, appel_id: UUID) -> None:
        """L'élève était là : le fait est retiré, jamais effacé."""
        with self.session() as session:
            session.execute(update(Fait).where(Fait.appel_id == appel_id).values(retire_le=SOIR))


@pytest.fixture(scope="session")
def ecole(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges ; le carnet est ouvert dans le premier, et ses périodes sont connues."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(SOIR))
    instance = fabrique(brique)
    with instance.base.academie("essai : périodes") as session:
        bornes = ((1, RENTREE, date(2026, 11, 21)), (2, date(2026, 11, 21), date(2027, 3, 1)))
        for rang, debut, fin in bornes:
            session.add(
                Periode(uai=ECOLE, annee=ANNEE, rang=rang, libelle=f"Trimestre {rang}", debut=debut, fin=fin)
            )
    yield instance
    fabrique.fermer()


@pytest.fixture
def classe(ecole: InstanceEssai) -> Classe:
    """Une classe neuve d'un seul élève."""
    code = uuid4().hex[:6].upper()
    with ecole.base.academie("essai : classe") as session:
        division = Division(uai=ECOLE, annee=ANNEE, code=code, libelle=f"Classe {code}", mefs=[])
        eleve = Personne(nom=f"Essai-{code}", prenom="Zoé", naissance=date(2014, 5, 2))
        session.add_all([division, eleve])
        session.flush()
        session.add_all(
            [
                Rattachement(
                    uai=ECOLE, personne_id=eleve.id, profil="National_ELV", source="essai", debut=RENTREE
                ),
                Inscription(
                    uai=ECOLE, annee=ANNEE, personne_id=eleve.id, division_id=division.id, debut=RENTREE
                ),
            ]
        )
        return Classe(ecole, division.id, eleve.id)
