"""L'attaquant des marges : il n'a qu'une publication, et ne doit rien au code qui la protège.

Il sait que les totaux sont des sommes, que rien n'est négatif, et ce qu'il veut bien supposer d'autre. Il
cherche, pour chaque case tue, la plus petite et la plus grande valeur possibles : par un simplexe en nombres
rationnels, donc exact. Une case dont les deux se touchent est *retrouvée*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

__all__ = ["Case", "egalites", "encadrer"]

Case = tuple[int, int]
Ligne = dict[int, Fraction]


def egalites(dessus: Sequence[int | None], colonnes: int) -> list[dict[Case, int]]:
    """Toutes les sommes d'une grille, écrites « parties moins total = 0 », même celles qui ne servent à rien.

    :param dessus: rang de la ligne dont chacune est une part ; ``None``, le tout.
    :param colonnes: nombre de colonnes, hors total.
    """
    rendues: list[dict[Case, int]] = []
    for ligne in range(len(dessus)):
        if colonnes:
            rendues.append({(ligne, colonnes): -1, **{(ligne, j): 1 for j in range(colonnes)}})
        parts = [i for i, au_dessus in enumerate(dessus) if au_dessus == ligne]
        if parts:
            for j in range(colonnes + 1):
                rendues.append({(ligne, j): -1, **{(i, j): 1 for i in parts}})
    return rendues


def encadrer(
    sommes: Sequence[Mapping[Case, int]],
    connues: Mapping[Case, tuple[int, int | None]],
    cherchees: Sequence[Case],
) -> dict[Case, tuple[int, int | None]]:
    """Bornes entières de chaque case cherchée ; une borne haute absente veut dire « sans limite ».

    :param sommes: égalités.
    :param connues: ce que l'on sait d'une case : du moins au plus ; une case absente vaut zéro ou plus.
    :param cherchees: cases à encadrer.
    """
    cases = sorted({case for somme in sommes for case in somme} | set(connues) | set(cherchees))
    rang = {case: i for i, case in enumerate(cases)}
    bas = {case: connues.get(case, (0, None))[0] for case in cases}
    lignes: list[Ligne] = []
    seconds: list[Fraction] = []
    # Chaque case vaut sa borne basse plus une inconnue positive ; une borne haute prend une inconnue de plus.
    for somme in sommes:
        lignes.append({rang[c]: Fraction(k) for c, k in somme.items()})
        seconds.append(Fraction(-sum(k * bas[c] for c, k in somme.items())))
    suivant = len(cases)
    figees = set()
    for case in cases:
        haut = connues.get(case, (0, None))[1]
        if haut is not None and haut == bas[case]:
            figees.add(rang[case])
        elif haut is not None:
            lignes.append({rang[case]: Fraction(1), suivant: Fraction(1)})
            seconds.append(Fraction(haut - bas[case]))
            suivant += 1
    lignes = [{i: k for i, k in ligne.items() if i not in figees} for ligne in lignes]
    tableau = _Simplexe(lignes, seconds)
    rendu: dict[Case, tuple[int, int | None]] = {}
    for case in cherchees:
        plus_bas, plus_haut = -(tableau.maximum(rang[case], -1) or 0), tableau.maximum(rang[case], 1)
        haut_entier = None if plus_haut is None else floor(plus_haut) + bas[case]
        rendu[case] = (ceil(plus_bas) + bas[case], haut_entier)
    return rendu


class _Simplexe:
    """Un tableau réalisable, que l'on optimise tour à tour dans chaque direction (règle de Bland)."""

    def __init__(self, lignes: Sequence[Ligne], seconds: Sequence[Fraction]) -> None:
        self._corps: list[Ligne] = []
        self._seconds: list[Fraction] = []
        self._base: list[int] = []
        artificielles = 10**6
        for ligne, second in zip(lignes, seconds, strict=True):
            signe = -1 if second < 0 else 1
            self._corps.append({i: signe * k for i, k in ligne.items()} | {artificielles: Fraction(1)})
            self._seconds.append(signe * second)
            self._base.append(artificielles)
            artificielles += 1
        objectif: Ligne = {}
        for ligne in self._corps:
            for i, k in ligne.items():
                if i < 10**6:
                    objectif[i] = objectif.get(i, Fraction(0)) + k
        self._optimiser(objectif)
        assert all(s == 0 for b, s in zip(self._base, self._seconds, strict=True) if b >= 10**6)
        for r, base in enumerate(self._base):  # une artificielle restée à zéro cède sa place si elle peut
            if base >= 10**6:
                entrante = next((i for i, k in self._corps[r].items() if i < 10**6 and k), None)
                if entrante is not None:
                    self._pivoter(r, entrante)
        gardees = [r for r, base in enumerate(self._base) if base < 10**6]
        self._corps = [{i: k for i, k in self._corps[r].items() if i < 10**6} for r in gardees]
        self._seconds = [self._seconds[r] for r in gardees]
        self._base = [self._base[r] for r in gardees]

    def maximum(self, inconnue: int, sens: int) -> Fraction | None:
        """Maximum de ``sens × inconnue`` ; ``None`` s'il n'y en a pas.

        :param inconnue: rang de l'inconnue.
        :param sens: 1 ou -1.
        """
        if inconnue in self._base:
            ligne = self._corps[self._base.index(inconnue)]
            objectif = {i: -sens * k for i, k in ligne.items() if i != inconnue}
        else:
            objectif = {inconnue: Fraction(sens)}
        if not self._optimiser(objectif):
            return None
        if inconnue not in self._base:
            return Fraction(0)
        return sens * self._seconds[self._base.index(inconnue)]

    def _optimiser(self, objectif: Ligne) -> bool:
        while True:
            entrante = min((i for i, k in objectif.items() if k > 0), default=None)
            if entrante is None:
                return True
            candidats = [
                (self._seconds[r] / ligne[entrante], self._base[r], r)
                for r, ligne in enumerate(self._corps)
                if ligne.get(entrante, 0) > 0
            ]
            if not candidats:
                return False
            pivot = min(candidats)[2]
            self._pivoter(pivot, entrante)
            facteur = objectif[entrante]
            for i, k in self._corps[pivot].items():
                objectif[i] = objectif.get(i, Fraction(0)) - facteur * k

    def _pivoter(self, pivot: int, entrante: int) -> None:
        diviseur = self._corps[pivot][entrante]
        self._corps[pivot] = {i: k / diviseur for i, k in self._corps[pivot].items() if k}
        self._seconds[pivot] /= diviseur
        for r, ligne in enumerate(self._corps):
            facteur = ligne.get(entrante)
            if r != pivot and facteur:
                for i, k in self._corps[pivot].items():
                    ligne[i] = ligne.get(i, Fraction(0)) - facteur * k
                self._corps[r] = {i: k for i, k in ligne.items() if k}
                self._seconds[r] -= facteur * self._seconds[pivot]
        self._base[pivot] = entrante
