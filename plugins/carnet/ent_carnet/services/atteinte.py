"""Borner un acte à l'élève que la permission atteint : au-delà, l'élève n'existe pas pour la personne."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import Contexte, Introuvable, Portee, peut_atteindre
from sqlalchemy.orm import Session

__all__ = ["exiger_atteint"]


def exiger_atteint(session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID) -> None:
    """L'élève est dans le périmètre accordé.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param portee: périmètre de la permission.
    :param eleve_id: élève.
    :raises Introuvable: il n'y est pas.
    """
    if not peut_atteindre(session, contexte, portee, eleve_id):
        raise Introuvable("cet élève n'est pas de ceux que vous suivez.", remede="revenir à la liste.")
