"""L'effacement de chaque sanction à sa date (DISC-22), à la demande (DISC-23), et son calendrier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import UUID

from ent_core.brique import Contexte, OperationRefusee, fins_d_annee
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ent_carnet.modeles import Etape, SanctionEleve
from ent_carnet.nomenclatures import EtatSanction, Mesure, Sanction
from ent_carnet.regles.effacement import effacement, fin_supposee

__all__ = ["aligner", "calendrier", "demander", "echeance", "poser"]

FinDAnnee = Callable[[int], date]


def calendrier(session: Session, uai: str) -> FinDAnnee:
    """Fin de chaque année scolaire : celle de l'établissement si elle est connue, sinon le 1er août.

    :param session: session ouverte dans l'établissement, ou de l'académie.
    :param uai: établissement.
    """
    connues = fins_d_annee(session, uai)
    return lambda annee: connues.get(annee) or fin_supposee(annee)


def echeance(
    fin: FinDAnnee, *, annee: int, etat: str, sanction: int | None, prononcee_le: date | None, mesure: str
) -> date | None:
    """Jour où une procédure quitte le dossier ; ``None``, au terme de la scolarité seulement.

    Classée, elle part avec l'année ; jamais conclue, à la fin de la suivante.

    :param fin: calendrier de l'établissement.
    :param annee: année scolaire des faits.
    :param etat: état de la procédure.
    :param sanction: rang dans l'échelle, une fois prononcée.
    :param prononcee_le: jour du prononcé.
    :param mesure: mesure alternative.
    """
    if sanction is None or prononcee_le is None:
        return fin(annee if etat == EtatSanction.CLASSEE else annee + 1)
    return effacement(Sanction(sanction), prononcee_le, fin, mesure_respectee=mesure == Mesure.RESPECTEE)


def poser(session: Session, sanction: SanctionEleve, le: date | None) -> None:
    """Donne son échéance à une sanction et à ses étapes.

    :param session: session ouverte dans l'établissement.
    :param sanction: sanction.
    :param le: jour de l'effacement.
    """
    sanction.efface_le = le
    _etapes(session, sanction.uai, sanction.id, le)


def aligner(session: Session, uai: str) -> int:
    """Remet chaque échéance sur le calendrier de l'établissement, dès qu'il est connu.

    Une sanction effacée à la demande garde le jour de la demande.

    :param session: session ouverte dans l'établissement, ou de l'académie.
    :param uai: établissement.
    :returns: nombre d'échéances changées.
    """
    fin, changees = calendrier(session, uai), 0
    s = SanctionEleve
    enonce = select(s.id, s.annee, s.etat, s.sanction, s.prononcee_le, s.mesure, s.efface_le).where(
        s.uai == uai, s.effacement_demande_le.is_(None)
    )
    for id_, annee, etat, sanction, prononcee_le, mesure, pose in session.execute(enonce).all():
        due = echeance(
            fin, annee=annee, etat=etat, sanction=sanction, prononcee_le=prononcee_le, mesure=mesure
        )
        if due != pose:
            session.execute(update(s).where(s.uai == uai, s.id == id_).values(efface_le=due))
            _etapes(session, uai, id_, due)
            changees += 1
    return changees


def demander(session: Session, contexte: Contexte, sanction: SanctionEleve) -> None:
    """Efface une sanction à la demande de l'élève, ou de ses responsables, qui change d'établissement.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui enregistre la demande.
    :param sanction: sanction notifiée.
    :raises OperationRefusee: l'exclusion définitive ne s'efface pas à la demande.
    """
    if sanction.sanction is None:
        raise OperationRefusee(
            "rien n'est encore inscrit au dossier.", remede="conclure d'abord la procédure."
        )
    if sanction.sanction == Sanction.EXCLUSION_DEFINITIVE:
        raise OperationRefusee(
            "une exclusion définitive ne s'efface pas à la demande.",
            remede="elle s'efface au terme de la scolarité du second degré.",
        )
    sanction.effacement_demande_le = contexte.jour
    poser(session, sanction, contexte.jour)


def _etapes(session: Session, uai: str, sanction_id: UUID, le: date | None) -> None:
    session.execute(
        update(Etape).where(Etape.uai == uai, Etape.sanction_id == sanction_id).values(efface_le=le)
    )
