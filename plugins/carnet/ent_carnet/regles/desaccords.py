"""Deux responsables donnent deux motifs contraires : aucun n'est retenu d'office (FAM-05)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import permutations
from uuid import UUID

__all__ = ["MotifDonne", "contraires"]


@dataclass(frozen=True, slots=True)
class MotifDonne:
    """Ce qu'une personne a donné comme motif d'une période.

    :param declarant: ``None``, venu sur papier sans qu'on sache de qui.
    :param genre: absence ou retard.
    """

    id: UUID
    eleve: UUID
    declarant: UUID | None
    debut: datetime
    fin: datetime
    genre: str
    motif: UUID


def contraires(donnes: Iterable[MotifDonne]) -> dict[UUID, frozenset[UUID]]:
    """Chaque motif contredit, et ceux qui le contredisent.

    Deux motifs se contredisent s'ils viennent de deux personnes, diffèrent, et couvrent un même moment.

    :param donnes: motifs envoyés ou acceptés.
    """
    resultat: dict[UUID, frozenset[UUID]] = {}
    for un, autre in permutations(donnes, 2):
        if _se_contredisent(un, autre):
            resultat[un.id] = resultat.get(un.id, frozenset()) | {autre.id}
    return resultat


def _se_contredisent(un: MotifDonne, autre: MotifDonne) -> bool:
    return (
        un.eleve == autre.eleve
        and un.genre == autre.genre
        and un.motif != autre.motif
        and None not in (un.declarant, autre.declarant)
        and un.declarant != autre.declarant
        and un.debut < autre.fin
        and autre.debut < un.fin
    )
