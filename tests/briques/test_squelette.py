"""« ent brique nouvelle » : ce qu'elle écrit marche tel quel, et ce qu'elle refuse est expliqué."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from ent_core.chargement.squelette import RESERVES, charger_dans, ecrire, valider
from ent_core.socle.configuration import charger
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee

from .atelier import Atelier

VARIANTES = [("mots", None), ("abonnements_de_la_cantine_ecole", "Cantine : l’école")]


@pytest.mark.long
def test_une_brique_neuve_tient_son_contrat_et_passe_ses_essais(atelier: Atelier) -> None:
    """La variante la plus tordue ; « mots » passe par la commande, plus bas."""
    racine = atelier.generer(*VARIANTES[-1])
    fini = atelier.python(racine, "pytest", "-q", "-rs", "-p", "no:cacheprovider")
    assert fini.returncode == 0, fini.stdout[-4000:] + fini.stderr[-2000:]
    passes = [ligne for ligne in fini.stdout.splitlines() if ligne.startswith("SKIPPED")]
    assert all("statistique" in ligne or "n'offre rien" in ligne for ligne in passes), passes


@pytest.mark.parametrize(("nom", "titre"), VARIANTES)
def test_une_brique_neuve_suit_les_regles_de_style(atelier: Atelier, nom: str, titre: str | None) -> None:
    fini = atelier.python(atelier.generer(nom, titre), "ruff", "check", "--no-cache", ".")
    assert fini.returncode == 0, fini.stdout


@pytest.mark.long
def test_une_brique_neuve_est_entierement_typee(atelier: Atelier) -> None:
    fini = atelier.python(atelier.generer("mots"), "mypy")
    assert fini.returncode == 0, fini.stdout


@pytest.mark.long
def test_une_brique_neuve_se_verifie_de_bout_en_bout(atelier: Atelier) -> None:
    atelier.generer("mots")
    fini = atelier.ent("brique", "verifier", "mots", "--sans-essais", "--json")
    assert fini.returncode == 1, "sans configuration, on est en production : rien d'inachevé n'y passe"
    atelier.charger("mots")
    # Avec ses essais, c'est le tutoriel qui la vérifie.
    fini = atelier.ent("brique", "verifier", "mots", "--sans-essais", "--json")
    assert fini.returncode == 0, fini.stdout + fini.stderr
    anomalies = json.loads(fini.stdout)
    assert {a["code"] for a in anomalies} == {"MARQUE-001", "MARQUE-002"}
    assert {a["niveau"] for a in anomalies} == {"avertissement"}


@pytest.mark.parametrize("nom", ["Mots", "mots-clés", "ab", "2mots", "a" * 32, "mots/../..", "", "mots\n"])
def test_un_identifiant_mal_forme_est_refuse(tmp_path: Path, nom: str) -> None:
    with pytest.raises(DonneeInvalide) as refus:
        ecrire(nom, tmp_path)
    assert "lettres minuscules" in refus.value.remede
    assert list(tmp_path.iterdir()) == []


def test_le_refus_propose_un_nom_qui_convient(tmp_path: Path) -> None:
    with pytest.raises(DonneeInvalide) as refus:
        valider("Mots-Doux", tmp_path)
    assert "mots_doux" in refus.value.remede


@pytest.mark.parametrize("nom", sorted(RESERVES))
def test_un_nom_du_noyau_est_refuse(tmp_path: Path, nom: str) -> None:
    with pytest.raises(DonneeInvalide):
        valider(nom, tmp_path)


@pytest.mark.parametrize("nom", ["class", "import", "match", "json", "calendar"])
def test_un_nom_de_python_est_refuse(tmp_path: Path, nom: str) -> None:
    with pytest.raises(DonneeInvalide, match="de Python") as refus:
        ecrire(nom, tmp_path)
    assert "choisir un nom" in refus.value.remede
    assert list(tmp_path.iterdir()) == []


def test_un_dossier_deja_la_n_est_pas_touche(tmp_path: Path) -> None:
    (tmp_path / "mots").mkdir()
    (tmp_path / "mots" / "precieux.txt").write_text("à garder", "utf-8")
    with pytest.raises(OperationRefusee, match="existe déjà"):
        ecrire("mots", tmp_path)
    assert [f.name for f in (tmp_path / "mots").iterdir()] == ["precieux.txt"]


@pytest.mark.parametrize("titre", ["", "{{ 7 * 7 }}", 'un "titre"', "x" * 41, "<b>", "a\nb", "$nom"])
def test_un_titre_qui_casserait_un_gabarit_est_refuse(tmp_path: Path, titre: str) -> None:
    with pytest.raises(DonneeInvalide):
        ecrire("mots", tmp_path, titre)
    assert list(tmp_path.iterdir()) == []


def test_un_dossier_interdit_laisse_tout_en_place(tmp_path: Path) -> None:
    obstacle = tmp_path / "plugins"
    obstacle.write_text("un fichier, pas un dossier", "utf-8")
    with pytest.raises(OperationRefusee, match="ne peut pas être écrit"):
        ecrire("mots", obstacle)
    assert obstacle.read_text("utf-8") == "un fichier, pas un dossier"


@pytest.mark.parametrize(
    "avant",
    [
        'produit = "ENT" # le nôtre\n',
        "[briques]\n",
        '[briques]\nchargees = ["carnaval"] # choisies en conseil\n',
        '[briques]\nchargees = [\n  "carnaval",\n]\n\n[serveur]\nport = 8100\n',
    ],
)
def test_la_configuration_charge_la_brique_et_garde_le_reste(tmp_path: Path, avant: str) -> None:
    fichier = tmp_path / "ent.toml"
    fichier.write_text(avant, "utf-8")
    deja = charger(fichier, {}).briques.chargees
    assert charger_dans(fichier, "mots", deja)
    apres = charger(fichier, {})
    assert apres.briques.chargees == (*deja, "mots")
    attendu = tomllib.loads(avant)
    attendu.setdefault("briques", {})["chargees"] = [*deja, "mots"]
    assert tomllib.loads(fichier.read_text("utf-8")) == attendu


def test_une_configuration_que_l_on_ne_sait_pas_modifier_n_est_pas_modifiee(tmp_path: Path) -> None:
    fichier = tmp_path / "ent.toml"
    avant = 'briques = { chargees = ["carnaval"] }\n'
    fichier.write_text(avant, "utf-8")
    assert not charger_dans(fichier, "mots", ("carnaval",))
    assert fichier.read_text("utf-8") == avant


def test_sans_configuration_il_s_en_ecrit_une_pour_un_essai(tmp_path: Path) -> None:
    fichier = tmp_path / "ent.toml"
    assert charger_dans(fichier, "mots", ())
    lue = charger(fichier, {})
    assert lue.briques.chargees == ("mots",)
    assert not lue.production


def test_la_commande_dit_la_suite(atelier: Atelier) -> None:
    fini = atelier.ent("brique", "nouvelle", "mots", "--sans-installer", "--json")
    assert fini.returncode == 0, fini.stderr
    rendu = json.loads(fini.stdout)
    assert (atelier.dossier / rendu["dossier"] / "ent_mots" / "brique.py").is_file()
    assert "ent brique verifier mots" in rendu["etapes"]


def test_la_commande_refuse_sans_trace(atelier: Atelier) -> None:
    fini = atelier.ent("brique", "nouvelle", "Mots Doux", "--sans-installer")
    assert fini.returncode == 1
    assert "Que faire" in fini.stderr
    assert "Traceback" not in fini.stderr
