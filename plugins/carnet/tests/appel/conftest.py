"""Un collège par module, servi à 8 h 04 ; chaque essai y a sa classe, ses élèves et son enseignant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from ent_core.brique import Base
from ent_core.essais.annuaire import ANNEE, ECOLE, RENTREE
from ent_core.essais.application import connecter
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import HorlogeFixe
from ent_core.essais.vivier import Vivier
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ent_carnet import brique
from ent_carnet.modeles import Appel, Fait

LUNDI = date(2026, 9, 7)
HUIT_HEURES = datetime(2026, 9, 7, 6, tzinfo=UTC)
"""Lundi 7 septembre 2026, 8 h à Paris."""
NOMS = (
    "Amrani Belkacem Chevalier Dubois Faure Garcia Guérin Henry Koné Lefèvre Marchenko Mercier Öztürk".split()
)


def ajouter(session: Session, table: str, *lignes: dict[str, Any]) -> None:
    """Écrit dans l'annuaire, dont la façade ne donne que la lecture."""
    session.execute(insert(Base.metadata.tables[table]), list(lignes))


@dataclass
class Classe:
    """Une division neuve, son enseignant, ses élèves dans l'ordre des noms."""

    instance: InstanceEssai
    id: UUID
    libelle: str
    enseignant: UUID
    eleves: list[UUID] = field(default_factory=list)

    def seance(
        self, minutes: int = 0, duree: int = 55, *, enseignants: tuple[UUID, ...] | None = None,
        groupe: UUID | None = None,
    ) -> UUID:  # fmt: skip
        """Une séance, tant de minutes après 8 h."""
        debut, creneau = HUIT_HEURES + timedelta(minutes=minutes), uuid4()
        ici = {"uai": ECOLE, "annee": ANNEE}
        with self.instance.base.academie("essai : séance") as session:
            heure = {
                **ici, "id": creneau, "debut": debut, "fin": debut + timedelta(minutes=duree),
                "matiere": "061300", "division_id": None if groupe else self.id, "groupe_id": groupe,
                "salle": "204",
            }  # fmt: skip
            ajouter(session, "creneau", heure)
            for personne in (self.enseignant,) if enseignants is None else enseignants:
                ajouter(
                    session, "creneau_enseignant", {**ici, "creneau_id": creneau, "personne_id": personne}
                )
        return creneau

    def client(self, personne: UUID | str | None = None) -> FlaskClient:
        """Navigateur de l'enseignant de la classe, d'une autre personne, ou d'un rôle de l'annuaire."""
        if isinstance(personne, str):
            return self.instance.client(personne)
        return connecter(
            self.instance.application, self.instance.base, self.instance.horloge,
            personne or self.enseignant, ECOLE, "National_ENS",
        )  # fmt: skip

    def faits(self, seance: UUID) -> list[Fait]:
        """Toute l'histoire d'un appel."""
        with self.instance.base.ecole(ECOLE, "essai : faits") as session:
            appels = select(Appel.id).where(Appel.seance_id == seance)
            trouves = list(
                session.scalars(select(Fait).where(Fait.appel_id.in_(appels)).order_by(Fait.id)).all()
            )
            session.expunge_all()
            return trouves

    def courants(self, seance: UUID) -> dict[int, str]:
        """Rang de l'élève dans la classe → ce qui en est noté."""
        return {self.eleves.index(f.eleve_id): f.nature for f in self.faits(seance) if f.retire_le is None}

    def a(self, minutes: int) -> None:
        """Met l'horloge tant de minutes après 8 h."""
        self.instance.horloge.instant = HUIT_HEURES + timedelta(minutes=minutes)

    def autre(self, nombre: int = 1) -> Classe:
        """Une autre classe de la même école."""
        return composer(self.instance, nombre)


def composer(instance: InstanceEssai, nombre: int = 4) -> Classe:
    """Une classe de ``nombre`` élèves, et l'enseignant qui y sert."""
    code, division, enseignant = uuid4().hex[:6].upper(), uuid4(), uuid4()
    ici: dict[str, Any] = {"uai": ECOLE, "annee": ANNEE}
    lie: dict[str, Any] = {"uai": ECOLE, "source": "essai", "debut": RENTREE}
    eleves = [uuid4() for _ in range(nombre)]
    noms = [f"{NOMS[rang % len(NOMS)]}-{rang:02d}-{code}" for rang in range(nombre)]
    personnes = Base.metadata.tables["personne"].c
    with instance.base.academie("essai : classe") as session:
        ajouter(
            session,
            "division",
            {**ici, "id": division, "code": code, "libelle": f"Classe {code}", "mefs": []},
        )
        ajouter(
            session,
            "personne",
            {"id": enseignant, "nom": f"Prof-{code}", "prenom": "Camille"},
            *({"id": e, "nom": nom, "prenom": "Zoé"} for e, nom in zip(eleves, noms, strict=True)),
        )
        ajouter(
            session,
            "rattachement",
            {**lie, "personne_id": enseignant, "profil": "National_ENS", "fonction": "ENS"},
            *({**lie, "personne_id": e, "profil": "National_ELV", "fonction": None} for e in eleves),
        )
        ajouter(
            session, "service",
            {**ici, **lie, "personne_id": enseignant, "matiere": "061300", "division_id": division},
        )  # fmt: skip
        ajouter(
            session,
            "inscription",
            *({**ici, "debut": RENTREE, "personne_id": e, "division_id": division} for e in eleves),
        )
        dans_l_ordre = session.scalars(
            select(personnes.id).where(personnes.id.in_(eleves)).order_by(personnes.recherche)
        )
        return Classe(instance, division, f"Classe {code}", enseignant, list(dans_l_ordre))


@pytest.fixture(scope="module")
def ecole(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges ; le carnet est ouvert dans le premier."""
    horloge = HorlogeFixe(HUIT_HEURES)
    fabrique = FabriqueInstance(vivier, horloge)
    yield fabrique(brique)
    fabrique.fermer()


@pytest.fixture
def classe(ecole: InstanceEssai) -> Classe:
    """Une classe de quatre élèves, à 8 h 04."""
    composee = composer(ecole)
    composee.a(4)
    return composee
