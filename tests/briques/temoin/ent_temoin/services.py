"""Ce que la brique sait faire."""

from __future__ import annotations

import logging
from uuid import UUID

from ent_temoin.modeles import Dossier, Passage, Point, Suite
from ent_temoin.traitements import SUIVI
from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from ent_core.brique import Contexte, OperationRefusee, Role, opposee

__all__ = ["donner", "dossiers", "ouvrir", "passages", "points", "suites"]

_journal = logging.getLogger("ent.temoin")


def dossiers(session: Session, contexte: Contexte) -> list[Dossier]:
    """Dossiers de l'établissement ; le récit et le soin, pour qui les reçoit."""
    enonce = select(Dossier).order_by(Dossier.id.desc())
    if {Role.CPE, Role.SANTE_SOCIAL} & contexte.roles:
        enonce = enonce.options(undefer(Dossier.recit))
    if Role.SANTE_SOCIAL in contexte.roles:
        enonce = enonce.options(undefer(Dossier.soin), undefer(Dossier.certificat))
    return list(session.scalars(enonce))


def suites(session: Session) -> list[Suite]:
    """Suites données aux dossiers."""
    return list(session.scalars(select(Suite)))


def points(session: Session) -> list[Point]:
    """Points de l'établissement."""
    return list(session.scalars(select(Point)))


def passages(session: Session) -> list[Passage]:
    """Journal de l'académie."""
    return list(session.scalars(select(Passage).order_by(Passage.id.desc())))


def ouvrir(session: Session, contexte: Contexte, eleve: UUID, motif: str) -> None:
    """Ouvre un dossier, sauf si la personne s'y oppose.

    :raises OperationRefusee: elle s'oppose ; la feuille de suivi la remplace.
    """
    if opposee(session, eleve, SUIVI.cle):
        raise OperationRefusee("cette personne s'oppose au suivi.", remede="remplir la feuille de suivi.")
    session.add(
        Dossier(uai=contexte.uai, eleve_id=eleve, saisi_par=contexte.personne_id, motif=motif, etat="ouvert")
    )
    session.add(Passage(acteur_id=contexte.personne_id))
    session.flush()
    _journal.info("temoin_dossier_ouvert")


def donner(session: Session, contexte: Contexte, eleve: UUID, valeur: str) -> None:
    """Donne un point à un élève, pour l'année."""
    session.add(Point(uai=contexte.uai, annee=contexte.annee, eleve_id=eleve, valeur=valeur))
    session.flush()
