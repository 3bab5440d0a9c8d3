"""Ce que la vie scolaire et la direction lisent des décisions au sujet d'un élève, sur une page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ent_core.brique import Contexte, PersonneNommee, Portee, nommer
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, DemandeAbsence, Desaccord, Signalement
from ent_carnet.nomenclatures import ActeDemandeAbsence, EtatDemandeAbsence
from ent_carnet.regles.demande_absence import OUVERTS, etat, suites
from ent_carnet.services import demandes_absence, desaccords, justifications, signalements
from ent_carnet.services.atteinte import exiger_atteint

__all__ = ["Decisions", "DemandeAbsenceMontree", "lire"]

_PERIODES = 20


@dataclass(frozen=True, slots=True)
class DemandeAbsenceMontree:
    """Une demande, son état, et ce que la direction peut en noter."""

    demande_absence: DemandeAbsence
    etat: EtatDemandeAbsence
    suites: Mapping[ActeDemandeAbsence, EtatDemandeAbsence]


@dataclass(frozen=True, slots=True)
class Decisions:
    """La page d'un élève.

    :param periodes: absences récentes et motifs proposés pour lesquels on peut inviter.
    :param contraires: deux responsables ont donné des motifs contraires.
    :param se_signale: l'élève est majeur et opposé : le signalement a un objet.
    """

    eleve: PersonneNommee
    demandes_absence: Sequence[DemandeAbsenceMontree]
    periodes: Sequence[tuple[datetime, datetime]]
    desaccord: Desaccord | None
    contraires: bool
    se_signale: bool
    signalements: Sequence[Signalement]
    noms: Mapping[UUID, PersonneNommee]


def lire(session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID) -> Decisions:
    """Tout ce qui est décidé, ou à décider, d'un élève ; un nombre fixe d'énoncés.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde ; vie scolaire ou direction.
    :param portee: périmètre accordé.
    :param eleve_id: élève.
    :raises Introuvable: hors du périmètre.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    demandees = demandes_absence.de_l_eleve(session, contexte, eleve_id, auteur=True)
    signales = signalements.de_l_eleve(session, contexte, eleve_id)
    desaccord = desaccords.ouvert(session, contexte, eleve_id, auteur=True)
    agents = [qui for s in signales for qui in (s.auteur_id, s.decide_par)]
    agents += [une.auteur_id for une in demandees] + ([desaccord.auteur_id] if desaccord else [])
    cites = {eleve_id} | {qui for qui in agents if qui}
    noms = nommer(session, cites)
    return Decisions(
        eleve=noms[eleve_id],
        demandes_absence=[DemandeAbsenceMontree(une, etat(une), suites(une)) for une in demandees],
        periodes=_periodes(session, contexte, eleve_id, demandees),
        desaccord=desaccord,
        contraires=bool(desaccords.contraires(session, contexte, eleve_id)),
        se_signale=signalements.se_signale(session, contexte, eleve_id),
        signalements=signales,
        noms=noms,
    )


def _periodes(
    session: Session, contexte: Contexte, eleve_id: UUID, demandees: Sequence[DemandeAbsence]
) -> list[tuple[datetime, datetime]]:
    a = Absence
    absences = session.execute(
        select(a.debut, a.fin)
        .where(
            a.uai == contexte.uai, a.annee == contexte.annee, a.eleve_id == eleve_id,
            a.annulee_le.is_(None),
        )
        .order_by(a.debut.desc())
        .limit(_PERIODES)
    ).all()  # fmt: skip
    proposees = justifications.a_traiter(session, contexte.uai, contexte.annee, [eleve_id])
    ouvertes = [une for une in demandees if etat(une) in OUVERTS]
    toutes = {(debut, fin) for debut, fin in absences} | {(une.debut, une.fin) for une in proposees}
    return sorted(
        (
            (debut, fin)
            for debut, fin in toutes
            if not any(une.debut < fin and debut < une.fin for une in ouvertes)
        ),
        reverse=True,
    )
