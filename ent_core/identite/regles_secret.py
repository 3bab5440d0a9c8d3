"""Ce qu'un mot de passe doit être (CNIL 2022-100, deuxième cas : essais freinés, 50 bits au moins).

La longueur compte plus que la composition : trois mots sans rapport valent mieux qu'une
majuscule et un chiffre ajoutés à un prénom. Aucun renouvellement périodique n'est imposé.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from enum import IntEnum

from ent_core.identite.force_secret import juger, morceaux, nu
from ent_core.identite.secrets import LONGUEUR_MAXIMALE, normaliser_secret
from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["ENTROPIE_MINIMALE", "Exigence", "entropie", "exiger_secret", "reproches"]

ENTROPIE_MINIMALE = 50
"""Bits exigés quand les essais sont freinés (CNIL-PWD-02)."""

_CARACTERES_DIFFERENTS = 5
_NOM_MINIMAL = 4
_ESSAIS_PERSONNEL = 1e8
_ESSAIS_USAGER = 1e6


class Exigence(IntEnum):
    """Longueur minimale, selon ce qu'un compte volé donnerait à voir."""

    ELEVE_PREMIER_DEGRE = 8
    USAGER = 10
    PERSONNEL = 12

    @property
    def essais(self) -> float:
        """Essais auxquels il doit résister : les notes 3 et 2 de zxcvbn ; le freinage fait le reste."""
        return _ESSAIS_PERSONNEL if self is Exigence.PERSONNEL else _ESSAIS_USAGER


def exiger_secret(
    secret: str, exigence: Exigence, personnels: Collection[str], entourage: Collection[str] = ()
) -> None:
    """Refuse un mot de passe trop faible, en disant tout ce qui ne va pas.

    :param secret: mot de passe choisi.
    :param exigence: niveau exigé.
    :param personnels: identifiant, nom et prénom, qu'il ne doit pas contenir.
    :param entourage: établissement, UAI, classe, date de naissance : ils s'y devinent.
    :raises DonneeInvalide: toutes les raisons à la fois, sans citer le mot de passe.
    """
    if raisons := reproches(secret, exigence, personnels, entourage):
        raise DonneeInvalide(
            f"ce mot de passe ne convient pas : {' ; '.join(raisons)}.",
            remede="choisir par exemple trois ou quatre mots sans rapport entre eux, avec des espaces.",
            lieu="mot de passe",
        )


def reproches(
    secret: str, exigence: Exigence, personnels: Collection[str], entourage: Collection[str] = ()
) -> list[str]:
    """Raisons de refuser un mot de passe ; vide, il convient.

    :param secret: mot de passe choisi.
    :param exigence: niveau exigé.
    :param personnels: identifiant, nom et prénom.
    :param entourage: établissement, UAI, classe, date de naissance.
    """
    return list(_reproches(normaliser_secret(secret), exigence, personnels, entourage))


def entropie(secret: str) -> float:
    """Bits d'un mot de passe tiré au hasard de même longueur et de mêmes classes (calcul de la CNIL).

    :param secret: mot de passe.
    """
    classes = (
        (26, any("a" <= c <= "z" for c in secret)),
        (26, any("A" <= c <= "Z" for c in secret)),
        (10, any("0" <= c <= "9" for c in secret)),
        (33, any(not (c.isascii() and c.isalnum()) for c in secret)),
    )
    alphabet = sum(taille for taille, presente in classes if presente)
    return len(secret) * math.log2(alphabet) if alphabet else 0.0


def _reproches(
    secret: str, exigence: Exigence, personnels: Collection[str], entourage: Collection[str]
) -> Iterator[str]:
    if len(secret) > LONGUEUR_MAXIMALE:
        yield f"il dépasse {LONGUEUR_MAXIMALE} caractères"
        return
    if len(secret) < exigence:
        yield f"il a moins de {int(exigence)} caractères"
    elif entropie(secret) < ENTROPIE_MINIMALE:
        yield "il est trop simple pour sa longueur : ajouter un mot, ou d'autres sortes de caractères"
    if len(set(secret)) < _CARACTERES_DIFFERENTS:
        yield "il répète toujours les mêmes caractères"
    simple = nu(secret)
    if any(len(nom) >= _NOM_MINIMAL and nom in simple for nom in morceaux(personnels)):
        yield "il contient votre identifiant, votre nom ou votre prénom"
    jugement = juger(secret, [*personnels, *entourage])
    if jugement.essais < exigence.essais:
        pourquoi = f" ({', '.join(jugement.conseils)})" if jugement.conseils else ""
        yield f"il est fait de mots ou de suites que tout le monde essaie en premier{pourquoi}"
