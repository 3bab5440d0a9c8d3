"""Changer un indicateur d'un motif : à une date, après aperçu, et tout ce qui en dépend se recompte.

L'aperçu est le changement lui-même, défait aussitôt : il ne peut pas mentir.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import FUSEAU, DonneeInvalide, OperationRefusee
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Alerte, ChangementMotif
from ent_carnet.nomenclatures import EtatAbsence, Indicateur, SuiteAlerte
from ent_carnet.services import motifs, seuils
from ent_carnet.services.releve import bornes

__all__ = ["LIBELLES", "Effet", "changer", "historique", "previsualiser"]

LIBELLES = {
    Indicateur.RECEVABLE: "Motif recevable",
    Indicateur.REGLE: "Règle l'absence sans autre pièce",
    Indicateur.COMPTE: "Se compte au bulletin",
    Indicateur.AFFICHABLE: "Montré à la famille",
}


@dataclass(frozen=True, slots=True)
class Effet:
    """Ce qu'un changement touche.

    :param absences: absences de ce motif depuis la date d'effet.
    :param eleves: élèves concernés.
    :param changent_d_etat: absences qui se règlent, ou ne le sont plus.
    :param alertes: alertes qui s'ouvrent.
    :param sans_objet: alertes qui n'ont plus d'objet.
    """

    absences: int
    eleves: int
    changent_d_etat: int
    alertes: int
    sans_objet: int


def previsualiser(
    session: Session, uai: str, annee: int, motif_id: UUID, *,
    indicateur: Indicateur, valeur: bool, effet_le: date, auteur_id: UUID, instant: datetime,
) -> Effet:  # fmt: skip
    """Dit ce que le changement toucherait, sans rien changer.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param motif_id: motif.
    :param indicateur: indicateur à changer.
    :param valeur: valeur voulue.
    :param effet_le: premier jour de la nouvelle valeur.
    :param auteur_id: qui décide.
    :param instant: maintenant.
    """
    essai = session.begin_nested()
    try:
        return changer(
            session, uai, annee, motif_id,
            indicateur=indicateur, valeur=valeur, effet_le=effet_le, auteur_id=auteur_id,
            instant=instant,
        )  # fmt: skip
    finally:
        essai.rollback()


def changer(
    session: Session, uai: str, annee: int, motif_id: UUID, *,
    indicateur: Indicateur, valeur: bool, effet_le: date, auteur_id: UUID, instant: datetime,
) -> Effet:  # fmt: skip
    """Change un indicateur à une date, puis recompte états et alertes des élèves concernés.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param motif_id: motif.
    :param indicateur: indicateur à changer.
    :param valeur: valeur voulue.
    :param effet_le: premier jour de la nouvelle valeur, passé ou présent.
    :param auteur_id: qui décide.
    :param instant: maintenant.
    :raises OperationRefusee: l'indicateur a déjà cette valeur.
    :raises DonneeInvalide: la date est à venir, ou d'une autre année.
    """
    jour = instant.astimezone(FUSEAU).date()
    if not date(annee, 8, 1) <= effet_le <= jour:
        raise DonneeInvalide(
            "la date d'effet est hors de l'année scolaire, ou à venir.",
            remede="donner un jour passé, ou ce jour.",
        )
    motif = motifs.par_id(session, uai, motif_id)
    if getattr(motif, indicateur.value) == valeur:
        raise OperationRefusee("ce motif a déjà cette valeur.", remede="rafraîchir la page.")
    setattr(motif, indicateur.value, valeur)
    session.add(
        ChangementMotif(
            uai=uai, annee=annee, motif_id=motif_id, indicateur=indicateur, valeur=valeur,
            effet_le=effet_le, decide_le=instant, auteur_id=auteur_id,
        )
    )  # fmt: skip
    concernees = session.scalars(
        select(Absence).where(
            Absence.uai == uai, Absence.annee == annee, Absence.motif_id == motif_id,
            Absence.debut >= bornes(effet_le, effet_le)[0], Absence.annulee_le.is_(None),
        )
    ).all()  # fmt: skip
    changees = 0
    if indicateur is Indicateur.REGLE:
        etat = EtatAbsence.REGLEE if valeur else EtatAbsence.MOTIF_DONNE
        for absence in concernees:
            changees += absence.etat != etat
            absence.etat = etat
    session.flush()
    eleves = {absence.eleve_id for absence in concernees}
    avant = _alertes(session, uai, annee, eleves)
    nouvelles = seuils.evaluer(session, uai, annee, date(annee, 8, 1), jour + timedelta(days=1), eleves)
    apres = _alertes(session, uai, annee, eleves)
    fermees = sum(apres.get(cle) == SuiteAlerte.SANS_OBJET and suite is None for cle, suite in avant.items())
    return Effet(len(concernees), len(eleves), changees, len(nouvelles), fermees)


def historique(session: Session, uai: str, annee: int, motif_id: UUID) -> list[ChangementMotif]:
    """Changements décidés d'un motif, du plus ancien au plus récent.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param motif_id: motif.
    """
    enonce = select(ChangementMotif).where(
        ChangementMotif.uai == uai, ChangementMotif.annee == annee, ChangementMotif.motif_id == motif_id
    )
    return list(session.scalars(enonce.order_by(ChangementMotif.decide_le, ChangementMotif.id)))


def _alertes(session: Session, uai: str, annee: int, eleves: set[UUID]) -> dict[UUID, str | None]:
    enonce = select(Alerte.id, Alerte.suite).where(
        Alerte.uai == uai, Alerte.annee == annee, Alerte.eleve_id.in_(eleves)
    )
    return {alerte: suite for alerte, suite in session.execute(enonce)}
