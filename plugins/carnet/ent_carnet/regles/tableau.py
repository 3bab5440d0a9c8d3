"""Ce que « maintenant » veut dire pour la vie scolaire, et ce que « chercher » trouve."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from unicodedata import normalize

__all__ = ["correspond", "instant_montre", "mots"]

_MOT = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]+")
_PAUSE = timedelta(minutes=30)
_RETOUR = timedelta(minutes=15)
"""Les cours d'une même heure ne finissent pas tous à la même minute : on regarde un peu avant la fin."""


def instant_montre(heures: Iterable[tuple[datetime, datetime]], instant: datetime) -> datetime | None:
    """L'instant dont on montre les absents : maintenant, ou la fin du cours qui vient de finir.

    À la récréation, les absents sont ceux de l'heure d'avant ; le soir, il n'y en a plus.

    :param heures: début et fin des séances qui ont lieu ce jour.
    :param instant: maintenant.
    :returns: ``None`` si aucun cours n'a lieu, ni ne vient de finir.
    """
    derniere: datetime | None = None
    for debut, fin in heures:
        if debut <= instant < fin:
            return instant
        if fin <= instant <= fin + _PAUSE and (derniere is None or fin > derniere):
            derniere = fin
    return None if derniere is None else derniere - _RETOUR


def mots(texte: str) -> tuple[str, ...]:
    """Les mots d'un texte, sans accent ni casse ; tirets et apostrophes séparent.

    :param texte: un nom, ou ce qui est cherché.
    """
    nu = texte.casefold()
    if not nu.isascii():
        nu = _ACCENTS.sub("", normalize("NFKD", nu))
    return tuple(_MOT.findall(nu))


def correspond(cherches: Sequence[str], texte: str) -> bool:
    """Vrai si chaque mot cherché commence un mot du texte, dans n'importe quel ordre.

    :param cherches: mots cherchés, tels que ``mots`` les rend ; aucun, tout correspond.
    :param texte: nom et division d'un élève.
    """
    presents = mots(texte) if cherches else ()
    return all(any(present.startswith(cherche) for present in presents) for cherche in cherches)
