"""La clé qui compare deux textes écrits différemment : sans accent, sans casse, sans ponctuation."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["cle_de_comparaison"]

_SEPARATEURS = re.compile(r"[\W_]+")
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})


def cle_de_comparaison(texte: str) -> str:
    """« Né(e)  le » donne « ne e le » ; « D'Aubémare » et « D AUBEMARE » donnent la même clé."""
    decompose = unicodedata.normalize("NFKD", texte.casefold().translate(_LIGATURES))
    sans_accent = "".join(caractere for caractere in decompose if not unicodedata.combining(caractere))
    return _SEPARATEURS.sub(" ", sans_accent).strip()
