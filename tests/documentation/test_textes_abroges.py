"""Aucun texte abrogé n'est invoqué, dans le code, les pages, le registre ou la documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

RACINE = Path(__file__).parents[2]
OU = ("ent_core", "plugins", "docs", "changements")
EXTENSIONS = frozenset({".html", ".js", ".json", ".md", ".po", ".py", ".toml", ".txt", ".typ"})

ARRETE_DE_2012 = re.compile(r"19(?:er)?[\s/-]+(?:janvier|0?1)[\s/-]+2012|2012[/-]01[/-]19", re.IGNORECASE)
"""Le téléservice d'absences d'avant, abrogé le 6 août 2015 par l'arrêté du 16 juillet 2015."""


def textes() -> Iterator[Path]:
    for dossier in OU:
        for chemin in (RACINE / dossier).rglob("*"):
            if chemin.suffix in EXTENSIONS and not {"tests", "__pycache__"} & set(chemin.parts):
                yield chemin


@pytest.mark.exigence("CARNET-11")
def test_rien_ne_renvoie_au_service_d_absences_abroge() -> None:
    for forme in ("arrêté du 19 janvier 2012", "arr. 19-01-2012", "2012-01-19"):
        assert ARRETE_DE_2012.search(forme), "ce que l'on cherche se reconnaît"
    lus = list(textes())
    assert len(lus) > 500
    fautifs = [c.relative_to(RACINE).as_posix() for c in lus if ARRETE_DE_2012.search(c.read_text("utf-8"))]
    assert fautifs == []
