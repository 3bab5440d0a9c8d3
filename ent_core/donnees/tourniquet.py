"""Le tourniquet : sur une connexion, le portillon en vigueur et le rôle de base réellement posé.

Sans juge, il laisse tout passer. Avec un juge, il lui soumet chaque énoncé *avant* qu'il ne parte, et pose
l'audience qu'il désigne. Le rôle n'est changé que s'il le faut : une page, une fois.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

__all__ = ["OPTION", "LectureSensible", "Passage", "Portillon", "Tourniquet"]

OPTION = "ent_tourniquet"
"""Option de connexion sous laquelle vit le tourniquet ; il disparaît avec la transaction."""

_POSER = "select set_config('role', %s, true), set_config('ent.finalite', %s, true)"
_NOTER = "select ent_noter_lecture(%s, %s, %s)"


@dataclass(frozen=True, slots=True)
class LectureSensible:
    """Ce qu'un énoncé lit de sensible dans une table.

    :param colonnes: colonnes lues.
    :param sujets: noms des valeurs liées qui désignent la personne concernée, s'il y en a.
    """

    traitement: str
    colonnes: tuple[str, ...]
    sujets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """Un énoncé permis.

    :param audiences: rôles de base dont chacun suffit ; vide, il ne touche aucune table.
    :param lectures: ce qu'il faut noter.
    """

    audiences: tuple[str, ...] = ()
    lectures: tuple[LectureSensible, ...] = ()


Juge = Callable[[Any], Passage]
"""Rend le passage d'un énoncé compilé, ou le refuse par une ``ErreurEnt``."""


class Portillon(Protocol):
    """Ce que la base attend de celui qui juge (``ent_core.vie_privee.portillon``)."""

    def finalites(self, brique: str) -> frozenset[str]:
        """Ce au titre de quoi une brique agit."""
        ...

    def juge(self, finalites: frozenset[str], roles: tuple[str, ...]) -> Juge:
        """Le juge de ces finalités et de ces rôles."""
        ...


class Tourniquet:
    """L'état d'une connexion.

    :param role: rôle de base hors du portillon.
    :param finalite: motif posé dans la base hors du portillon.
    """

    __slots__ = ("_finalite", "_interne", "_juge", "_notees", "_pose", "finalite", "role")

    def __init__(self, role: str, finalite: str) -> None:
        self.role, self.finalite = role, finalite
        self._juge: Juge | None = None
        self._finalite = ""
        self._pose: str | None = role
        self._interne = False
        self._notees: set[tuple[str, tuple[str, ...], tuple[UUID, ...]]] = set()

    def lever(self, juge: Juge | None, finalite: str = "") -> None:
        """Met un juge en vigueur, ou aucun ; la base ne le saura qu'au prochain énoncé.

        :param juge: juge, ou ``None`` pour laisser passer.
        :param finalite: motif à poser dans la base avec l'audience.
        """
        self._juge, self._finalite = juge, finalite

    def posee(self, role: str | None) -> None:
        """Retient le rôle que la base a désormais ; ``None`` si on ne le sait plus.

        :param role: rôle de base.
        """
        self._pose = role
        # Ce qui était noté est peut-être défait, ou l'était pour une autre personne.
        self._notees.clear()

    def poser(self, connexion: Connection, role: str) -> None:
        """Pose une audience dans la base, si elle n'y est pas.

        :param connexion: connexion de la transaction.
        :param role: rôle de base.
        """
        if self._pose != role:
            finalite = self.finalite if self._juge is None else self._finalite
            self._executer(connexion, _POSER, (role, finalite))
            self._pose = role

    def passer(self, connexion: Connection, contexte: Any) -> None:
        """Soumet un énoncé qui va partir.

        :param connexion: connexion qui l'exécute.
        :param contexte: contexte d'exécution de SQLAlchemy.
        """
        if self._interne:
            return
        if self._juge is None:
            self.poser(connexion, self.role)
            return
        passage = self._juge(contexte.compiled)
        if passage.audiences and self._pose not in passage.audiences:
            self.poser(connexion, passage.audiences[0])
        for lecture in passage.lectures:
            self._noter(connexion, contexte, lecture)

    def _noter(self, connexion: Connection, contexte: Any, lecture: LectureSensible) -> None:
        """Note une lecture sensible, une fois par transaction et par personne concernée."""
        sujets = tuple(sorted(_sujets(contexte, lecture.sujets)))
        fait = (lecture.traitement, lecture.colonnes, sujets)
        if fait not in self._notees:
            self._executer(connexion, _NOTER, (lecture.traitement, list(lecture.colonnes), list(sujets)))
            self._notees.add(fait)

    def _executer(self, connexion: Connection, ordre: str, valeurs: tuple[Any, ...]) -> None:
        self._interne = True
        try:
            connexion.exec_driver_sql(ordre, valeurs)
        finally:
            self._interne = False


def _sujets(contexte: Any, noms: tuple[str, ...]) -> set[UUID]:
    trouves: set[UUID] = set()
    for valeurs in contexte.compiled_parameters if noms else ():
        for nom in noms:
            valeur = valeurs.get(nom)
            trouves |= {v for v in (valeur if isinstance(valeur, list) else [valeur]) if isinstance(v, UUID)}
    return trouves
