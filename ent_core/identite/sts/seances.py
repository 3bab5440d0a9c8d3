"""Comparer l'emploi du temps reçu à celui que la base tient : ce qui s'ajoute, change, disparaît."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

__all__ = ["EcartSeances", "Place", "Seance", "Tenue", "comparer"]

PREVUE = "prevue"
Place = tuple[datetime, UUID | None, UUID | None, str | None]
"""Ce qui fait qu'une séance reste la même : son début, sa classe ou son groupe, sa discipline."""


@dataclass(frozen=True, slots=True)
class Seance:
    """Une séance voulue, instants en UTC."""

    debut: datetime
    fin: datetime
    division_id: UUID | None
    groupe_id: UUID | None
    matiere: str | None
    salle: str | None
    enseignants: frozenset[UUID] = frozenset()

    @property
    def place(self) -> Place:
        """Sa place dans l'emploi du temps."""
        return self.debut, self.division_id, self.groupe_id, self.matiere


@dataclass(frozen=True, slots=True)
class Tenue:
    """Une séance que la base connaît déjà."""

    id: UUID
    etat: str
    seance: Seance


@dataclass(frozen=True, slots=True)
class EcartSeances:
    """Ce qu'il faut faire pour passer de l'ancien emploi du temps au nouveau."""

    ajouts: tuple[Seance, ...]
    modifications: tuple[tuple[UUID, Seance], ...]
    retraits: tuple[UUID, ...]
    inchangees: int


def comparer(voulues: Iterable[Seance], tenues: Iterable[Tenue]) -> EcartSeances:
    """Met en regard, place par place ; une séance qui reste garde son identifiant.

    Une séance annulée ou déplacée est une décision de l'établissement : elle n'est ni changée, ni retirée, et
    elle occupe sa place, pour ne pas renaître à l'import suivant.

    :param voulues: séances du fichier ; deux séances identiques n'en font qu'une.
    :param tenues: séances de la base, pour le même établissement et la même année.
    """
    attendues: defaultdict[Place, set[Seance]] = defaultdict(set)
    for seance in voulues:
        attendues[seance.place].add(seance)
    presentes: defaultdict[Place, list[Tenue]] = defaultdict(list)
    for tenue in tenues:
        presentes[tenue.seance.place].append(tenue)
    ajouts: list[Seance] = []
    modifications: list[tuple[UUID, Seance]] = []
    retraits: list[UUID] = []
    inchangees = 0
    for place in attendues.keys() | presentes.keys():
        restantes = attendues.get(place, set())
        libres: list[UUID] = []
        decidees = 0
        for tenue in presentes.get(place, ()):
            if tenue.etat != PREVUE:
                decidees += 1
            elif tenue.seance in restantes:
                restantes.remove(tenue.seance)
                inchangees += 1
            else:
                libres.append(tenue.id)
        suivantes = sorted(restantes, key=_ordre)[decidees:]
        inchangees += min(decidees, len(restantes))
        modifications += zip(sorted(libres), suivantes, strict=False)
        ajouts += suivantes[len(libres) :]
        retraits += sorted(libres)[len(suivantes) :]
    return EcartSeances(
        tuple(sorted(ajouts, key=lambda s: (s.debut, *_ordre(s)))),
        tuple(modifications),
        tuple(retraits),
        inchangees,
    )


def _ordre(seance: Seance) -> tuple[str, datetime, list[str]]:
    return seance.salle or "", seance.fin, sorted(map(str, seance.enseignants))
