"""« ent configuration verifier » : quel fichier, quelle clé, quelle ligne, que faire."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Lancer


def test_le_fichier_se_donne_en_argument_par_option_ou_par_sa_place(ent: Lancer) -> None:
    Path("autre.toml").write_text("[serveur]\nprot = 8000\n", encoding="utf-8")
    for arguments in (
        ("configuration", "verifier", "autre.toml"),
        ("-c", "autre.toml", "configuration", "verifier"),
    ):
        refus = ent(*arguments)
        assert refus.code == 2
        assert "la clé « prot » dans la section [serveur] est inconnue." in refus.erreur
        assert "Vouliez-vous dire « port » ?" in refus.erreur
        assert "autre.toml" in refus.erreur
    assert "aucun fichier" in ent("configuration", "verifier").sortie
    Path("ent.toml").write_text('produit = "ENT"\n', encoding="utf-8")
    assert "correcte : ent.toml" in ent("configuration", "verifier").sortie


@pytest.mark.parametrize(
    ("contenu", "dit"),
    [
        (b"[serveur]\nport = \n", "ligne 2"),
        (b'produit = "ENT"\nacademie = "Orl\xe9ans"\n', "pas en UTF-8.\nOù : ent.toml, ligne 2"),
        (b'[serveur]\nport = "huit mille"\n', "il faut un nombre entier, pas un texte"),
        (b"[serveur]\nport = 99999\n", "« port » va de 1 à 65535"),
        (b'[briques]\nchargees = "carnet"\n', "il faut une liste, pas un texte"),
        (b'[[bascules]]\nbrique = "carnet"\ndu = "2026-13-01"\n', "un jour s'écrit comme 2026-09-01"),
        (b'[base]\nurl = "mysql://ici/ent"\n', "pas celle d'une base PostgreSQL"),
    ],
)
def test_un_fichier_fautif_dit_ou_et_quoi_corriger(ent: Lancer, contenu: bytes, dit: str) -> None:
    Path("ent.toml").write_bytes(contenu)
    refus = ent("configuration", "verifier")
    assert refus.code == 2
    assert dit in refus.erreur
    assert "Que faire" in refus.erreur
    assert not refus.sortie


def test_le_modele_est_une_configuration_correcte(ent: Lancer) -> None:
    Path("ent.toml").write_text(ent("configuration", "modele").sortie, encoding="utf-8")
    verifiee = ent("configuration", "verifier")
    assert (verifiee.code, verifiee.erreur) == (0, "")


def test_un_fichier_absent_n_est_pas_une_trace(ent: Lancer) -> None:
    refus = ent("configuration", "verifier", "absent.toml")
    assert (refus.code, "n'existe pas" in refus.erreur) == (2, True)
