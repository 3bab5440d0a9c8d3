"""Les jours ouvrables : tous sauf les dimanches et les jours fériés légaux (C. trav. L. 3133-1)."""

from __future__ import annotations

from datetime import date, timedelta

from dateutil.easter import easter

__all__ = ["apres_jours_ouvrables", "est_ouvrable", "jours_feries"]

_DIMANCHE = 6
_FIXES = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_MOBILES = {"lundi de Pâques": 1, "Ascension": 39, "lundi de Pentecôte": 50}


def jours_feries(annee: int, *, alsace_moselle: bool = False) -> frozenset[date]:
    """Jours fériés légaux d'une année civile.

    :param annee: année civile.
    :param alsace_moselle: ajoute le vendredi saint et le 26 décembre (C. trav. L. 3134-13).
    """
    paques = easter(annee)
    jours = {date(annee, mois, jour) for mois, jour in _FIXES}
    jours |= {paques + timedelta(days=ecart) for ecart in _MOBILES.values()}
    if alsace_moselle:
        jours |= {paques - timedelta(days=2), date(annee, 12, 26)}
    return frozenset(jours)


def est_ouvrable(jour: date, *, alsace_moselle: bool = False) -> bool:
    """Vrai pour un jour ouvrable ; le samedi en est un.

    :param jour: le jour.
    :param alsace_moselle: jours fériés d'Alsace et de Moselle compris.
    """
    feries = jours_feries(jour.year, alsace_moselle=alsace_moselle)
    return jour.weekday() != _DIMANCHE and jour not in feries


def apres_jours_ouvrables(depart: date, nombre: int, *, alsace_moselle: bool = False) -> date:
    """Dernier jour d'un délai d'au moins ``nombre`` jours ouvrables ; le jour du départ ne compte pas.

    La décision peut intervenir le lendemain : ces jours-là sont entiers.

    :param depart: jour où les faits ont été notifiés.
    :param nombre: jours ouvrables, 1 ou plus.
    :param alsace_moselle: jours fériés d'Alsace et de Moselle compris.
    :raises ValueError: nombre nul ou négatif (faute de programmation).
    """
    if nombre < 1:
        raise ValueError("un délai d'au moins un jour")
    jour, restants = depart, nombre
    while restants:
        jour += timedelta(days=1)
        restants -= est_ouvrable(jour, alsace_moselle=alsace_moselle)
    return jour
