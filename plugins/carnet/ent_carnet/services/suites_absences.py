"""Après un traitement : recompter les seuils des élèves touchés, prévenir les familles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from uuid import UUID

from ent_core.brique import Contexte, SujetDeMessage, prevenir_familles
from sqlalchemy.orm import Session

from ent_carnet.modeles import Alerte
from ent_carnet.modeles.communs import FAMILLE
from ent_carnet.services import seuils
from ent_carnet.services.motifs import reglage
from ent_carnet.services.rapprochement import Ouverte

__all__ = ["ABSENCE_A_LIRE", "recompter", "signaler"]

ABSENCE_A_LIRE = SujetDeMessage(
    "carnet.absence", "Absence ou retard à lire dans le carnet", urgent=True, pour=FAMILLE
)
"""Le message lui-même ne dit ni motif, ni nature : qu'une information est à lire (CARNET-17)."""

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
