"""Une brique désinstallée n'empêche pas les autres de migrer ; mais personne ne la perd de vue."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from ent_core.essais.base import Fabrique

from .atelier import Atelier


@pytest.fixture
def atelier_avec_base(atelier: Atelier, fabrique_bases: Fabrique) -> Iterator[Atelier]:
    """Un atelier dont la base est vide."""
    adresses = fabrique_bases.vide()
    atelier.variables["ENT_BASE"] = adresses.application.render_as_string(hide_password=False)
    atelier.variables["ENT_BASE_PROPRIETAIRE"] = adresses.proprietaire.render_as_string(hide_password=False)
    yield atelier
    fabrique_bases.retirer(adresses)


@pytest.mark.long
@pytest.mark.exigence("ENT-25")
def test_le_depart_d_une_brique_se_dit_avant_de_se_faire(atelier_avec_base: Atelier) -> None:
    atelier = atelier_avec_base
    for nom in ("mots", "fanfare"):
        atelier.generer(nom)
    atelier.charger("mots", "fanfare")
    assert atelier.ent("base", "migrer").returncode == 0
    refus = atelier.ent("brique", "retirer", "fanfare")
    assert refus.returncode == 1
    assert "encore chargée" in refus.stderr

    atelier.charger("mots")
    autres = atelier.ent("base", "migrer", "--json")
    assert autres.returncode == 0, autres.stderr
    assert {e["distribution"]: e["état"] for e in json.loads(autres.stdout)}["mots"] == "à jour"
    arret = atelier.ent("verifier", "--json")
    assert arret.returncode == 1
    (orpheline,) = [a for a in json.loads(arret.stdout) if a["niveau"] == "erreur"]
    assert orpheline["code"] == "BASE-011"
    assert orpheline["lieu"] == "brique fanfare"
    assert "ent brique retirer fanfare" in orpheline["remede"]

    assert atelier.ent("brique", "retirer", "fanfare").returncode == 0
    repart = atelier.ent("verifier", "--json")
    assert repart.returncode == 0, repart.stdout + repart.stderr

    atelier.charger("mots", "fanfare")
    revient = atelier.ent("verifier", "--json")
    assert revient.returncode == 0, revient.stdout
