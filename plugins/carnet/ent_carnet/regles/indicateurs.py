"""Les indicateurs d'un motif un jour donné : un changement a une date, et ne touche pas ce qui précède."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from ent_carnet.nomenclatures import Indicateur

__all__ = ["Changement", "Indicateurs", "indicateurs_au"]


@dataclass(frozen=True, slots=True)
class Indicateurs:
    """Recevable ; règle l'absence sans autre pièce ; compte au bulletin ; montré à la famille."""

    recevable: bool
    regle: bool
    compte: bool
    affichable: bool


@dataclass(frozen=True, slots=True)
class Changement:
    """Un indicateur prend une valeur à partir d'un jour."""

    indicateur: Indicateur
    valeur: bool
    effet_le: date


def indicateurs_au(jour: date, courants: Indicateurs, changements: Iterable[Changement]) -> Indicateurs:
    """Indicateurs en vigueur un jour.

    :param jour: jour de l'absence.
    :param courants: valeurs d'aujourd'hui.
    :param changements: changements décidés, du plus ancien au plus récent ; chacun inverse la valeur d'avant.
    """
    trouves = courants
    for changement in reversed(list(changements)):
        if changement.effet_le > jour:
            trouves = replace(trouves, **{changement.indicateur.value: not changement.valeur})
    return trouves
