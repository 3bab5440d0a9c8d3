"""Une absence, dite : de telle heure à telle heure, la journée entière, jusqu'à midi. Jamais « 0 h 00 »."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

from ent_core.brique import FUSEAU, heure, jour_long

__all__ = ["heures_dites", "periode_dite"]

_UN_JOUR = timedelta(days=1)


def heures_dites(debut: datetime, fin: datetime) -> str:
    """« de 8 h 00 à 9 h 55 », « la journée entière », « jusqu'à 13 h 00 », dans un même jour.

    :param debut: début.
    :param fin: fin ; minuit est la fin du jour.
    """
    du_matin, au_soir = _minuit(debut), _minuit(fin)
    if du_matin and au_soir:
        return "la journée entière"
    if du_matin:
        return f"jusqu'à {heure(fin)}"
    return f"à partir de {heure(debut)}" if au_soir else f"de {heure(debut)} à {heure(fin)}"


def periode_dite(debut: datetime, fin: datetime, jour: Callable[[date], str] = jour_long) -> str:
    """« lundi 16 novembre, de 8 h 00 à 9 h 55 », « du lundi 16 au mercredi 18 novembre, en entier ».

    :param debut: début.
    :param fin: fin ; à minuit, le dernier jour est celui d'avant.
    :param jour: comment dire un jour.
    """
    du_matin, au_soir = _minuit(debut), _minuit(fin)
    premier = debut.astimezone(FUSEAU).date()
    dernier = fin.astimezone(FUSEAU).date() - (_UN_JOUR if au_soir else timedelta())
    if premier >= dernier:
        return f"{jour(premier)}, {heures_dites(debut, fin)}"
    if du_matin and au_soir:
        return f"du {jour(premier)} au {jour(dernier)}, en entier"
    de = "" if du_matin else f", {heure(debut)}"
    a = "" if au_soir else f", {heure(fin)}"
    return f"du {jour(premier)}{de}{', ' if de else ' '}au {jour(dernier)}{a}"


def _minuit(instant: datetime) -> bool:
    return instant.astimezone(FUSEAU).time() == time()
