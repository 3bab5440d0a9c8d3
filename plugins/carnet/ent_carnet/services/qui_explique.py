"""Qui donne les motifs : l'élève à dix-huit ans, avant, qui exerce l'autorité (FAM-03, FAM-06)."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from ent_core.brique import Contexte, est_majeur, exerce_l_autorite
from sqlalchemy.orm import Session

__all__ = ["Empechement", "empechement"]


class Empechement(StrEnum):
    """Pourquoi une personne qui lit ne donne pas de motif."""

    ELEVE_MINEUR = "mineur"
    ELEVE_MAJEUR = "majeur"
    SANS_EXERCICE = "sans_exercice"


def empechement(session: Session, contexte: Contexte, eleve_id: UUID) -> Empechement | None:
    """Ce qui empêche cette personne de donner un motif ; ``None``, c'est à elle de le faire.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param eleve_id: élève, déjà atteint.
    """
    soi = contexte.personne_id == eleve_id
    if est_majeur(session, contexte.uai, eleve_id, contexte.jour):
        return None if soi else Empechement.ELEVE_MAJEUR
    if soi:
        return Empechement.ELEVE_MINEUR
    exerce = exerce_l_autorite(session, contexte.personne_id, eleve_id, contexte.jour)
    return None if exerce else Empechement.SANS_EXERCICE
