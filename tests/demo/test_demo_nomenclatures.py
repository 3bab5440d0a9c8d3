"""Les formations et les matières du générateur sont celles des nomenclatures nationales."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ent_core.demo.nomenclatures import MATIERES, NIVEAUX, Niveau

CODES = Path(__file__).parents[3] / "shared" / "formats" / "codes"
APRES_2019 = {"2GT", "1G", "TG"}
"""Formations plus récentes que les extraits relus."""


def lire(nom: str) -> list[dict[str, str]]:
    if not (CODES / nom).exists():
        pytest.skip(f"nomenclature absente : {nom}")
    with (CODES / nom).open(encoding="utf-8", newline="") as fichier:
        return list(csv.DictReader(fichier))


@pytest.mark.parametrize(
    "niveau", [n for n in NIVEAUX.values() if n.cle not in APRES_2019], ids=lambda n: n.cle
)
def test_chaque_formation_a_le_libelle_et_le_niveau_de_la_nomenclature(niveau: Niveau) -> None:
    connues = {f["code_mef_11"]: (f["libelle"], f["mefstat11"]) for f in lire("mef_general_exemples.csv")}
    for f in lire("mef_voie_professionnelle_2025_2026.csv"):
        connues[f["MEF"] + "0"] = (f["LIBELLE_LONG"], f["MEF_STAT_11"])
    assert connues[niveau.mef] == (niveau.libelle, niveau.mefstat)


@pytest.mark.parametrize("niveau", NIVEAUX.values(), ids=lambda n: n.cle)
def test_un_mefstat_repete_les_chiffres_de_sa_formation(niveau: Niveau) -> None:
    assert niveau.mefstat[6:] == niveau.mef[3:8]


def test_chaque_matiere_a_le_code_de_gestion_de_la_nomenclature() -> None:
    connues = {m["code_matiere"]: m["code_gestion"] for m in lire("matieres_code_gestion.csv")}
    assert {m.code: m.gestion for m in MATIERES.values()}.items() <= connues.items()
