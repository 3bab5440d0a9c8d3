"""La carte d'identité d'une brique."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["CONTRAT", "FORME_IDENTIFIANT", "Manifeste"]

CONTRAT = 1
"""Version du contrat des crochets : un ajout ne la change pas, un retrait la fait monter."""

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
    """

    id: str
    titre: str
    version: str
    resume: str
    contrat: int = CONTRAT
