"""``ent registre exporter``, ``montrer``, ``notices`` : ce qu'on tape, ce qu'on lit, ce qui est écrit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ent_core.chargement.activation import Activation
from ent_core.chargement.decouverte import charger
from ent_core.chargement.relais import Relais
from ent_core.chargement.retrait import enregistrer_vues
from ent_core.cli import ent
from ent_core.essais.annuaire import AUTRE, ECOLE, peupler
from ent_core.essais.application import CLE
from ent_core.essais.base import Fabrique
from ent_core.socle.calendrier import HorlogeSysteme
from ent_core.socle.erreurs import ErreurEnt, Introuvable

Commande = Callable[..., Result]


@pytest.fixture
def commande(fabrique_bases: Fabrique, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commande]:
    chargement = charger(["annonces"])
    adresses = fabrique_bases.migree(chargement.distributions)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ENT_BASE", adresses.application.render_as_string(hide_password=False))
    monkeypatch.setenv("ENT_CLE_SECRETE", CLE)
    Path("ent.toml").write_text('[briques]\nchargees = ["annonces"]\n', encoding="utf-8")
    base = fabrique_bases.ouvrir(adresses.application)
    with base.academie("essai") as session:
        peupler(session)
        enregistrer_vues(session, HorlogeSysteme(), chargement)
        Activation(chargement, Relais(chargement)).basculer(
            session, HorlogeSysteme(), "annonces", uai=ECOLE, ouverte=True, origine="commande"
        )
    yield lambda *arguments: CliRunner().invoke(ent, ["registre", *arguments])
    base.fermer()
    fabrique_bases.retirer(adresses)


def reussir(resultat: Result) -> Result:
    assert resultat.exit_code == 0, (resultat.output, resultat.exception)
    return resultat


@pytest.mark.exigence("RGPD-REG-06")
@pytest.mark.parametrize("format_", ["ods", "csv", "json", "html"])
def test_le_registre_d_un_etablissement_s_ecrit_dans_chaque_format(commande: Commande, format_: str) -> None:
    resultat = reussir(commande("exporter", "--format", format_, "--uai", ECOLE.lower(), "--vers", "."))
    (fichier,) = Path().glob(f"registre-{ECOLE}-*.{format_}")
    assert fichier.stat().st_size > 1000
    assert "viennent du code (81%)" in resultat.output


def test_le_registre_sort_aussi_sur_la_sortie_standard(commande: Commande) -> None:
    lu = json.loads(reussir(commande("exporter", "--format", "json", "--vers", "-")).output)
    assert lu["uai"] is None
    assert "annonces.affichage" in {t["cle"] for t in lu["traitements"]}


def test_montrer_liste_puis_detaille(commande: Commande) -> None:
    ici = json.loads(reussir(commande("montrer", "--uai", ECOLE, "--json")).output)
    ailleurs = json.loads(reussir(commande("montrer", "--uai", AUTRE, "--json")).output)
    assert {t["clé"] for t in ici} - {t["clé"] for t in ailleurs} == {"annonces.affichage"}
    fiche = json.loads(reussir(commande("montrer", "annonces.affichage", "--uai", ECOLE, "--json")).output)
    assert fiche["rubriques"]["delegue"]["valeurs"] == []
    assert fiche["changements"][0]["quoi"] == ["Traitement mis en service."]
    ecrite = reussir(commande("montrer", "annonces.affichage", "--uai", ECOLE)).output
    assert "Délégué à la protection des données [l'établissement]\n    à compléter" in ecrite


def test_un_traitement_ou_un_etablissement_inconnu_se_dit(commande: Commande) -> None:
    for arguments in (("montrer", "annonces.affichage", "--uai", AUTRE), ("exporter", "--uai", "0000000X")):
        erreur = commande(*arguments).exception
        assert isinstance(erreur, Introuvable)
        assert isinstance(erreur, ErreurEnt)
        assert erreur.remede


def test_les_notices_se_lisent_et_se_traitent(commande: Commande) -> None:
    familles = reussir(commande("notices", "--uai", ECOLE)).output
    assert "Ce que l'école enregistre" in familles
    assert "N'enregistre rien sur vous." in familles
    personnels = json.loads(
        reussir(commande("notices", "--pour", "personnels", "--uai", ECOLE, "--json")).output
    )
    assert "annonces.affichage" in {t["cle"] for t in personnels["traitements"]}
