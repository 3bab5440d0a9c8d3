"""Un collège pour tout le dossier ; chaque essai y a sa famille : un élève et deux responsables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from ent_core.brique import FUSEAU
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import (
    HorlogeFixe,
    Inscription,
    Personne,
    Rattachement,
    Responsabilite,
    Restriction,
)
from ent_core.essais.vivier import Vivier
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet import brique
from ent_carnet.modeles import Absence
from ent_carnet.services import motifs

MIDI = datetime(2026, 9, 7, 12, tzinfo=FUSEAU)
MATIN = datetime(2026, 9, 4, 8, tzinfo=FUSEAU)


@dataclass
class Famille:
    """Un élève et ses deux responsables, chacun avec son navigateur."""

    instance: InstanceEssai
    code: str
    eleve: UUID

    def session(self) -> AbstractContextManager[Session]:
        return self.instance.base.ecole(ECOLE, "essai : décisions")

    def qui(self, membre: str) -> UUID:
        """Identifiant de ``premier`` ou ``second``."""
        return self.instance.annuaire[f"{self.code}_{membre}"]

    def client(self, membre: str) -> FlaskClient:
        """Navigateur de ``premier``, ``second``, ``soi``, ou d'un personnel."""
        propre = f"{self.code}_{membre}"
        return self.instance.client(propre if propre in self.instance.annuaire.personnes else membre)

    def carnet(self, membre: str, statut: int = 200) -> str:
        reponse = self.client(membre).get(f"/carnet/famille/{self.eleve}")
        assert reponse.status_code == statut, reponse.text
        return str(reponse.text).replace("&#39;", "'")

    def page(self, membre: str, adresse: str, statut: int = 200) -> str:
        reponse = self.client(membre).get(adresse)
        assert reponse.status_code == statut, reponse.text
        return str(reponse.text).replace("&#39;", "'")

    def poster(self, membre: str, ou: str, statut: int = 302, /, **champs: object) -> str:
        reponse = self.client(membre).post(ou, data=champs)
        assert reponse.status_code == statut, reponse.text
        return str(reponse.location if statut == 302 else reponse.text).replace("&#39;", "'")

    def api(self, membre: str, ou: str) -> Any:  # noqa: ANN401 - du JSON
        """Ce que rend une lecture par l'API."""
        return self.client(membre).get(f"/api/v1/carnet/{ou}").get_json()

    def absent(self, debut: datetime = MATIN, heures: int = 2) -> UUID:
        """Une absence sans motif."""
        with self.session() as session:
            absence = Absence(
                uai=ECOLE, annee=ANNEE, eleve_id=self.eleve, genre="absence", debut=debut,
                fin=debut + timedelta(hours=heures), traitee_le=debut,
            )  # fmt: skip
            session.add(absence)
            session.flush()
            return absence.id

    def motif(self, code: str) -> str:
        with self.session() as session:
            return str(motifs.obtenir(session, ECOLE, code).id)

    def expliquer(self, membre: str, code: str, **champs: object) -> str:
        """Envoie un motif, et rend l'adresse du reçu."""
        adresse = f"/carnet/famille/{self.eleve}/expliquer"
        return self.poster(membre, adresse, motif_id=self.motif(code), **champs)

    def restreindre(self, membre: str, effet: str) -> None:
        """Un acte de justice daté, au sujet de ce responsable."""
        with self.instance.base.academie("essai : acte") as session:
            lien = session.scalars(
                select(Responsabilite).where(Responsabilite.responsable_id == self.qui(membre))
            ).one()
            session.add(
                Restriction(responsabilite_id=lien.id, reference="jugement", effet=effet, debut=RENTREE)
            )


@pytest.fixture(scope="package")
def college(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges ; le carnet est ouvert dans le premier, un lundi à midi."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(MIDI))
    instance = fabrique(brique)
    yield instance
    fabrique.fermer()


@pytest.fixture
def demain(college: InstanceEssai) -> Iterator[Callable[[], None]]:
    """Fait passer au lendemain ; l'heure revient avec la fin de l'essai."""
    yield lambda: college.horloge.avancer(timedelta(days=1))
    college.horloge.instant = MIDI


@pytest.fixture
def famille(college: InstanceEssai) -> Famille:
    """Un élève de douze ans et ses deux responsables, qui exercent l'autorité parentale."""
    return creer(college, date(2014, 5, 2))


@pytest.fixture
def majeur(college: InstanceEssai) -> Famille:
    """Un élève de dix-huit ans et ses deux responsables."""
    return creer(college, date(2008, 5, 2))


def creer(college: InstanceEssai, naissance: date) -> Famille:
    code = f"f{uuid4().hex[:6]}"
    with college.base.academie("essai : famille") as session:
        eleve = Personne(nom=f"Élève {code}", prenom="Zoé", naissance=naissance)
        adultes = {m: Personne(nom=f"Adulte {m} {code}", prenom="Lou") for m in ("premier", "second")}
        session.add_all([eleve, *adultes.values()])
        session.flush()
        commun = {"uai": ECOLE, "source": "essai", "debut": RENTREE}
        session.add(Rattachement(**commun, personne_id=eleve.id, profil="National_ELV"))
        session.add(
            Inscription(
                uai=ECOLE, annee=ANNEE, personne_id=eleve.id, debut=RENTREE,
                division_id=college.annuaire.divisions[ECOLE],
            )
        )  # fmt: skip
        for rang, (membre, adulte) in enumerate(adultes.items(), 1):
            session.add(Rattachement(**commun, personne_id=adulte.id, profil="National_TUT"))
            session.add(
                Responsabilite(
                    eleve_id=eleve.id, responsable_id=adulte.id, lien=f"{rang}0", legal=rang, financier=False,
                    contact=True, paiement=False, source="essai", debut=RENTREE,
                )
            )  # fmt: skip
            college.annuaire.personnes[f"{code}_{membre}"] = adulte.id
            college.annuaire.profils[f"{code}_{membre}"] = "National_TUT"
        college.annuaire.personnes[f"{code}_soi"] = eleve.id
        college.annuaire.profils[f"{code}_soi"] = "National_ELV"
        return Famille(college, code, eleve.id)


@contextmanager
def rien_ne_change(famille: Famille, absence: UUID) -> Iterator[None]:
    """Le registre reste tel quel."""
    with famille.session() as session:
        avant = session.get_one(Absence, (ECOLE, ANNEE, absence)).etat
    yield
    with famille.session() as session:
        assert session.get_one(Absence, (ECOLE, ANNEE, absence)).etat == avant
