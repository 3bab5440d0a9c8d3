"""``ent registre`` : le verrou s'écrit, se compare, et ne suit le code que si sa version monte."""

from __future__ import annotations

import json
import re

import pytest

from .atelier import Atelier

DUREE, PLUS_LONGUE = "Duree(mois=1)", "Duree(mois=9)"


@pytest.mark.long
@pytest.mark.exigence("RGPD-REG-03")
def test_une_declaration_changee_se_refuse_se_compare_puis_se_verrouille(atelier: Atelier) -> None:
    racine = atelier.generer("mots")
    atelier.charger("mots")
    traitements, verrou = racine / "ent_mots" / "traitements.py", racine / "registre.lock.json"
    neuf = verrou.read_text("utf-8")
    fait = atelier.ent("registre", "verrouiller", "mots")
    assert fait.returncode == 0, fait.stderr
    assert "était déjà à jour" in fait.stdout
    assert verrou.read_text("utf-8") == neuf

    source = traitements.read_text("utf-8")
    traitements.write_text(source.replace(DUREE, PLUS_LONGUE), "utf-8")
    refus = atelier.ent("verifier", "--sans-base", "--json")
    assert refus.returncode == 1
    assert "VERROU-003" in {a["code"] for a in json.loads(refus.stdout)}
    compare = atelier.ent("registre", "comparer", "mots", "--json")
    assert compare.returncode == 1, "un élargissement se voit au code de sortie"
    assert "9 mois (avant : 1 mois)" in compare.stdout

    immobile = atelier.ent("registre", "verrouiller", "mots")
    assert immobile.returncode != 0
    assert "mots.affichage (version 1)" in immobile.stderr
    assert verrou.read_text("utf-8") == neuf

    montee = re.sub(r"version=1\b", "version=2", source.replace(DUREE, PLUS_LONGUE))
    traitements.write_text(montee, "utf-8")
    assert atelier.ent("registre", "verrouiller", "mots").returncode == 0
    assert [v["traitements"] for v in json.loads(verrou.read_text("utf-8"))["versions"]] == [
        {"mots.affichage": 1},
        {"mots.affichage": 2},
    ]
    identique = atelier.ent("registre", "comparer", "mots")
    assert (identique.returncode, "Le code dit ce que le verrou dit." in identique.stdout) == (0, True)


def test_une_brique_absente_est_nommee(atelier: Atelier) -> None:
    refus = atelier.ent("registre", "verrouiller", "fanfare")
    assert refus.returncode == 1
    assert "ent-fanfare" in refus.stderr
