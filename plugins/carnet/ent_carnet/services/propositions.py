"""Les punitions proposées : qui ne punit pas propose, le CPE ou la direction répond (DISC-03).

La famille n'en lit rien : seule la punition, si elle est donnée, paraît au carnet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from ent_core.brique import (
    Contexte,
    DonneeInvalide,
    Horloge,
    Introuvable,
    OperationRefusee,
    PersonneNommee,
    Portee,
    consigner,
    nommer,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import PropositionPunition
from ent_carnet.nomenclatures import EtatProposition, MotifDiscipline, PunitionProposable
from ent_carnet.services import avis, punitions
from ent_carnet.services.atteinte import exiger_atteint

__all__ = [
    "PropositionLue",
    "accepter",
    "miennes",
    "proposer",
    "recues",
    "refuser",
    "remettre",
    "retirer",
    "trouver",
]

LIGNES = 200


@dataclass(frozen=True, slots=True)
class PropositionLue:
    """Une proposition, telle que les listes la montrent."""

    id: UUID
    eleve: PersonneNommee | None
    auteur: PersonneNommee | None
    nature: PunitionProposable
    motif: MotifDiscipline
    circonstances: str
    jour: date
    etat: EtatProposition
    reponse: str | None
    repondue_le: date | None


def proposer(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    horloge: Horloge,
    *,
    eleve_id: UUID,
    nature: PunitionProposable,
    motif: MotifDiscipline,
    jour: date,
    circonstances: str,
) -> PropositionPunition:
    """Propose une punition ; le CPE en est prévenu.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui propose.
    :param portee: périmètre de la permission.
    :param horloge: horloge.
    :param eleve_id: élève, un seul (DISC-07).
    :param nature: punition proposée.
    :param motif: motif, dans la liste.
    :param jour: jour des faits.
    :param circonstances: ce qui s'est passé.
    :raises Introuvable: l'élève n'est pas dans le périmètre.
    :raises DonneeInvalide: le jour est à venir.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    if jour > contexte.jour:
        raise DonneeInvalide("une punition ne se date pas d'un jour à venir.", remede="corriger le jour.")
    proposition = PropositionPunition(
        uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, nature=nature, motif=motif, jour=jour,
        circonstances=circonstances, auteur_id=contexte.personne_id,
    )  # fmt: skip
    session.add(proposition)
    session.flush()
    _inscrire(session, contexte, horloge, "carnet.proposition_deposee", proposition.id, nature)
    avis.soumettre_proposition(session, contexte, lien=_lien(proposition.id))
    return proposition


def retirer(
    session: Session, contexte: Contexte, horloge: Horloge, proposition_id: UUID
) -> PropositionPunition:
    """Son auteur retire une proposition sans réponse ; qui devait répondre ne la lit plus.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui l'a déposée.
    :param horloge: horloge.
    :param proposition_id: proposition.
    :raises Introuvable: elle n'existe pas, ou elle est d'une autre personne.
    :raises OperationRefusee: elle a déjà une réponse, ou elle est déjà retirée.
    """
    proposition = _sienne(session, contexte, proposition_id)
    _exiger_sans_reponse(proposition)
    proposition.etat = EtatProposition.RETIREE
    session.flush()
    avis.reprendre_proposition(session, contexte, lien=_lien(proposition_id))
    _inscrire(session, contexte, horloge, "carnet.proposition_retiree", proposition_id, proposition.nature)
    return proposition


def remettre(
    session: Session, contexte: Contexte, horloge: Horloge, proposition_id: UUID
) -> PropositionPunition:
    """Son auteur dépose de nouveau, telle quelle, une proposition qu'il vient de retirer.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui l'a déposée.
    :param horloge: horloge.
    :param proposition_id: proposition.
    :raises Introuvable: elle n'existe pas, ou elle est d'une autre personne.
    :raises OperationRefusee: elle n'est pas retirée.
    """
    proposition = _sienne(session, contexte, proposition_id)
    if proposition.etat != EtatProposition.RETIREE:
        raise OperationRefusee("cette proposition n'est pas retirée.", remede="revenir à la liste.")
    proposition.etat = EtatProposition.PROPOSEE
    session.flush()
    avis.soumettre_proposition(session, contexte, lien=_lien(proposition_id))
    _inscrire(session, contexte, horloge, "carnet.proposition_remise", proposition_id, proposition.nature)
    return proposition


def miennes(session: Session, contexte: Contexte) -> list[PropositionLue]:
    """Ce que la personne a proposé cette année, le plus récent d'abord ; deux énoncés.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui a proposé.
    """
    p = PropositionPunition
    enonce = select(p).where(p.auteur_id == contexte.personne_id, p.uai == contexte.uai)
    return _lues(
        session, session.scalars(enonce.where(p.annee == contexte.annee).order_by(p.id.desc())).all()
    )


def recues(session: Session, contexte: Contexte) -> list[PropositionLue]:
    """Propositions de l'année, celles qui attendent une réponse d'abord ; deux énoncés.

    Celles que leur auteur a retirées n'y sont plus.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui répond.
    """
    p = PropositionPunition
    enonce = (
        select(p)
        .where(p.uai == contexte.uai, p.annee == contexte.annee, p.etat != EtatProposition.RETIREE)
        .order_by((p.etat != EtatProposition.PROPOSEE), p.id.desc())
        .limit(LIGNES)
    )
    return _lues(session, session.scalars(enonce).all())


def trouver(
    session: Session, contexte: Contexte, portee: Portee, proposition_id: UUID, *, pour_agir: bool = False
) -> PropositionPunition:
    """Une proposition de l'année, d'un élève du périmètre, que son auteur n'a pas retirée.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui répond.
    :param portee: périmètre de la permission.
    :param proposition_id: proposition.
    :param pour_agir: la tenir jusqu'à la fin de la transaction.
    :raises Introuvable: elle n'existe pas pour cette personne.
    """
    trouvee = _lire(session, contexte, proposition_id, pour_agir=pour_agir)
    if trouvee is None or trouvee.etat == EtatProposition.RETIREE:
        raise _absente()
    exiger_atteint(session, contexte, portee, trouvee.eleve_id)
    return trouvee


def accepter(
    session: Session,
    contexte: Contexte,
    portee: Portee,
    horloge: Horloge,
    proposition_id: UUID,
    saisie: punitions.Saisie,
    reponse: str | None,
) -> PropositionPunition:
    """Donne la punition proposée, ou une autre : elle est de qui l'accepte.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui répond.
    :param portee: périmètre de la permission.
    :param horloge: horloge.
    :param proposition_id: proposition.
    :param saisie: punition donnée, au même élève.
    :param reponse: mot pour qui proposait.
    :raises OperationRefusee: elle a déjà une réponse, ou la punition viserait un autre élève.
    """
    proposition = _en_attente(session, contexte, portee, proposition_id)
    if saisie.eleve_id != proposition.eleve_id:
        raise OperationRefusee(
            "la punition ne va pas à l'élève de la proposition.", remede="donner une autre punition à part."
        )
    punition = punitions.donner(session, contexte, portee, saisie, horloge.maintenant())
    proposition.etat, proposition.punition_id = EtatProposition.ACCEPTEE, punition.id
    _repondre(session, contexte, proposition, reponse)
    _inscrire(session, contexte, horloge, "carnet.proposition_acceptee", proposition.id, saisie.nature)
    return proposition


def refuser(
    session: Session, contexte: Contexte, portee: Portee, horloge: Horloge, proposition_id: UUID, reponse: str
) -> PropositionPunition:
    """Refuse une proposition, avec un mot pour qui la faisait ; l'élève et sa famille n'en savent rien.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui répond.
    :param portee: périmètre de la permission.
    :param horloge: horloge.
    :param proposition_id: proposition.
    :param reponse: le mot.
    :raises OperationRefusee: elle a déjà une réponse.
    """
    proposition = _en_attente(session, contexte, portee, proposition_id)
    proposition.etat = EtatProposition.REFUSEE
    _repondre(session, contexte, proposition, reponse)
    _inscrire(session, contexte, horloge, "carnet.proposition_refusee", proposition.id, proposition.nature)
    return proposition


def _en_attente(
    session: Session, contexte: Contexte, portee: Portee, proposition_id: UUID
) -> PropositionPunition:
    proposition = trouver(session, contexte, portee, proposition_id, pour_agir=True)
    _exiger_sans_reponse(proposition)
    return proposition


def _sienne(session: Session, contexte: Contexte, proposition_id: UUID) -> PropositionPunition:
    trouvee = _lire(session, contexte, proposition_id, pour_agir=True)
    if trouvee is None or trouvee.auteur_id != contexte.personne_id:
        raise _absente()
    return trouvee


def _lire(
    session: Session, contexte: Contexte, proposition_id: UUID, *, pour_agir: bool
) -> PropositionPunition | None:
    cle = (contexte.uai, contexte.annee, proposition_id)
    return session.get(PropositionPunition, cle, with_for_update=pour_agir or None)


def _absente() -> Introuvable:
    return Introuvable(
        "cette proposition n'existe pas, ou elle est retirée.", remede="revenir à la liste des propositions."
    )


def _exiger_sans_reponse(proposition: PropositionPunition) -> None:
    if proposition.etat == EtatProposition.RETIREE:
        raise OperationRefusee("cette proposition est déjà retirée.", remede="revenir à la liste.")
    if proposition.etat != EtatProposition.PROPOSEE:
        raise OperationRefusee("cette proposition a déjà une réponse.", remede="revenir à la liste.")


def _lien(proposition_id: UUID) -> str:
    return f"/carnet/propositions/{proposition_id}"


def _repondre(
    session: Session, contexte: Contexte, proposition: PropositionPunition, reponse: str | None
) -> None:
    proposition.reponse = reponse
    proposition.repondue_le, proposition.repondue_par = contexte.jour, contexte.personne_id
    session.flush()


def _inscrire(
    session: Session, contexte: Contexte, horloge: Horloge, acte: str, proposition_id: UUID, nature: str
) -> None:
    consigner(
        session, horloge, acte, uai=contexte.uai, acteur=contexte.personne_id, objet=str(proposition_id),
        details={"nature": str(nature)},
    )  # fmt: skip


def _lues(session: Session, propositions: Sequence[PropositionPunition]) -> list[PropositionLue]:
    noms = nommer(session, {qui for une in propositions for qui in (une.eleve_id, une.auteur_id) if qui})
    return [
        PropositionLue(
            une.id, noms.get(une.eleve_id), noms.get(une.auteur_id) if une.auteur_id else None,
            PunitionProposable(une.nature), MotifDiscipline(une.motif), une.circonstances, une.jour,
            EtatProposition(une.etat), une.reponse, une.repondue_le,
        )
        for une in propositions
    ]  # fmt: skip
