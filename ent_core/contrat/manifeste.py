"""La carte d'identité d'une brique."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["CONTRAT", "DEGRES", "FORME_IDENTIFIANT", "Manifeste", "dit_les_degres"]

CONTRAT = 1
"""Version du contrat des crochets : un ajout ne la change pas, un retrait la fait monter."""

DEGRES = frozenset({1, 2})
"""Premier et second degré."""

FORME_IDENTIFIANT = re.compile(r"[a-z][a-z0-9_]{2,30}")
"""Forme d'un identifiant de brique ; il préfixe ses tables, ses permissions et ses gabarits."""


@dataclass(frozen=True, slots=True)
class Manifeste:
    """Identité d'une brique.

    :param id: identifiant ASCII, préfixe de tout ce que la brique apporte.
    :param titre: nom montré aux personnes.
    :param version: version de la distribution.
    :param resume: ce que la brique apporte, en une phrase.
    :param contrat: version du contrat pour laquelle elle est écrite.
    :param degres: degrés des établissements où elle peut s'ouvrir ; par défaut, premier et second.
    """

    id: str
    titre: str
    version: str
    resume: str
    contrat: int = CONTRAT
    degres: frozenset[int] = DEGRES


def dit_les_degres(manifeste: Manifeste) -> str:
    """À quels établissements une brique se destine, en clair ; vide si elle va à tous.

    :param manifeste: manifeste de la brique.
    """
    if manifeste.degres >= DEGRES:
        return ""
    return f"elle est faite pour le {'premier' if 1 in manifeste.degres else 'second'} degré"
