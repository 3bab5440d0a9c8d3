"""La grille d'une statistique : des lignes en arbre, des colonnes, un nombre par case et ses totaux.

La dernière colonne est le total des autres ; une ligne qui a des enfants est leur somme. S'il n'y a aucune
colonne, il ne reste que le total.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Case", "Entete", "Grille", "Trame", "totaliser"]

Case = tuple[int, int]
"""Rang de la ligne, rang de la colonne ; la colonne de rang ``colonnes`` est le total."""


@dataclass(frozen=True, slots=True)
class Entete:
    """Le titre d'une ligne ou d'une colonne.

    :param cle: ce qui l'identifie (code d'une liste, UAI, code d'une division).
    :param intitule: ce que l'on montre.
    """

    cle: str
    intitule: str


@dataclass(frozen=True, slots=True)
class Trame:
    """La trame d'une grille : ses lignes en arbre et ses colonnes, sans ses nombres.

    :param dessus: rang de la ligne dont chacune est une part, plus petit que le sien ; ``None`` pour la
        première, qui est le tout.
    :param colonnes: nombre de colonnes, hors total.
    """

    dessus: tuple[int | None, ...]
    colonnes: int

    @property
    def cases(self) -> list[Case]:
        """Toutes les cases, totaux compris."""
        lignes, colonnes = range(len(self.dessus)), range(self.colonnes + 1)
        return [(ligne, colonne) for ligne in lignes for colonne in colonnes]

    @property
    def feuilles(self) -> frozenset[int]:
        """Lignes sans enfant."""
        return frozenset(range(len(self.dessus))) - {p for p in self.dessus if p is not None}

    def profondeur(self, ligne: int) -> int:
        """Nombre de lignes au-dessus d'une ligne.

        :param ligne: rang.
        """
        dessus = self.dessus[ligne]
        return 0 if dessus is None else 1 + self.profondeur(dessus)


@dataclass(frozen=True, slots=True)
class Grille:
    """Une grille comptée, avant toute protection : elle ne sort pas du noyau.

    :param nombres: ce qui est compté dans chaque case ; chaque total est la somme de ses parties.
    :param personnes: personnes différentes derrière chaque case.
    """

    trame: Trame
    lignes: tuple[Entete, ...]
    colonnes: tuple[Entete, ...]
    nombres: Mapping[Case, int]
    personnes: Mapping[Case, int]


def totaliser(trame: Trame, feuilles: Mapping[Case, int]) -> dict[Case, int]:
    """Nombre de chaque case, tiré de celui des cases les plus fines.

    :param trame: trame de la grille.
    :param feuilles: nombre des cases des lignes sans enfant ; une case absente vaut zéro. Sans colonne, la
        case la plus fine est celle du total.
    """
    total = trame.colonnes
    fines: Sequence[int] = range(total) if total else (0,)
    nombres = dict.fromkeys(trame.cases, 0)
    for ligne in trame.feuilles:
        for colonne in fines:
            _remonter(nombres, trame, ligne, colonne, feuilles.get((ligne, colonne), 0))
    return nombres


def _remonter(nombres: dict[Case, int], trame: Trame, ligne: int, colonne: int, nombre: int) -> None:
    ici: int | None = ligne
    while ici is not None:
        nombres[ici, colonne] += nombre
        if colonne != trame.colonnes:
            nombres[ici, trame.colonnes] += nombre
        ici = trame.dessus[ici]
