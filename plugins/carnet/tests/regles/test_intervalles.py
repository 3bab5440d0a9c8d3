"""Dire une absence : jamais « 0 h 00 », une heure ne se coupe pas."""

from __future__ import annotations

from datetime import datetime

import pytest
from ent_core.brique import FUSEAU

from ent_carnet.regles.intervalles import heures_dites, periode_dite


def le(jour: int, heure: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 11, jour, heure, minute, tzinfo=FUSEAU)


@pytest.mark.parametrize(
    ("debut", "fin", "dit"),
    [
        (le(16, 8), le(16, 9, 55), "lundi 16 novembre, de 8 h 00 à 9 h 55"),
        (le(16), le(17), "lundi 16 novembre, la journée entière"),
        (le(16), le(16, 13), "lundi 16 novembre, jusqu'à 13 h 00"),
        (le(16, 13), le(17), "lundi 16 novembre, à partir de 13 h 00"),
        (le(16), le(19), "du lundi 16 novembre au mercredi 18 novembre, en entier"),
        (le(16, 14), le(19), "du lundi 16 novembre, 14 h 00, au mercredi 18 novembre"),
        (le(16), le(18, 12), "du lundi 16 novembre au mercredi 18 novembre, 12 h 00"),
        (le(16, 8), le(17, 17), "du lundi 16 novembre, 8 h 00, au mardi 17 novembre, 17 h 00"),
    ],
)
def test_une_absence_se_dit_comme_on_la_vit(debut: datetime, fin: datetime, dit: str) -> None:
    lue = periode_dite(debut, fin)
    assert lue.replace("\u202f", " ") == dit
    assert "0 h 00" not in lue.replace("10 h 00", "")


def test_une_heure_ne_se_coupe_pas() -> None:
    assert " h" not in heures_dites(le(16, 8), le(16, 9))
