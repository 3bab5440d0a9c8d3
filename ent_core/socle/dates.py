"""Dates et heures comme on les dit : « jeudi 19 novembre », « 8 h 05 », à l'heure de Paris."""

from __future__ import annotations

from datetime import date, datetime, time

from ent_core.socle.calendrier import FUSEAU

__all__ = ["heure", "jour_court", "jour_long"]

_JOURS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def jour_long(jour: date) -> str:
    """« jeudi 19 novembre » ; le premier du mois s'écrit « 1er ».

    :param jour: jour, ou instant ramené à l'heure de Paris.
    """
    local = _local(jour)
    return f"{_JOURS[local.weekday()]} {'1er' if local.day == 1 else local.day} {_MOIS[local.month - 1]}"


def jour_court(jour: date) -> str:
    """« 19/11/2026 ».

    :param jour: jour, ou instant ramené à l'heure de Paris.
    """
    return f"{_local(jour):%d/%m/%Y}"


def heure(instant: datetime | time) -> str:
    """« 8 h 05 », d'espaces fines insécables : une heure ne se coupe pas en fin de ligne.

    :param instant: instant ramené à l'heure de Paris, ou heure locale.
    """
    local = instant.astimezone(FUSEAU) if isinstance(instant, datetime) else instant
    return f"{local.hour}\u202fh\u202f{local.minute:02d}"


def _local(jour: date) -> date:
    return jour.astimezone(FUSEAU).date() if isinstance(jour, datetime) else jour
