"""Les contrats entre briques : ce que l'une demande, et qu'une autre lui donne sans qu'elles se connaissent.

Une demande est une valeur typée ; qui l'offre rend des réponses du type qu'elle annonce. Sans brique qui
l'offre, la demande reste sans réponse, et celle qui demande a sa propre saisie.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

__all__ = ["DecompteScelle", "DecomptesScelles", "Demande"]

Reponse = TypeVar("Reponse")


class Demande(Generic[Reponse]):
    """Base des demandes ; le paramètre est le type de chaque réponse."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class DecompteScelle:
    """Les trois nombres d'assiduité d'un élève pour une période, tels qu'ils s'impriment.

    :param demi_journees: demi-journées d'absence.
    :param non_reglees: parmi elles, celles que rien ne réglait au scellement.
    :param retards: nombre de retards.
    :param corrige: une correction est venue après le scellement ; ce qui s'imprime reste ce qui est scellé.
        Ne se dit qu'aux personnels.
    """

    eleve_id: UUID
    demi_journees: int
    non_reglees: int
    retards: int
    scelle_le: datetime
    corrige: bool = False


@dataclass(frozen=True, slots=True)
class DecomptesScelles(Demande[DecompteScelle]):
    """Les décomptes scellés d'une période ; un élève sans décompte, ou hors de portée, n'est pas rendu.

    :param annee: première année civile de l'année scolaire.
    :param periode: rang du trimestre ou du semestre.
    :param eleves: élèves voulus.
    """

    annee: int
    periode: int
    eleves: frozenset[UUID] = field(default_factory=frozenset)
