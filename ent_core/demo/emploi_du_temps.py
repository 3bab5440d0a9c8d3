"""Placement des séances dans la semaine : ni enseignant, ni division à deux endroits à la fois.

Chaque ressource (division, enseignant) porte un masque de 72 bits : les 36 plages de la semaine A, puis
celles de la semaine B. Une séance hebdomadaire prend la même plage dans les deux. On place d'abord ce qui
est le plus contraint ; une séance sans place en déloge d'autres, qui sont replacées ensuite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ent_core.demo.modele import Cours
from ent_core.socle.erreurs import OperationRefusee

__all__ = ["PLAGES", "Seance", "cours_places", "indisponible_hors", "placer"]

# Début et fin des plages d'une journée ; le mercredi n'a que les quatre premières.
PLAGES = (
    ("0800", "0855"), ("0900", "0955"), ("1010", "1105"), ("1110", "1205"),
    ("1330", "1425"), ("1430", "1525"), ("1540", "1635"), ("1635", "1730"),
)  # fmt: skip
_PREFERENCE = (1.5, 0.0, 0.0, 0.5, 0.5, 0.5, 2.0, 4.0)
_PLAGES_PAR_JOUR = (8, 8, 4, 8, 8)
_ALTERNANCES = {"": "H", "A": "QA", "B": "QB"}
_ESSAIS = 6

_JOURS: tuple[int, ...] = tuple(j for j, n in enumerate(_PLAGES_PAR_JOUR) for _ in range(n))
_RANGS: tuple[int, ...] = tuple(r for n in _PLAGES_PAR_JOUR for r in range(n))
_SEMAINE = len(_JOURS)
_MASQUES_DES_JOURS = tuple(
    sum(1 << p | 1 << (p + _SEMAINE) for p in range(_SEMAINE) if _JOURS[p] == jour) for jour in range(5)
)


@dataclass(slots=True, eq=False)
class Seance:
    """Une heure (ou deux) à placer.

    :param bloc: rang du bloc d'enseignement dont elle est une séance.
    :param ressources: divisions et enseignants occupés.
    :param plages: une ou deux plages consécutives.
    :param semaine: « A », « B », ou vide pour toutes les semaines.
    """

    bloc: int
    ressources: tuple[object, ...]
    plages: int
    semaine: str
    place: int = field(default=-1)
    masque: int = field(default=0)


def _etendre(masque: int, semaine: str) -> int:
    if semaine == "A":
        return masque
    return masque << _SEMAINE if semaine == "B" else masque | masque << _SEMAINE


_POSITIONS: dict[tuple[int, str], tuple[tuple[int, int], ...]] = {
    (nombre, semaine): tuple(
        (_etendre(((1 << nombre) - 1) << p, semaine), p) for p in range(_SEMAINE) if _RANGS[p] % nombre == 0
    )
    for nombre in (1, 2)
    for semaine in ("", "A", "B")
}


def indisponible_hors(jours: Sequence[int]) -> int:
    """Le masque d'un enseignant qui n'est présent que certains jours.

    :param jours: jours de présence, 0 pour lundi.
    """
    return sum(masque for jour, masque in enumerate(_MASQUES_DES_JOURS) if jour not in jours)


def placer(seances: Sequence[Seance], indisponibilites: Mapping[object, int], alea: Random) -> None:
    """Donne une place à chaque séance.

    :param seances: séances ; leur place est écrite en elles.
    :param indisponibilites: masque des plages interdites à une ressource.
    :raises OperationRefusee: la grille demandée ne tient pas dans la semaine.
    """
    for _ in range(_ESSAIS):
        if _Grille(indisponibilites, alea).remplir(seances):
            return
    raise OperationRefusee(
        f"{len(seances)} séances ne tiennent pas dans la semaine de {_SEMAINE} plages.",
        remede="choisir une autre graine ou un autre nombre d'élèves par établissement.",
    )


class _Grille:
    """L'état d'un essai de placement."""

    def __init__(self, indisponibilites: Mapping[object, int], alea: Random) -> None:
        self.alea = alea
        self.interdit = indisponibilites
        self.occupe: dict[object, int] = {}
        self.placees: dict[object, list[Seance]] = {}
        self.jours_du_bloc: dict[int, list[int]] = {}

    def remplir(self, seances: Sequence[Seance]) -> bool:
        """Place tout ; faux si trop de séances ont dû être délogées."""
        pile = sorted(
            seances, key=lambda s: (len(s.ressources) + 3 * s.plages, self._gene(s), self.alea.random())
        )
        credit = 30 * len(seances)
        while pile:
            credit -= 1
            if credit < 0:
                return False
            seance = pile.pop()
            if not self._essayer(seance):
                pile.extend(self._forcer(seance))
        return True

    def _gene(self, seance: Seance) -> int:
        return sum(self.interdit.get(r, 0).bit_count() for r in seance.ressources)

    def _essayer(self, seance: Seance) -> bool:
        pris = 0
        for ressource in seance.ressources:
            pris |= self.occupe.get(ressource, 0) | self.interdit.get(ressource, 0)
        jours = self.jours_du_bloc.get(seance.bloc, ())
        charge = self.occupe.get(seance.ressources[0], 0)
        charges = [(charge & masque).bit_count() / 2 for masque in _MASQUES_DES_JOURS]
        meilleur, choix = 1e9, None
        hasard = self.alea.random
        for masque, place in _POSITIONS[seance.plages, seance.semaine]:
            if masque & pris:
                continue
            jour = _JOURS[place]
            note = _PREFERENCE[_RANGS[place]] + charges[jour] + 8 * (jour in jours) + hasard()
            if note < meilleur:
                meilleur, choix = note, (masque, place)
        if choix is None:
            return False
        self._poser(seance, *choix)
        return True

    def _forcer(self, seance: Seance) -> list[Seance]:
        """Prend la place qui déloge le moins de séances, et rend celles-ci."""
        interdit = 0
        for ressource in seance.ressources:
            interdit |= self.interdit.get(ressource, 0)
        voisines = {id(s): s for r in seance.ressources for s in self.placees.get(r, ())}
        libres = [c for c in _POSITIONS[seance.plages, seance.semaine] if not c[0] & interdit]
        if not libres:
            raise OperationRefusee(
                "Une séance demande un enseignant dans des jours où il n'est jamais présent.",
                remede="choisir une autre graine.",
            )
        masque, place = min(
            libres,
            key=lambda c: (
                sum(s.plages for s in voisines.values() if s.masque & c[0]) + 2 * self.alea.random()
            ),
        )
        delogees = [s for s in voisines.values() if s.masque & masque]
        for autre in delogees:
            self._oter(autre)
        self._poser(seance, masque, place)
        return delogees

    def _poser(self, seance: Seance, masque: int, place: int) -> None:
        seance.masque, seance.place = masque, place
        self.jours_du_bloc.setdefault(seance.bloc, []).append(_JOURS[place])
        for ressource in seance.ressources:
            self.occupe[ressource] = self.occupe.get(ressource, 0) | masque
            self.placees.setdefault(ressource, []).append(seance)

    def _oter(self, seance: Seance) -> None:
        self.jours_du_bloc[seance.bloc].remove(_JOURS[seance.place])
        for ressource in seance.ressources:
            self.occupe[ressource] ^= seance.masque
            self.placees[ressource].remove(seance)


def cours_places(seances: Sequence[tuple[Seance, str]]) -> list[Cours]:
    """Donne une salle à chaque séance placée, et la traduit en plage horaire.

    Les salles d'un type sont aussi nombreuses que les cours simultanés l'exigent. Les séances longues,
    puis hebdomadaires, sont servies d'abord : une salle libre se trouve alors toujours.

    :param seances: couples (séance placée, type de salle), un par enseignement (les groupes parallèles
        d'une même séance ont chacun leur salle).
    """
    occupation: dict[str, list[int]] = {}
    rangs = sorted(range(len(seances)), key=lambda i: (-seances[i][0].plages, seances[i][0].semaine, i))
    salles: dict[int, str] = {}
    for rang in rangs:
        seance, type_de_salle = seances[rang]
        prises = occupation.setdefault(type_de_salle, [])
        libre = next((n for n, masque in enumerate(prises) if not masque & seance.masque), len(prises))
        if libre == len(prises):
            prises.append(0)
        prises[libre] |= seance.masque
        salles[rang] = _code_de_salle(type_de_salle, libre)
    return [_cours(seance, salles[rang]) for rang, (seance, _) in enumerate(seances)]


def _code_de_salle(type_de_salle: str, rang: int) -> str:
    if type_de_salle == "GEN":
        return f"{'ABCDEFGH'[rang // 20 % 8]}{rang // 10 % 2 + 1}{rang % 10 + 1:02d}"
    return f"{type_de_salle}{rang + 1}"


def _cours(seance: Seance, salle: str) -> Cours:
    premiere = _RANGS[seance.place]
    debut, fin = PLAGES[premiere][0], PLAGES[premiere + seance.plages - 1][1]
    minutes = int(fin[:2]) * 60 + int(fin[2:]) - int(debut[:2]) * 60 - int(debut[2:])
    return Cours(
        _ALTERNANCES[seance.semaine],
        _JOURS[seance.place] + 1,
        debut,
        f"{minutes // 60:02d}{minutes % 60:02d}",
        salle,
    )
