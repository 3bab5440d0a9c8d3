"""Après un traitement : recompter les seuils des élèves touchés, prévenir les familles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import Contexte, SujetDeMessage, annuler_messages, prevenir, prevenir_familles
from sqlalchemy.orm import Session

from ent_carnet.modeles import Alerte, Justification
from ent_carnet.modeles.communs import FAMILLE
from ent_carnet.services import justifications, seuils
from ent_carnet.services.motifs import reglage
from ent_carnet.services.rapprochement import Ouverte

__all__ = [
    "ABSENCE_A_LIRE",
    "MOTIF_REFUSE",
    "recompter",
    "rectifier",
    "refuser_un_motif",
    "reprendre_un_refus",
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


def rectifier(session: Session, contexte: Contexte, eleves: Iterable[UUID]) -> None:
    """Une absence dite à tort : ce qui n'est pas parti ne part pas ; ce qui l'est se rectifie aussitôt.

    Un parent qui a lu « absent » ne doit pas chercher son enfant : un second message l'appelle à relire, et
    sa page dit que l'établissement a corrigé.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui corrige.
    :param eleves: élèves dont plus rien n'est à dire.
    """
    partis = {
        eleve
        for eleve in eleves
        if not annuler_messages(session, contexte, sujet=ABSENCE_A_LIRE.cle, a_propos=eleve)
    }
    if partis:
        liens = {eleve: f"{_LIEN}/{eleve}" for eleve in partis}
        prevenir_familles(session, contexte, sujet=ABSENCE_A_LIRE.cle, liens=liens)


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


def reprendre_un_refus(session: Session, contexte: Contexte, justification_id: UUID) -> None:
    """Reprend un refus du jour : ce qui n'est pas parti ne part pas.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui le reprend.
    :param justification_id: motif d'un élève déjà atteint.
    """
    repris = justifications.reprendre(
        session, contexte.uai, contexte.annee, justification_id, jour=contexte.jour
    )
    annuler_messages(session, contexte, sujet=MOTIF_REFUSE.cle, lien=_recu(repris))


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
