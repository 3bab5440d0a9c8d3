"""Traiter plusieurs absences d'un coup : voir, compter, faire, défaire.

Un lot n'a pas de table : il est ce qu'une personne a traité à un instant. Une absence reprise depuis, par
elle ou par une autre, n'en est plus, et ne se défait donc pas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from ent_core.brique import Contexte, Horloge, OperationRefusee, Portee, consigner, eleves
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence
from ent_carnet.nomenclatures import EtatAbsence
from ent_carnet.services import absences
from ent_carnet.services.examen import absences_a_examiner
from ent_carnet.services.suites_absences import recompter

__all__ = ["MAXIMUM", "a_traiter", "defaire", "du_lot", "exiger_ensemble", "traiter"]

MAXIMUM = 200


def a_traiter(session: Session, contexte: Contexte, portee: Portee, voulues: Iterable[UUID]) -> list[Absence]:
    """Celles des absences voulues que personne n'a encore traitées ; tenues jusqu'à la fin de la transaction.

    Celles qu'un doute ou un désaccord fait examiner une à une n'en sont pas (ABS-05, FAM-05).

    :param session: session ouverte dans l'établissement.
    :param contexte: qui traite.
    :param portee: périmètre accordé.
    :param voulues: absences choisies.
    """
    atteintes = _atteintes(contexte, portee).where(Absence.id.in_(list(voulues)))
    # Retenues à part : retenir l'énoncé d'avant retiendrait aussi l'annuaire dont il tire le périmètre.
    tenues = session.scalars(
        select(Absence)
        .where(
            Absence.uai == contexte.uai, Absence.annee == contexte.annee,
            Absence.id.in_([absence.id for absence in session.scalars(atteintes)]),
            Absence.etat == EtatAbsence.SANS_MOTIF, Absence.annulee_le.is_(None),
        )
        .order_by(Absence.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()  # fmt: skip
    une_a_une = absences_a_examiner(session, contexte.uai, contexte.annee, tenues)
    return [absence for absence in tenues if absence.id not in une_a_une]


def exiger_ensemble(session: Session, contexte: Contexte, choisies: Sequence[Absence]) -> None:
    """Refuse de traiter ensemble ce qui s'examine une à une.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui traite.
    :param choisies: absences ; une seule est déjà un examen.
    :raises OperationRefusee: un doute ou un désaccord pèse sur l'une d'elles.
    """
    if len(choisies) > 1 and absences_a_examiner(session, contexte.uai, contexte.annee, choisies):
        raise OperationRefusee(
            "une de ces absences s'examine seule : désaccord connu, ou autorisation demandée.",
            remede="la traiter à part.",
        )


def traiter(
    session: Session,
    contexte: Contexte,
    horloge: Horloge,
    choisies: Collection[Absence],
    *,
    motif_id: UUID,
    reglee: bool | None,
) -> tuple[datetime, int]:
    """Donne le même motif à toutes, recompte les seuils, et l'inscrit au journal.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui traite.
    :param horloge: horloge.
    :param choisies: absences, telles que ``a_traiter`` les rend.
    :param motif_id: motif.
    :param reglee: ce que la personne décide ; ``None``, ce que dit le motif.
    :returns: instant du lot, par lequel il se défait, et nombre d'absences.
    """
    instant = horloge.maintenant()
    faites = absences.qualifier(
        session, contexte.uai, contexte.annee, [absence.id for absence in choisies], motif_id=motif_id,
        reglee=reglee, auteur_id=contexte.personne_id, instant=instant,
    )  # fmt: skip
    recompter(session, contexte, {absence.eleve_id for absence in faites})
    _inscrire(session, contexte, horloge, "carnet.lot_traite", instant, len(faites))
    return instant, len(faites)


def du_lot(session: Session, contexte: Contexte, portee: Portee, lot: datetime) -> list[Absence]:
    """Ce qui reste d'un lot de la personne : ce que nul n'a repris depuis.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui a traité.
    :param portee: périmètre accordé.
    :param lot: instant du lot.
    """
    enonce = _atteintes(contexte, portee).where(
        Absence.auteur_id == contexte.personne_id, Absence.traitee_le == lot,
        Absence.etat != EtatAbsence.SANS_MOTIF,
    )  # fmt: skip
    return list(session.scalars(enonce.order_by(Absence.id)))


def defaire(session: Session, contexte: Contexte, portee: Portee, horloge: Horloge, lot: datetime) -> int:
    """Rend sans motif ce qui reste d'un lot de la personne.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui défait.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param lot: instant du lot.
    :returns: nombre d'absences.
    """
    restent = du_lot(session, contexte, portee, lot)
    defaites = absences.qualifier(
        session, contexte.uai, contexte.annee, [absence.id for absence in restent], motif_id=None,
        reglee=None, auteur_id=contexte.personne_id, instant=horloge.maintenant(),
    )  # fmt: skip
    recompter(session, contexte, {absence.eleve_id for absence in defaites})
    _inscrire(session, contexte, horloge, "carnet.lot_defait", lot, len(defaites))
    return len(defaites)


def _atteintes(contexte: Contexte, portee: Portee) -> Select[Absence]:
    return select(Absence).where(
        Absence.uai == contexte.uai, Absence.annee == contexte.annee, Absence.annulee_le.is_(None),
        Absence.eleve_id.in_(eleves(contexte, portee)),
    )  # fmt: skip


def _inscrire(
    session: Session, contexte: Contexte, horloge: Horloge, acte: str, lot: datetime, nombre: int
) -> None:
    consigner(
        session, horloge, acte, uai=contexte.uai, acteur=contexte.personne_id, objet=lot.isoformat(),
        details={"absences": nombre},
    )  # fmt: skip
