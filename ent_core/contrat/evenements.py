"""Les faits que le noyau et les briques se disent, au participe passé."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

__all__ = ["BriqueActivee", "BriqueDesactivee", "ElevePartiDeDivision", "Evenement", "PersonneMiseEnSursis"]


@dataclass(frozen=True, slots=True)
class Evenement:
    """Base des événements : immuable, sans donnée nominative."""

    uai: str


@dataclass(frozen=True, slots=True)
class BriqueActivee(Evenement):
    """Une brique vient d'être activée dans un établissement."""

    brique: str


@dataclass(frozen=True, slots=True)
class BriqueDesactivee(Evenement):
    """Une brique vient d'être désactivée ; ses données restent."""

    brique: str


@dataclass(frozen=True, slots=True)
class ElevePartiDeDivision(Evenement):
    """Un élève a quitté une division."""

    eleve_id: UUID
    division_id: UUID
    jour: date


@dataclass(frozen=True, slots=True)
class PersonneMiseEnSursis(Evenement):
    """Une personne a disparu de l'annuaire ; son compte est fermé avant suppression."""

    personne_id: UUID
    suppression_le: date
