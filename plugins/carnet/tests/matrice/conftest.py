"""Un collège de deux classes et son voisin ; trois élèves dont tout est écrit ; une personne par rôle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from ent_core.brique import Base, Portee, Profil, Role
from ent_core.essais.annuaire import ANNEE, AUTRE, ECOLE, RECTORAT, RENTREE
from ent_core.essais.application import connecter
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.modeles import HorlogeFixe
from ent_core.essais.vivier import Vivier
from flask.testing import FlaskClient
from sqlalchemy import Connection, insert
from sqlalchemy.orm import Session

from ent_carnet import brique
from ent_carnet.modeles import (
    Absence,
    Affichage,
    Alerte,
    Appel,
    Contact,
    DemandeAbsence,
    DemandeSanction,
    Desaccord,
    InterdictionConservatoire,
    Justification,
    Motif,
    ObservationEleve,
    PropositionPunition,
    Punition,
    Retenue,
    SanctionEleve,
    Signalement,
)

LUNDI = date(2026, 9, 7)
DEBUT = datetime(2026, 9, 7, 6, tzinfo=UTC)
FIN = DEBUT + timedelta(minutes=55)
NOMS = {"sien": "Aubertin", "autre_classe": "Belmondeau", "autre_ecole": "Castelnuovo"}
"""L'élève que la fonction fait connaître, celui d'une autre classe, celui d'un autre établissement."""


@dataclass
class College:
    """L'instance, ce que chaque élève a de chaque chose, et le navigateur de chaque rôle.

    :param noms: cercle, du plus proche au plus lointain → nom de l'élève.
    :param objets: cercle → paramètre de route → valeur.
    """

    instance: InstanceEssai
    connexion: Connection
    noms: dict[str, str] = field(default_factory=lambda: dict(NOMS))
    objets: dict[str, dict[str, Any]] = field(default_factory=dict)
    titres: dict[str, tuple[UUID, str, str]] = field(default_factory=dict)
    _clients: dict[str, FlaskClient] = field(default_factory=dict)

    def client(self, role: str) -> FlaskClient:
        """Navigateur d'une personne, ouvert une fois ; sans titre, personne n'est entré."""
        if role not in self._clients:
            application, base, horloge = self.instance.application, self.instance.base, self.instance.horloge
            self._clients[role] = (
                connecter(application, base, horloge, *self.titres[role])
                if role in self.titres
                else application.test_client()
            )
        return self._clients[role]

    def deleguer(self, permission: str, *roles: str) -> None:
        """Confie une permission, pour tout l'établissement, à des personnes."""
        with self.instance.base.academie("essai : délégation") as session:
            for role in roles:
                _ajouter(
                    session, "delegation", uai=ECOLE, personne_id=self.titres[role][0], permission=permission,
                    portee=Portee.ETABLISSEMENT.value, motif="essai", accordee_le=DEBUT, debut=RENTREE,
                    fin=date(2027, 7, 1),
                )  # fmt: skip

    @contextmanager
    def puis_revenir(self) -> Iterator[None]:
        """Ce qui est fait dans la base est défait."""
        reprise = self.connexion.begin_nested()
        try:
            yield
        finally:
            reprise.rollback()


def _ajouter(session: Session, table: str, **colonnes: Any) -> None:  # noqa: ANN401 - valeurs de toute table
    session.execute(insert(Base.metadata.tables[table]).values(**colonnes))


def _personne(session: Session, nom: str, uai: str, profil: str, fonction: str | None) -> UUID:
    personne = uuid4()
    _ajouter(session, "personne", id=personne, nom=nom, prenom="Camille", naissance=date(2014, 5, 2))
    _ajouter(
        session, "rattachement", uai=uai, personne_id=personne, profil=profil, fonction=fonction,
        source="essai", debut=RENTREE,
    )  # fmt: skip
    return personne


def _peupler(session: Session, college: College) -> None:
    annuaire = college.instance.annuaire
    ici: dict[str, Any] = {"uai": ECOLE, "annee": ANNEE}
    lie: dict[str, Any] = {"source": "essai", "debut": RENTREE}
    voisine = uuid4()
    _ajouter(session, "division", **ici, id=voisine, code="5B", libelle="5e B", mefs=[])
    lieux = {
        "sien": (ECOLE, annuaire.divisions[ECOLE]),
        "autre_classe": (ECOLE, voisine),
        "autre_ecole": (AUTRE, annuaire.divisions[AUTRE]),
    }
    eleves = {}
    for cercle, (uai, division) in lieux.items():
        eleves[cercle] = _personne(session, NOMS[cercle], uai, Profil.ELEVE, None)
        _ajouter(
            session, "inscription", uai=uai, annee=ANNEE, personne_id=eleves[cercle], division_id=division,
            debut=RENTREE,
        )  # fmt: skip
    for uai in (ECOLE, AUTRE):
        _ajouter(
            session, "periode", uai=uai, annee=ANNEE, rang=1, libelle="Trimestre 1", debut=RENTREE,
            fin=date(2026, 12, 1),
        )  # fmt: skip
    for role, legal in (("TUT", 1), ("contact", 0)):
        titre = _personne(session, f"Responsable-{role}", ECOLE, Profil.RESPONSABLE, None)
        college.titres[role] = (titre, ECOLE, Profil.RESPONSABLE)
        _ajouter(
            session, "responsabilite", eleve_id=eleves["sien"], responsable_id=titre, lien="10", legal=legal,
            financier=False, contact=True, paiement=False, **lie,
        )  # fmt: skip
    college.titres["ELV"] = (eleves["sien"], ECOLE, Profil.ELEVE)
    for role, (profil, fonction) in _PERSONNELS.items():
        college.titres[role] = (_personne(session, f"Agent-{role}", ECOLE, profil, fonction), ECOLE, profil)
    for role, (uai, profil, local) in _LOCAUX.items():
        if role not in college.titres:
            personne = uuid4()
            _ajouter(session, "personne", id=personne, nom=f"Agent-{role}", prenom="Camille")
            college.titres[role] = (personne, uai, profil)
        _ajouter(
            session, "role_local", uai=uai, personne_id=college.titres[role][0], role=local, debut=RENTREE
        )
    for role in ("ENS", "PP", "DOC"):
        _ajouter(
            session, "service", **ici, **lie, personne_id=college.titres[role][0], matiere="061300",
            division_id=annuaire.divisions[ECOLE],
        )  # fmt: skip
    _ajouter(
        session, "professeur_principal", **ici, **lie, personne_id=college.titres["PP"][0],
        division_id=annuaire.divisions[ECOLE],
    )  # fmt: skip
    equipes = {
        "sien": [college.titres[role][0] for role in ("ENS", "PP", "DOC")],
        "autre_classe": [annuaire["collegue"]],
        "autre_ecole": [annuaire["enseignant_autre"]],
    }
    for cercle, (uai, division) in lieux.items():
        college.objets[cercle] = _tout(
            session,
            uai,
            division,
            eleves[cercle],
            equipes[cercle],
            college.titres["TUT"][0] if cercle == "sien" else None,
            college.titres["ETA"][0] if cercle == "autre_classe" else None,
        )


_PERSONNELS: dict[str, tuple[Profil, str]] = {
    "ENS": (Profil.ENSEIGNANT, "ENS"),
    "PP": (Profil.ENSEIGNANT, "ENS"),
    "DOC": (Profil.DOCUMENTALISTE, "DOC"),
    "CPE": (Profil.VIE_SCOLAIRE, "EDU"),
    "AED": (Profil.VIE_SCOLAIRE, "AED"),
    "DIR": (Profil.DIRECTION, "DIR"),
    "ADJ": (Profil.DIRECTION, "DIR"),
    "ETA": (Profil.ADMINISTRATIF, "ADF"),
    "COL": (Profil.COLLECTIVITE, "COLTER"),
}
_LOCAUX: dict[str, tuple[str, Profil, Role]] = {
    "ADJ": (ECOLE, Profil.DIRECTION, Role.DIRECTION_ADJOINTE),
    "ACA": (ECOLE, Profil.ACADEMIE, Role.INSPECTION),
    "fonctionnel": (ECOLE, Profil.ADMINISTRATIF, Role.ADMINISTRATEUR_FONCTIONNEL),
    "technique": (RECTORAT, Profil.ACADEMIE, Role.ADMINISTRATEUR_TECHNIQUE),
}
"""Rôles que ni le profil ni la fonction ne donnent : où, et à quel titre."""


def _tout(
    session: Session,
    uai: str,
    division: UUID,
    eleve: UUID,
    equipe: list[UUID],
    declarant: UUID | None,
    proposant: UUID | None,
) -> dict[str, Any]:
    """Une chose de chaque sorte, pour un élève : tout ce qu'une adresse peut désigner."""
    ici: dict[str, Any] = {"uai": uai, "annee": ANNEE}
    sien, heure = {**ici, "eleve_id": eleve}, {"debut": DEBUT, "fin": FIN}
    seance, lot = uuid4(), uuid4()
    _ajouter(session, "creneau", **ici, **heure, id=seance, matiere="061300", division_id=division)
    for personne in equipe:
        _ajouter(session, "creneau_enseignant", **ici, creneau_id=seance, personne_id=personne)
    motif = Motif(
        uai=uai, code=uuid4().hex[:8], libelle="Rendez-vous", genre="absence", recevable=True, regle=False,
        legitimite="maladie_enfant", compte=True, affichable=True, proposable=True,
    )  # fmt: skip
    appel = Appel(
        **ici,
        **heure,
        seance_id=seance,
        division_id=division,
        matiere="061300",
        auteur_id=equipe[0],
        fait_le=DEBUT,
    )
    punition = Punition(
        **sien, nature="retenue", motif="bavardage", travail="Relire", jour=LUNDI, auteur_id=equipe[0],
        donnee_le=DEBUT,
    )  # fmt: skip
    # En cours d'instruction : un enseignant n'en sait rien encore.
    sanction = SanctionEleve(
        **sien, etat="notifiee", motif="insolence", faits="Lu-au-dossier-seul", faits_le=LUNDI, sanction=1,
        prononcee_le=LUNDI, motivation="Faits reconnus.", efface_le=date(2027, 8, 1),
    )  # fmt: skip
    session.add_all([motif, appel, punition, sanction])
    session.flush()
    absence = Absence(
        **sien, **heure, genre="absence", motif_id=motif.id, etat="motif_donne", lot_id=lot, traitee_le=DEBUT
    )
    justification = Justification(**sien, **heure, motif_id=motif.id, recue_le=LUNDI, declarant_id=declarant)
    alerte = Alerte(**sien, seuil="mois", nombre=4, du=LUNDI, au=LUNDI)
    retenue = Retenue(**ici, **heure, punition_id=punition.id, lieu="Salle 12")
    demande = DemandeSanction(
        **sien, conseil=False, motif="insolence", faits="Confié-à-qui-instruit", jour=LUNDI,
        personnel_vise=False, auteur_id=equipe[0],
    )  # fmt: skip
    observation = ObservationEleve(**sien, code="entraide", jour=LUNDI, seance_id=seance, auteur_id=equipe[0])
    # Exclu aujourd'hui : la vie scolaire le sait, et rien de ce qui l'a valu.
    exclusion = SanctionEleve(
        **sien, etat="executee", motif="violence_physique", faits="Lu-au-dossier-seul", faits_le=LUNDI,
        sanction=5, jours=1, prononcee_le=LUNDI, motivation="Lu-au-dossier-seul", du=LUNDI, au=LUNDI,
        efface_le=date(2029, 8, 1),
    )  # fmt: skip
    proposition = PropositionPunition(
        **sien, nature="mention", motif="bavardage", jour=LUNDI,
        circonstances="Proposé-par-le-secrétariat" if proposant else "Proposé-par-un-autre",
        auteur_id=proposant or equipe[0],
    )  # fmt: skip
    interdiction = InterdictionConservatoire(**sien, du=LUNDI, au=LUNDI)
    demande_absence = DemandeAbsence(**sien, **heure, invitee_le=LUNDI)
    signalement = Signalement(**sien, motif="absenteisme", propose_le=LUNDI, etat="decide", decide_le=LUNDI)
    montree = Affichage(**sien, nature="punition", objet_id=punition.id)
    contact = Contact(**sien, canal="telephone", abouti=True, le=LUNDI)
    session.add_all(
        [
            absence,
            justification,
            alerte,
            retenue,
            demande,
            observation,
            interdiction,
            exclusion,
            proposition,
            montree,
            contact,
            demande_absence,
            signalement,
            Desaccord(**sien, signale_le=LUNDI),
        ]
    )
    session.flush()
    return {
        "eleve_id": eleve, "seance_id": seance, "absence_id": absence.id, "lot_id": lot, "rang": 1,
        "justification_id": justification.id, "alerte_id": alerte.id, "motif_id": motif.id,
        "punition_id": punition.id, "retenue_id": retenue.id, "demande_id": demande.id,
        "sanction_id": sanction.id, "proposition_id": proposition.id,
        "interdiction_id": interdiction.id, "observation_id": observation.id,
        "demande_absence_id": demande_absence.id, "signalement_id": signalement.id,
        "decision": "refuser", "acte": "recevoir", "suite": "ecarter", "affichage_id": montree.id,
        "contact_id": contact.id,
    }  # fmt: skip


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    """Deux collèges, un lundi à 8 h 04 ; le carnet est ouvert dans les deux."""
    fabrique = FabriqueInstance(vivier, HorlogeFixe(DEBUT + timedelta(minutes=4)))
    montee = fabrique(brique)
    for uai in (AUTRE, RECTORAT):
        montee.ouvrir("carnet", uai)
    yield montee
    fabrique.fermer()


@pytest.fixture
def college(instance: InstanceEssai) -> Iterator[College]:
    """Le collège peuplé, dans une transaction que rien ne valide."""
    with instance.base.moteur.connect() as connexion:
        connexion.begin()
        instance.base.lier(connexion)
        monte = College(instance, connexion)
        with instance.base.academie("essai : matrice") as session:
            _peupler(session, monte)
        yield monte
        connexion.rollback()
