"""Le texte d'une cellule : blancs, formules, et l'apostrophe qui empêche un tableur de calculer."""

from __future__ import annotations

import re

__all__ = ["cellule_propre", "commence_une_formule", "deproteger", "proteger"]

_DEBUTS_DE_FORMULE = ("=", "+", "-", "@", "\t", "\r")
_A_PROTEGER = re.compile(r"\A'*[=+\-@\t\r]")
_PROTEGEE = re.compile(r"\A'+[=+\-@\t\r]")
_FINS_DE_LIGNE = re.compile(r"\r\n?")


def cellule_propre(texte: str) -> str:
    """Le texte sans blancs autour ; fins de ligne réduites à ``\\n``, tabulations à une espace."""
    if "\r" in texte or "\t" in texte:
        texte = _FINS_DE_LIGNE.sub("\n", texte).replace("\t", " ")
    return texte.strip()


def commence_une_formule(texte: str) -> bool:
    """Vrai si un tableur pourrait vouloir calculer cette cellule."""
    return texte.startswith(_DEBUTS_DE_FORMULE)


def proteger(texte: str) -> str:
    """Ajoute l'apostrophe qui fait de la cellule un texte ; :func:`deproteger` en est l'inverse exact."""
    return f"'{texte}" if _A_PROTEGER.match(texte) else texte


def deproteger(texte: str) -> str:
    """Retire l'apostrophe de protection."""
    return texte[1:] if _PROTEGEE.match(texte) else texte
