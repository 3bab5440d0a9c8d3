"""Les observations : un mot choisi, rattaché à une séance du jour ; ni point, ni score (CARNET-15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import (
    Contexte,
    DonneeInvalide,
    Introuvable,
    OperationRefusee,
    PersonneNommee,
    Portee,
    SeancePrevue,
    eleves,
    inscriptions,
    nommer,
    seances_prevues,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import ObservationEleve
from ent_carnet.nomenclatures import MotObservation
from ent_carnet.services.atteinte import exiger_atteint

__all__ = ["ObservationLue", "lister", "noter", "retirer", "seances_du_jour_de"]

_LIGNES = 200


@dataclass(frozen=True, slots=True)
class ObservationLue:
    """Une observation, telle qu'elle se lit dans la liste.

    :param mienne: qui lit l'a écrite, et peut la retirer.
    """

    id: UUID
    eleve: PersonneNommee
    mot: MotObservation
    jour: date
    auteur: PersonneNommee | None
    mienne: bool


def lister(session: Session, contexte: Contexte, portee: Portee) -> list[ObservationLue]:
    """Observations de l'année dans le périmètre, la plus récente d'abord ; deux énoncés.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre de la permission.
    """
    o = ObservationEleve
    lignes = session.execute(
        select(o.id, o.eleve_id, o.code, o.jour, o.auteur_id)
        .where(
            o.uai == contexte.uai, o.annee == contexte.annee, o.retiree_le.is_(None),
            o.eleve_id.in_(eleves(contexte, portee)),
        )
        .order_by(o.jour.desc(), o.id.desc())
        .limit(_LIGNES)
    ).all()  # fmt: skip
    noms = nommer(session, {qui for li in lignes for qui in (li.eleve_id, li.auteur_id) if qui})
    return [
        ObservationLue(
            li.id, noms[li.eleve_id], MotObservation(li.code), li.jour, noms.get(li.auteur_id),
            li.auteur_id == contexte.personne_id,
        )
        for li in lignes if li.eleve_id in noms
    ]  # fmt: skip


def seances_du_jour_de(session: Session, contexte: Contexte, eleve_id: UUID) -> list[SeancePrevue]:
    """Séances où un élève est attendu aujourd'hui : une observation s'y rattache.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param eleve_id: élève, déjà atteint.
    """
    ici, jour = (session, contexte.uai, contexte.annee), contexte.jour
    demain = jour + timedelta(days=1)
    siennes = {i.structure_id for i in inscriptions(*ici, jour, demain, [eleve_id])}
    return seances_prevues(*ici, jour, demain, siennes)


def noter(
    session: Session, contexte: Contexte, portee: Portee, *, eleve: UUID, mot: MotObservation, seance: UUID
) -> ObservationEleve:
    """Écrit une observation.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui écrit.
    :param portee: périmètre de sa permission.
    :param eleve: élève.
    :param mot: mot choisi dans la liste.
    :param seance: séance du jour.
    :raises Introuvable: l'élève est hors de son périmètre.
    :raises DonneeInvalide: cette séance n'est pas une séance de l'élève aujourd'hui.
    """
    exiger_atteint(session, contexte, portee, eleve)
    if seance not in {une.id for une in seances_du_jour_de(session, contexte, eleve)}:
        raise DonneeInvalide(
            "cette séance n'est pas à l'emploi du temps de l'élève aujourd'hui.",
            remede="choisir une de ses séances du jour.",
        )
    ecrite = ObservationEleve(
        uai=contexte.uai, annee=contexte.annee, eleve_id=eleve, code=mot, jour=contexte.jour,
        seance_id=seance, auteur_id=contexte.personne_id,
    )  # fmt: skip
    session.add(ecrite)
    session.flush()
    return ecrite


def retirer(
    session: Session, contexte: Contexte, portee: Portee, observation_id: UUID, instant: datetime
) -> None:
    """Retire une observation : la famille ne la voit plus, sa trace reste jusqu'à l'été.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui retire ; son auteur, ou la vie scolaire.
    :param portee: périmètre de sa permission.
    :param observation_id: observation.
    :param instant: maintenant.
    :raises Introuvable: hors de son périmètre.
    :raises OperationRefusee: un autre l'a écrite.
    """
    lue = session.get(ObservationEleve, (contexte.uai, contexte.annee, observation_id))
    if lue is None or lue.retiree_le is not None:
        raise Introuvable("cette observation n'existe pas, ou n'est plus là.", remede="revenir à la liste.")
    exiger_atteint(session, contexte, portee, lue.eleve_id)
    if lue.auteur_id != contexte.personne_id and portee is not Portee.ETABLISSEMENT:
        raise OperationRefusee("un autre a écrit cette observation.", remede="le lui demander.")
    lue.retiree_le = instant
