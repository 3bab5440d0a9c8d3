"""Après un traitement : recompter les seuils des élèves touchés, prévenir les familles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import (
    Contexte,
    Horloge,
    SujetDeMessage,
    annuler_messages,
    consigner,
    prevenir,
    prevenir_familles,
    rectifier_messages,
)
from sqlalchemy.orm import Session

from ent_carnet.modeles import Alerte, Justification
from ent_carnet.modeles.communs import FAMILLE
from ent_carnet.services import justifications, seuils
from ent_carnet.services.motifs import reglage
from ent_carnet.services.rapprochement import Ouverte, rapprocher
from ent_carnet.services.releve import bornes

__all__ = [
    "ABSENCE_A_LIRE",
    "MOTIF_REFUSE",
    "accepter_un_motif",
    "recompter",
    "rectifier",
    "refuser_un_motif",
    "reprendre_une_decision",
    "reprendre_une_suite",
    "signaler",
]

ABSENCE_A_LIRE = SujetDeMessage(
    "carnet.absence", "Absence ou retard à lire dans le carnet", urgent=True, pour=FAMILLE
)
"""Le message lui-même ne dit ni motif, ni nature : qu'une information est à lire (CARNET-17)."""

MOTIF_REFUSE = SujetDeMessage("carnet.motif", "Réponse à un motif que vous avez donné", pour=FAMILLE)

_LIEN = "/carnet/famille"


def recompter(
    session: Session, contexte: Contexte, eleves: Iterable[UUID], depuis: date | None = None
) -> Sequence[Alerte]:
    """Recompte les seuils d'élèves.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param eleves: élèves dont une absence vient de changer.
    :param depuis: premier jour qui a changé ; par défaut, toute l'année est recomptée.
    """
    voulus = set(eleves)
    if not voulus:
        return ()
    debut, demain = date(contexte.annee, 8, 1), contexte.jour + timedelta(days=1)
    if depuis is not None:
        choix = reglage(session, contexte.uai)
        if not choix.mois_glissant:
            debut = depuis.replace(day=1)  # au mois civil, un jour ne change que les alertes de son mois
        voulus = seuils.a_portee(session, choix, contexte.annee, debut, demain, voulus)
        if not voulus:
            return ()
    return seuils.evaluer(session, contexte.uai, contexte.annee, debut, demain, voulus)


def signaler(session: Session, contexte: Contexte, ouvertes: Iterable[Ouverte]) -> int:
    """Prévient les familles d'absences qui viennent d'être constatées, aussitôt (R. 131-5, ABS-02).

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param ouvertes: périodes qui viennent de s'ouvrir.
    :returns: messages en attente.
    """
    liens = {absence.eleve_id: f"{_LIEN}/{absence.eleve_id}" for absence in ouvertes}
    return prevenir_familles(session, contexte, sujet=ABSENCE_A_LIRE.cle, liens=liens) if liens else 0


def rectifier(session: Session, contexte: Contexte, eleves: Iterable[UUID], jour: date) -> None:
    """Une absence dite à tort : ce qui n'est pas parti ne part pas ; qui l'a reçu est aussitôt détrompé.

    Un parent qui a lu « absent » ne doit pas chercher son enfant : un second message l'appelle à relire, et
    sa page dit que l'établissement a corrigé. Un parent que rien n'a alerté ne reçoit rien.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui corrige.
    :param eleves: élèves dont plus rien n'est à dire.
    :param jour: jour de l'absence.
    """
    liens = {eleve: f"{_LIEN}/{eleve}" for eleve in eleves}
    if liens:
        depuis, _ = bornes(jour, jour)
        rectifier_messages(session, contexte, sujet=ABSENCE_A_LIRE.cle, liens=liens, depuis=depuis)


def accepter_un_motif(
    session: Session, contexte: Contexte, justification_id: UUID, maintenant: datetime, *, examinee: bool
) -> None:
    """Accepte un motif, et recompte ce que l'élève atteint.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui accepte.
    :param justification_id: motif d'un élève déjà atteint.
    :param maintenant: l'instant.
    :param examinee: la personne dit avoir entendu chacun des responsables.
    """
    touchees = justifications.accepter(
        session, contexte.uai, contexte.annee, justification_id, auteur_id=contexte.personne_id,
        instant=maintenant, examinee=examinee,
    )  # fmt: skip
    recompter(session, contexte, {absence.eleve_id for absence in touchees})


def refuser_un_motif(
    session: Session, contexte: Contexte, justification_id: UUID, maintenant: datetime
) -> None:
    """Refuse un motif, et dit à qui l'a donné qu'il a une réponse ; reçu sur papier, elle est sur papier.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui refuse.
    :param justification_id: motif d'un élève déjà atteint.
    :param maintenant: l'instant.
    """
    refuse = justifications.refuser(
        session, contexte.uai, contexte.annee, justification_id, auteur_id=contexte.personne_id,
        instant=maintenant,
    )  # fmt: skip
    if refuse.declarant_id is not None:
        prevenir(
            session, contexte, sujet=MOTIF_REFUSE.cle, personnes=[refuse.declarant_id],
            lien=_recu(refuse), a_propos=refuse.eleve_id,
        )  # fmt: skip


def reprendre_une_decision(
    session: Session, contexte: Contexte, horloge: Horloge, justification_id: UUID
) -> None:
    """Reprend la décision du jour sur un motif : ce qui n'est pas parti ne part pas, et le journal le garde.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui la reprend.
    :param horloge: horloge.
    :param justification_id: motif d'un élève déjà atteint.
    """
    maintenant, qui = horloge.maintenant(), contexte.personne_id
    motif = justifications.trouver(session, contexte.uai, contexte.annee, justification_id)
    decision = motif.etat
    rendues = justifications.reprendre(
        session, contexte.uai, contexte.annee, justification_id, auteur_id=qui, instant=maintenant
    )
    annuler_messages(session, contexte, sujet=MOTIF_REFUSE.cle, lien=_recu(motif))
    if any(absence.annulee_le for absence in rendues):
        # L'appel a pu constater, depuis, ce qui n'est plus annoncé.
        rapprocher(session, contexte.uai, contexte.annee, [motif.eleve_id], contexte.jour, maintenant)
    recompter(session, contexte, {absence.eleve_id for absence in rendues})
    consigner(
        session, horloge, "carnet.decision_reprise", uai=contexte.uai, acteur=qui,
        objet=str(justification_id), details={"decision": decision},
    )  # fmt: skip


def reprendre_une_suite(session: Session, contexte: Contexte, alerte: Alerte) -> None:
    """Reprend la suite du jour d'une alerte, et recompte ce que l'élève atteint.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui la reprend.
    :param alerte: alerte d'un élève déjà atteint.
    """
    seuils.rouvrir(session, contexte.uai, contexte.annee, alerte.id, jour=contexte.jour)
    recompter(session, contexte, [alerte.eleve_id])


def _recu(motif: Justification) -> str:
    return f"{_LIEN}/motifs/{motif.id}"
