"""Un petit annuaire et un coffre, pour les essais des comptes et des connexions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import comptes
from ent_core.identite.codes import FicheActivation, emettre_codes
from ent_core.identite.comptes import creer_comptes_manquants
from ent_core.identite.connexion import Origine
from ent_core.identite.modeles import (
    ActeJournal,
    Compte,
    Etablissement,
    Personne,
    Rattachement,
    SessionWeb,
    Tentative,
)
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge

CLE = "une clé d'essai de plus de trente-deux caractères"
COFFRE = Coffre(CLE)
SECRET = "girafe trottoir violon"  # noqa: S105 - mot de passe d'essai
AUTRE_SECRET = "tambour cerise escalier"  # noqa: S105 - mot de passe d'essai
RENTREE = date(2026, 9, 1)
COLLEGE, LYCEE, ECOLE = "0750001A", "0750002B", "0750003C"
MAISON = Origine("203.0.113.7", "Navigateur de la maison")
CLASSE = Origine("198.51.100.4", "Poste de la salle 12")


def ouvrir_ecoles(base: BaseDeDonnees) -> None:
    with base.academie("essai") as session:
        for uai, nom, degre in ((COLLEGE, "Collège A", 2), (LYCEE, "Lycée B", 2), (ECOLE, "École C", 1)):
            session.add(Etablissement(uai=uai, nom=nom, degre=degre))


def inscrire(
    base: BaseDeDonnees,
    prenom: str | None,
    nom: str,
    *profils: Profil,
    uai: str = COLLEGE,
    debut: date = RENTREE,
    fin: date | None = None,
    sursis: date | None = None,
) -> UUID:
    """Inscrit une personne et la rattache à un établissement ; rend son identifiant technique."""
    with base.academie("essai") as session:
        personne = Personne(nom=nom, prenom=prenom, sursis_depuis=sursis)
        session.add(personne)
        session.flush()
        rattacher(session, personne.id, *profils, uai=uai, debut=debut, fin=fin)
        return personne.id


def rattacher(
    session: Session,
    personne: UUID,
    *profils: Profil,
    uai: str = COLLEGE,
    debut: date = RENTREE,
    fin: date | None = None,
) -> None:
    for profil in profils or (Profil.ELEVE,):
        session.add(
            Rattachement(uai=uai, personne_id=personne, profil=profil, source="essai", debut=debut, fin=fin)
        )


def creer(base: BaseDeDonnees, horloge: Horloge) -> int:
    with base.academie("essai") as session:
        return creer_comptes_manquants(session, horloge)


def codes(base: BaseDeDonnees, horloge: Horloge, uai: str = COLLEGE) -> list[FicheActivation]:
    with base.ecole(uai, "essai") as session:
        return list(emettre_codes(session, horloge, COFFRE, uai))


def activer(base: BaseDeDonnees, horloge: Horloge, identifiant: str, code: str, secret: str = SECRET) -> UUID:
    """Première connexion d'une personne ; rend son identifiant technique."""
    with base.unite(Portage("activation")) as session:
        return comptes.activer(session, horloge, COFFRE, identifiant, code, secret).personne_id


def donner_un_compte(base: BaseDeDonnees, horloge: Horloge, personne: UUID, secret: str = SECRET) -> UUID:
    """Compte actif d'une personne déjà inscrite."""
    creer(base, horloge)
    with base.academie("essai") as session:
        compte: UUID = session.execute(
            update(Compte)
            .where(Compte.personne_id == personne)
            .values(etat="actif", empreinte=COFFRE.hacher(secret))
            .returning(Compte.id)
        ).scalar_one()
    return compte


def identifiants(base: BaseDeDonnees) -> list[str]:
    with base.academie("essai") as session:
        return list(session.scalars(select(Compte.identifiant).order_by(Compte.identifiant)))


def le_compte(base: BaseDeDonnees, personne: UUID) -> Compte:
    with base.academie("essai") as session:
        return session.scalars(select(Compte).where(Compte.personne_id == personne)).one()


def actes(base: BaseDeDonnees, acte: str | None = None) -> list[ActeJournal]:
    with base.academie("essai") as session:
        enonce = select(ActeJournal).order_by(ActeJournal.id)
        return list(session.scalars(enonce.where(ActeJournal.acte == acte) if acte else enonce))


def sessions_ouvertes(base: BaseDeDonnees) -> list[SessionWeb]:
    with base.academie("essai") as session:
        return list(session.scalars(select(SessionWeb)))


def compteurs(base: BaseDeDonnees) -> list[Tentative]:
    with base.academie("essai") as session:
        return list(session.scalars(select(Tentative)))


def textes_gardes(base: BaseDeDonnees) -> Iterator[str]:
    """Tout ce que la base garde des comptes, des sessions et du journal, en clair."""
    for table in ("compte", "session_web", "tentative", "acte_journal"):
        with base.academie("essai") as session:
            for ligne in session.connection().exec_driver_sql(f"select t::text from {table} t"):  # noqa: S608 - nom écrit ici
                yield str(ligne[0])
