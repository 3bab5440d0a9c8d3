"""« Maintenant », de la première heure au soir ; et ce que chercher trouve."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ent_carnet.regles.tableau import correspond, instant_montre, mots

HUIT = datetime(2026, 9, 7, 6, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
COURS = [(HUIT, HUIT + 55 * MINUTE), (HUIT + 70 * MINUTE, HUIT + 125 * MINUTE)]


@pytest.mark.parametrize(
    ("minutes", "montre"),
    [(-1, None), (0, 0), (54, 54), (55, 40), (65, 40), (70, 70), (130, 110), (155, 110), (156, None)],
)
def test_a_la_recreation_on_montre_l_heure_qui_vient_de_finir(minutes: int, montre: int | None) -> None:
    trouve = instant_montre(COURS, HUIT + minutes * MINUTE)
    assert trouve == (None if montre is None else HUIT + montre * MINUTE)


@pytest.mark.parametrize(
    ("cherche", "trouve"),
    [
        ("", True), ("özt", True), ("OZTURK", True), ("zoe ozt", True), ("ozt 4e", True), ("marie", True),
        ("turk", False), ("zoe martin", False), ("d'a", True),
    ],
)  # fmt: skip
def test_chercher_ignore_les_accents_la_casse_et_l_ordre(cherche: str, trouve: bool) -> None:
    assert correspond(mots(cherche), "Zoé-Marie Öztürk d'Amboise 4e B") is trouve
