"""Ce qui demande l'examen d'une personne avant qu'un motif soit retenu : doute sérieux, désaccord connu.

Rien ici ne décide : un motif que deux responsables contredisent, ou d'un élève dont le désaccord est signalé,
s'accepte après examen ; un doute sérieux se lève, ou attend la réponse de l'autorité (ABS-05, FAM-05).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from ent_core.brique import OperationRefusee
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, DemandeAbsence, Desaccord, Justification, Motif
from ent_carnet.nomenclatures import EtatJustification
from ent_carnet.regles.desaccords import MotifDonne, contraires

__all__ = ["Raison", "a_examiner", "absences_a_examiner", "contredits", "exiger_acceptable"]

_PESENT = (EtatJustification.ENVOYEE, EtatJustification.ACCEPTEE)


class _Periode(NamedTuple):
    """Un moment d'un élève, qui s'examine."""

    eleve_id: UUID
    debut: datetime
    fin: datetime

    def touche(self, autre: Absence | Justification) -> bool:
        """Vrai si une absence, ou un motif proposé, est du même élève et du même moment."""
        return self.eleve_id == autre.eleve_id and self.debut < autre.fin and autre.debut < self.fin


class Raison(StrEnum):
    """Pourquoi une personne examine."""

    DOUTE = "doute"
    CONTRAIRES = "contraires"
    DESACCORD = "desaccord"


def contredits(session: Session, uai: str, annee: int, eleves: Iterable[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Motifs contredits d'élèves, et ceux qui les contredisent ; un énoncé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: élèves.
    """
    j, m = Justification, Motif
    lignes = session.execute(
        select(j.id, j.eleve_id, j.declarant_id, j.debut, j.fin, m.genre, j.motif_id)
        .join(m, and_(m.uai == j.uai, m.id == j.motif_id))
        .where(j.uai == uai, j.annee == annee, j.eleve_id.in_(list(eleves)), j.etat.in_(_PESENT))
    )
    return contraires(MotifDonne(*ligne) for ligne in lignes)


def a_examiner(
    session: Session, uai: str, annee: int, proposees: Sequence[Justification]
) -> dict[UUID, Raison]:
    """Parmi des motifs proposés, ceux qu'une personne examine avant de les retenir ; trois énoncés.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param proposees: motifs qui attendent.
    """
    eleves = {une.eleve_id for une in proposees}
    opposes = contredits(session, uai, annee, eleves)
    connus = _desaccords(session, uai, annee, eleves)
    doutes = _doutes(session, uai, annee, eleves)
    raisons: dict[UUID, Raison] = {}
    for une in proposees:
        if any(doute.touche(une) for doute in doutes):
            raisons[une.id] = Raison.DOUTE
        elif une.id in opposes:
            raisons[une.id] = Raison.CONTRAIRES
        elif une.eleve_id in connus:
            raisons[une.id] = Raison.DESACCORD
    return raisons


def absences_a_examiner(
    session: Session, uai: str, annee: int, absences: Sequence[Absence]
) -> frozenset[UUID]:
    """Parmi des absences, celles qu'un lot ne règle pas : chacune se regarde seule ; trois énoncés.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param absences: absences d'un lot.
    """
    eleves = {une.eleve_id for une in absences}
    j = Justification
    opposes = list(contredits(session, uai, annee, eleves))
    lues = session.execute(
        select(j.eleve_id, j.debut, j.fin).where(j.uai == uai, j.annee == annee, j.id.in_(opposes))
    )
    periodes = [*_doutes(session, uai, annee, eleves), *(_Periode(*ligne) for ligne in lues)]
    connus = _desaccords(session, uai, annee, eleves)
    return frozenset(
        une.id
        for une in absences
        if une.eleve_id in connus or any(periode.touche(une) for periode in periodes)
    )


def exiger_acceptable(session: Session, proposee: Justification, *, examinee: bool) -> frozenset[UUID]:
    """Un motif peut être retenu : rien ne s'y oppose, ou une personne dit l'avoir examiné.

    :param session: session ouverte dans l'établissement.
    :param proposee: motif qui attend.
    :param examinee: la personne dit avoir entendu chacun.
    :returns: motifs contraires, qui ne peuvent plus être retenus.
    :raises OperationRefusee: un doute tient, ou l'examen n'est pas fait.
    """
    raison = a_examiner(session, proposee.uai, proposee.annee, [proposee]).get(proposee.id)
    if raison is Raison.DOUTE:
        raise OperationRefusee(
            "une autorisation d'absence est demandée pour cette période : le motif ne s'accepte pas encore.",
            remede="attendre la réponse de l'autorité académique, ou lever le doute.",
        )
    if raison is not None and not examinee:
        raise OperationRefusee(
            "les responsables de cet élève ne sont pas d'accord : ce motif ne s'accepte pas d'un geste.",
            remede="entendre chacun séparément, puis retenir un motif après examen.",
        )
    return contredits(session, proposee.uai, proposee.annee, [proposee.eleve_id]).get(
        proposee.id, frozenset()
    )


def _desaccords(session: Session, uai: str, annee: int, eleves: Iterable[UUID]) -> frozenset[UUID]:
    d = Desaccord
    return frozenset(
        session.scalars(
            select(d.eleve_id).where(
                d.uai == uai, d.annee == annee, d.eleve_id.in_(list(eleves)), d.leve_le.is_(None)
            )
        )
    )


def _doutes(session: Session, uai: str, annee: int, eleves: Iterable[UUID]) -> list[_Periode]:
    # Les seules colonnes lues : l'auteur n'est pas pour tous ceux qui règlent une absence.
    a = DemandeAbsence
    lues = session.execute(
        select(a.eleve_id, a.debut, a.fin).where(
            a.uai == uai, a.annee == annee, a.eleve_id.in_(list(eleves)), a.levee_le.is_(None),
            a.repondue_le.is_(None),
        )
    )  # fmt: skip
    return [_Periode(*ligne) for ligne in lues]
