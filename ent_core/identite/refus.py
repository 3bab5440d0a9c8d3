"""Ce qu'on dit d'une connexion, ou d'une preuve, refusée : une phrase, une attente, et rien de plus."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

__all__ = ["MotifRefus", "Refus"]


class MotifRefus(StrEnum):
    """Ce qu'on dit d'un refus, et rien de plus."""

    INCORRECT = "incorrect"
    CODE = "code"
    ATTENTE = "attente"
    FACTEUR = "facteur"
    CLE = "cle"
    MOT_DE_PASSE = "mot_de_passe"


_PHRASES = {
    MotifRefus.INCORRECT: "Identifiant ou mot de passe incorrect.",
    MotifRefus.CODE: "L'identifiant ou le code n'est pas le bon, ou le code a déjà servi ou a expiré.",
    MotifRefus.ATTENTE: "Trop d'essais viennent d'échouer.",
    MotifRefus.FACTEUR: "Ce code n'est pas le bon, ou il a déjà servi.",
    MotifRefus.CLE: "La clé d'accès n'a pas été reconnue.",
    MotifRefus.MOT_DE_PASSE: "Le mot de passe n'est pas le bon.",
}


@dataclass(frozen=True, slots=True)
class Refus:
    """Une connexion refusée : le compte peut ne pas exister, rien ne le dit.

    :param attente: temps à attendre avant l'essai suivant ; zéro s'il est libre.
    """

    motif: MotifRefus
    attente: timedelta = timedelta()

    @property
    def message(self) -> str:
        """Phrase à montrer à la personne."""
        attente = f" Réessayez dans {_en_clair(self.attente)}." if self.attente else ""
        return _PHRASES[self.motif] + attente


def _en_clair(attente: timedelta) -> str:
    """Attente arrondie à ce qu'une personne retient : secondes, minutes, puis heures."""
    secondes = math.ceil(attente.total_seconds())
    for unite, taille in (("heure", 3600), ("minute", 60)):
        if secondes > taille:
            return f"{math.ceil(secondes / taille)} {unite}s"
    return f"{secondes} seconde{'s' if secondes > 1 else ''}"
