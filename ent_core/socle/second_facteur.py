"""Les réglages du second facteur et de l'assistance."""

from __future__ import annotations

from datetime import date

from ent_core.socle.section import Section as _Section

__all__ = ["SecondFacteur", "Support"]


class SecondFacteur(_Section, frozen=True, kw_only=True):
    """Le second facteur de la connexion (SDET-AUTH-07) ; un administrateur en a toujours un.

    :param adresse: adresse publique à laquelle les clés d'accès sont liées ; vide, celle de ``[courriel]``.
    :param personnels_des_le: premier jour où tous les personnels en ont un ; absent, chaque établissement
        décide. Un établissement peut l'exiger plus tôt, jamais plus tard.
    """

    adresse: str = ""
    personnels_des_le: date | None = None

    def __post_init__(self) -> None:
        if self.adresse and not self.adresse.startswith(("https://", "http://localhost")):
            raise ValueError("« adresse » commence par https:// : une clé d'accès ne sert pas sans lui")


class Support(_Section, frozen=True, kw_only=True):
    """L'assistance, qui voit l'ENT comme une personne, en lecture seule et un quart d'heure au plus.

    :param actif: ouvrir cette possibilité aux administrateurs de l'académie.
    """

    actif: bool = False
