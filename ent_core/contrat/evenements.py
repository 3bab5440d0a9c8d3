"""Les faits que le noyau et les briques se disent, au participe passé."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

__all__ = [
    "BriqueActivee",
    "BriqueDesactivee",
    "DonneeRectifiee",
    "ElevesPartisDeDivision",
    "Evenement",
    "PersonnesMisesEnSursis",
]


@dataclass(frozen=True, slots=True)
class Evenement:
    """Base des événements : immuable, sans donnée nominative."""

    uai: str


@dataclass(frozen=True, slots=True)
class BriqueActivee(Evenement):
    """Une brique s'ouvre, ou va s'ouvrir, dans un établissement ; elle vient d'y être préparée."""

    brique: str


@dataclass(frozen=True, slots=True)
class BriqueDesactivee(Evenement):
    """Plus rien n'ouvre une brique dans un établissement ; ses données restent."""

    brique: str


@dataclass(frozen=True, slots=True)
class DonneeRectifiee(Evenement):
    """Une personne a fait corriger une donnée ; qui en tient une copie la reprend (RGPD, article 19).

    :param table, colonne: où elle est ; ni l'ancienne valeur ni la nouvelle.
    """

    traitement: str
    table: str
    colonne: str
    personne_id: UUID


@dataclass(frozen=True, slots=True)
class ElevesPartisDeDivision(Evenement):
    """Un import a enregistré le départ d'élèves d'une division de l'année.

    :param eleves: élèves, une fois chacun.
    :param jour: premier jour où ils n'y sont plus ; parfois à venir.
    """

    division_id: UUID
    eleves: tuple[UUID, ...]
    jour: date


@dataclass(frozen=True, slots=True)
class PersonnesMisesEnSursis(Evenement):
    """Des personnes ont disparu de l'annuaire : elles n'entrent plus, avant suppression.

    L'établissement est le dernier où elles étaient ; une personne qui en quitte plusieurs le même jour est
    dans l'événement de chacun.

    :param personnes: personnes, une fois chacune.
    :param suppression_le: jour à partir duquel elles seront supprimées, si elles ne reviennent pas.
    """

    personnes: tuple[UUID, ...]
    suppression_le: date
