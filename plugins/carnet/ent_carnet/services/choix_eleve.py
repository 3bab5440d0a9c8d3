"""Choisir un élève, un seul, parmi ceux que la permission atteint."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import (
    Contexte,
    PersonneNommee,
    Portee,
    Structure,
    divisions,
    eleves_inscrits,
    structures_enseignees,
)
from sqlalchemy.orm import Session

__all__ = ["eleves_de", "structures"]


def structures(session: Session, contexte: Contexte, portee: Portee) -> list[Structure]:
    """Divisions et groupes où l'on peut choisir.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui choisit.
    :param portee: périmètre de la permission.
    """
    if portee is Portee.ETABLISSEMENT:
        return divisions(session, contexte.uai, contexte.annee)
    return structures_enseignees(
        session, contexte.uai, contexte.annee, contexte.personne_id, contexte.jour
    )  # fmt: skip


def eleves_de(
    session: Session, contexte: Contexte, permises: list[Structure], structure_id: UUID | None
) -> list[PersonneNommee]:
    """Élèves d'une structure permise, ce jour ; vide pour toute autre.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui choisit.
    :param permises: structures où l'on peut choisir.
    :param structure_id: structure choisie.
    """
    if structure_id is None or structure_id not in {structure.id for structure in permises}:
        return []
    return eleves_inscrits(session, contexte.uai, contexte.annee, structure_id, contexte.jour)
