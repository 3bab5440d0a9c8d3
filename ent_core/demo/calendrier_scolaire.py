"""Les semaines de cours d'une année scolaire, sans distinction de zone."""

from __future__ import annotations

from datetime import date, timedelta

__all__ = ["SEMAINE", "rentree", "semaines_de_cours"]

SEMAINE = timedelta(weeks=1)
# Jour autour duquel tombe le premier lundi de chaque congé de deux semaines : Toussaint, Noël,
# puis hiver et printemps, où l'on prend le milieu des trois zones.
_CONGES = ((0, 10, 19), (0, 12, 21), (1, 2, 15), (1, 4, 12))


def rentree(annee: int) -> date:
    """Le jour de la rentrée des élèves.

    :param annee: première année civile de l'année scolaire.
    """
    return date(annee, 9, 1)


def _lundi_le_plus_proche(jour: date) -> date:
    return jour - timedelta(days=(jour.weekday() + 3) % 7 - 3)


def semaines_de_cours(annee: int) -> tuple[date, ...]:
    """Les lundis des semaines de cours.

    :param annee: première année civile de l'année scolaire.
    """
    conges = set()
    for decalage, mois, quantieme in _CONGES:
        premier = _lundi_le_plus_proche(date(annee + decalage, mois, quantieme))
        conges |= {premier, premier + SEMAINE}
    debut = rentree(annee)
    lundi = debut - timedelta(days=debut.weekday())
    if debut.weekday() > 4:
        lundi += SEMAINE
    lundis = []
    while lundi < date(annee + 1, 7, 3):
        if lundi not in conges:
            lundis.append(lundi)
        lundi += SEMAINE
    return tuple(lundis)
