"""La page des essais de protocole dit vrai : chaque ligne a son essai, chaque essai a sa ligne."""

from __future__ import annotations

import re
from pathlib import Path

DEPOT = Path(__file__).parents[2]
_LIGNE = re.compile(r"^\| ([ORSC]\d+) \|", re.MULTILINE)
_MARQUE = re.compile(r'"IDF-([A-Z]+\d+)"')


def test_chaque_piege_annonce_a_un_essai_et_chaque_essai_est_annonce() -> None:
    page = (DEPOT / "docs/explications/essais_de_protocole.md").read_text(encoding="utf-8")
    annonces = set(_LIGNE.findall(page))
    fichiers = [f for lieu in ("tests", "plugins") for f in (DEPOT / lieu).rglob("test_*.py")]
    eprouves = {m for f in fichiers for m in _MARQUE.findall(f.read_text(encoding="utf-8"))}
    assert annonces == eprouves
