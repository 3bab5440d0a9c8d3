"""Le tri : quelles unités d'une série sont gardées comme témoins, de façon que chacun puisse le refaire.

Le tirage ne dépend que de la graine et de l'identifiant : ni de l'ordre, ni de la machine, ni du hasard.
"""

from __future__ import annotations

import hashlib

__all__ = ["annee_temoin", "graine", "retenue"]


def graine(*parties: object) -> str:
    """Graine d'un tirage, tirée de ce qui le désigne.

    :param parties: traitement, version, table, établissement, période.
    """
    return hashlib.sha256("|".join("" if p is None else str(p) for p in parties).encode()).hexdigest()


def retenue(graine_du_tri: str, identifiant: object, *, sur: int) -> bool:
    """Vrai si l'unité est gardée : une sur ``sur``, au tirage.

    :param graine_du_tri: graine, écrite au plan et dans la preuve.
    :param identifiant: identifiant de l'unité.
    :param sur: inverse de la part gardée ; 10 garde une unité sur dix.
    :raises ValueError: part nulle ou négative (faute de programmation).
    """
    if sur < 1:
        raise ValueError("le tri garde au plus une unité sur une")
    tirage = hashlib.sha256(f"{graine_du_tri}|{identifiant}".encode()).digest()
    return int.from_bytes(tirage[:8]) % sur == 0


def annee_temoin(annee: int) -> bool:
    """Vrai pour une année dont le millésime finit par 0 ou 5, gardée entière dans certaines séries.

    :param annee: première année civile.
    """
    return annee % 5 == 0
