"""Qui donne les motifs : l'élève à dix-huit ans, avant, qui exerce l'autorité (FAM-03, FAM-06)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from uuid import UUID

from ent_core.brique import Contexte, QuiDecide, qui_decide
from sqlalchemy.orm import Session

__all__ = ["Empechement", "empechement", "empechements"]


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
    return empechements(session, contexte, [eleve_id]).get(eleve_id)


def empechements(session: Session, contexte: Contexte, eleves: Iterable[UUID]) -> dict[UUID, Empechement]:
    """De même pour plusieurs élèves, en un énoncé : ceux dont le motif est à d'autres, et pourquoi.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param eleves: élèves, déjà atteints.
    """
    moi = contexte.personne_id
    decident = qui_decide(session, contexte.uai, moi, eleves, contexte.jour)
    return {
        eleve: pourquoi
        for eleve, decide in decident.items()
        if (pourquoi := _pourquoi(decide, soi=eleve == moi)) is not None
    }


def _pourquoi(decide: QuiDecide, *, soi: bool) -> Empechement | None:
    if decide.majeur:
        return None if soi else Empechement.ELEVE_MAJEUR
    if soi:
        return Empechement.ELEVE_MINEUR
    return None if decide.exerce else Empechement.SANS_EXERCICE
