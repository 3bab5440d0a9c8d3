"""Tirage des noms : nom de famille, prénoms, forme d'usage, adresse électronique."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from random import Random

from ent_core.demo.listes_noms import AIRES, Aire

__all__ = ["Hasard", "majuscules", "sans_accents"]

_CUMULS = tuple(accumulate(aire.poids for aire in AIRES))
# Lettres que la décomposition Unicode ne ramène pas à une lettre de base.
_LETTRES_A_PART = str.maketrans({"ı": "i", "ł": "l", "Ł": "L", "ø": "o", "đ": "d", "œ": "oe", "æ": "ae"})


def majuscules(nom: str) -> str:
    """Un nom de famille comme l'annuaire l'écrit : en capitales, accents gardés.

    :param nom: par exemple « d'Aubrac », qui rend « D'AUBRAC ».
    """
    return nom.upper()


@lru_cache(maxsize=4_096)
def sans_accents(texte: str) -> str:
    """Réduit un texte à des lettres ASCII minuscules, chiffres et tirets, pour une adresse électronique.

    :param texte: nom ou prénom.
    """
    decompose = unicodedata.normalize("NFD", texte.translate(_LETTRES_A_PART))
    return "".join(
        c if c.isalnum() else "-" for c in decompose.lower() if c.isascii() and (c.isalnum() or c in " -")
    )


@dataclass(slots=True)
class Hasard:
    """Un générateur aléatoire reproductible qui sait tirer des noms.

    :param alea: source de hasard, semée par du texte (indépendante du hachage de Python).
    """

    alea: Random

    @classmethod
    def seme(cls, graine: int, *cles: object) -> Hasard:
        """Un hasard propre à une partie de l'académie.

        :param graine: graine de toute la génération.
        :param cles: ce qui distingue cette partie (bassin, établissement, usage).
        """
        return cls(Random(":".join(str(c) for c in (graine, *cles))))

    def chance(self, probabilite: float) -> bool:
        """Vrai avec la probabilité donnée (entre 0 et 1)."""
        return self.alea.random() < probabilite

    def aire(self) -> Aire:
        """Une aire d'origine, selon les poids."""
        return self.alea.choices(AIRES, cum_weights=_CUMULS)[0]

    def nom(self, aire: Aire) -> str:
        """Un nom de famille en capitales."""
        return majuscules(self.alea.choice(aire.noms))

    def prenom_enfant(self, aire: Aire, fille: bool) -> str:
        """Un prénom d'enfant ; une fois sur cinq, d'une autre aire que le nom."""
        source = self.aire() if self.chance(0.2) else aire
        return self.alea.choice(source.filles if fille else source.garcons)

    def prenom_adulte(self, aire: Aire, femme: bool) -> str:
        """Un prénom d'adulte."""
        return self.alea.choice(aire.femmes if femme else aire.hommes)

    def prenoms_enfant(self, aire: Aire, fille: bool) -> tuple[str, ...]:
        """Le prénom usuel, suivi de zéro à deux autres prénoms."""
        usuel = self.prenom_enfant(aire, fille)
        nombre = self.alea.choices((0, 1, 2), (45, 40, 15))[0]
        autres = [self.prenom_adulte(aire, fille) for _ in range(nombre)]
        return tuple(dict.fromkeys((usuel, *autres)))

    def telephone_fixe(self) -> str:
        """Un numéro fixe de la tranche réservée à la fiction (01 99 00)."""
        return f"019900{self.alea.randrange(10_000):04d}"

    def telephone_mobile(self) -> str:
        """Un numéro mobile de la tranche réservée à la fiction (06 39 98)."""
        return f"063998{self.alea.randrange(10_000):04d}"
