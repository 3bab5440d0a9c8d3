"""Signaler aux responsables d'un élève majeur, malgré son opposition, une perturbation grave (FAM-07).

Un acte exceptionnel : un motif d'une liste fermée, proposé par la vie scolaire, décidé par la direction,
inscrit au journal, et dit à l'élève. Rien n'y mène d'office.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ent_core.brique import (
    Contexte,
    Horloge,
    Introuvable,
    OperationRefusee,
    Portee,
    Role,
    SujetDeMessage,
    consigner,
    est_majeur,
    opposee,
    prevenir,
)
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from ent_carnet.modeles import Signalement
from ent_carnet.nomenclatures import EtatSignalement, MotifSignalement
from ent_carnet.services.atteinte import exiger_atteint
from ent_carnet.traitements import AFFICHAGE

__all__ = ["SIGNALEMENT", "de_l_eleve", "decider", "decides", "proposer", "se_signale", "trouver"]

SIGNALEMENT = SujetDeMessage(
    "carnet.signalement", "Une information donnée à vos responsables", pour=(Role.ELEVE,)
)


def se_signale(session: Session, contexte: Contexte, eleve_id: UUID) -> bool:
    """Vrai si l'acte a un objet : l'élève est majeur, et s'est opposé ; sinon la voie ordinaire suffit.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param eleve_id: élève, déjà atteint.
    """
    majeur = est_majeur(session, contexte.uai, eleve_id, contexte.jour)
    return majeur and opposee(session, eleve_id, AFFICHAGE.cle)


def proposer(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    horloge: Horloge,
    *,
    eleve_id: UUID,
    motif: MotifSignalement,
) -> Signalement:
    """Propose un signalement à la direction.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui propose.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param eleve_id: élève.
    :param motif: perturbation grave, dans la liste.
    :raises OperationRefusee: l'élève n'est pas majeur et opposé, ou une proposition attend déjà.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    if not se_signale(session, contexte, eleve_id):
        raise OperationRefusee(
            "cet acte ne vaut que pour un élève majeur qui s'est opposé à ce que ses responsables lisent.",
            remede="joindre ses responsables par la voie ordinaire.",
        )
    if any(s.etat == EtatSignalement.PROPOSE for s in de_l_eleve(session, contexte, eleve_id)):
        raise OperationRefusee(
            "un signalement attend déjà la décision de la direction.", remede="attendre sa décision."
        )
    signalement = Signalement(
        uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, motif=motif, propose_le=contexte.jour,
        auteur_id=contexte.personne_id,
    )  # fmt: skip
    session.add(signalement)
    session.flush()
    _inscrire(session, contexte, horloge, signalement, "carnet.signalement_propose")
    return signalement


def decider(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    horloge: Horloge,
    signalement_id: UUID,
    *,
    signaler: bool,
) -> Signalement:
    """Décide un signalement, ou l'écarte ; décidé, l'élève en est prévenu, et la lettre peut s'imprimer.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui décide.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param signalement_id: proposition.
    :param signaler: faux, elle est écartée.
    :raises OperationRefusee: elle est déjà décidée, ou l'élève n'est plus opposé.
    """
    signalement = trouver(session, contexte, portee, signalement_id)
    if signalement.etat != EtatSignalement.PROPOSE:
        raise OperationRefusee("ce signalement est déjà décidé.", remede="rafraîchir la page.")
    if signaler and not se_signale(session, contexte, signalement.eleve_id):
        raise OperationRefusee(
            "l'élève ne s'oppose plus : ses responsables lisent déjà.", remede="écarter cette proposition."
        )
    signalement.etat = EtatSignalement.DECIDE if signaler else EtatSignalement.ECARTE
    signalement.decide_le, signalement.decide_par = contexte.jour, contexte.personne_id
    session.flush()
    acte = "carnet.signalement_decide" if signaler else "carnet.signalement_ecarte"
    _inscrire(session, contexte, horloge, signalement, acte)
    if signaler:
        eleve = signalement.eleve_id
        prevenir(
            session, contexte, sujet=SIGNALEMENT.cle, personnes=[eleve], lien=f"/carnet/famille/{eleve}",
            a_propos=eleve,
        )  # fmt: skip
    return signalement


def de_l_eleve(session: Session, contexte: Contexte, eleve_id: UUID) -> Sequence[Signalement]:
    """Signalements de l'année, du plus récent au plus ancien.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde ; vie scolaire ou direction.
    :param eleve_id: élève, déjà atteint.
    """
    s = Signalement
    return session.scalars(
        select(s)
        .where(s.uai == contexte.uai, s.annee == contexte.annee, s.eleve_id == eleve_id)
        .order_by(s.propose_le.desc(), s.id.desc())
    ).all()


def decides(session: Session, contexte: Contexte) -> Sequence[Signalement]:
    """Ce qui a été signalé de l'élève qui lit : il en est informé.

    :param session: session ouverte dans l'établissement.
    :param contexte: l'élève.
    """
    s = Signalement
    return session.scalars(
        select(s)
        .options(defer(s.auteur_id), defer(s.decide_par))
        .where(
            s.uai == contexte.uai, s.annee == contexte.annee, s.eleve_id == contexte.personne_id,
            s.etat == EtatSignalement.DECIDE,
        )
        .order_by(s.decide_le.desc())
    ).all()  # fmt: skip


def trouver(session: Session, contexte: Contexte, portee: Portee, signalement_id: UUID) -> Signalement:
    """Un signalement d'un élève du périmètre, retenu jusqu'à la fin de la transaction.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre accordé.
    :param signalement_id: signalement.
    :raises Introuvable: il n'existe pas ici.
    """
    cle = (contexte.uai, contexte.annee, signalement_id)
    trouve = session.get(Signalement, cle, with_for_update=True)
    if trouve is None:
        raise Introuvable("ce signalement n'existe pas.", remede="revenir au dossier.")
    exiger_atteint(session, contexte, portee, trouve.eleve_id)
    return trouve


def _inscrire(
    session: Session, contexte: Contexte, horloge: Horloge, signalement: Signalement, acte: str
) -> None:
    consigner(
        session, horloge, acte, uai=contexte.uai, acteur=contexte.personne_id, objet=str(signalement.id),
        details={"motif": signalement.motif},
    )  # fmt: skip
