"""``ent importer`` en ligne de commande : ce qu'on tape, ce qu'on lit, ce que vaut le code de sortie."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from ent_core.chargement.decouverte import charger
from ent_core.cli import ent
from ent_core.demo import ResumeGeneration, generer
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.base import Fabrique
from ent_core.identite.modeles import Creneau, Etablissement, ImportLot, Personne
from ent_core.identite.tableur import Format, Genre, lire_tableau, modele_vierge
from ent_core.socle.calendrier import HorlogeSysteme
from ent_core.socle.erreurs import ErreurEnt

UAI = "0990001A"
ELEVES = "Identifiant;Nom de famille;Prénom;Date de naissance;Classe\n{lignes}"
Commande = Callable[..., Result]


@pytest.fixture
def base(fabrique_bases: Fabrique, monkeypatch: pytest.MonkeyPatch) -> Iterator[BaseDeDonnees]:
    """La base que la commande trouve par ENT_BASE."""
    adresses = fabrique_bases.migree(charger([]).distributions)
    monkeypatch.setenv("ENT_BASE", adresses.application.render_as_string(hide_password=False))
    ouverte = fabrique_bases.ouvrir(adresses.application)
    yield ouverte
    ouverte.fermer()
    fabrique_bases.retirer(adresses)


@pytest.fixture
def commande(base: BaseDeDonnees, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commande:
    """Lance « ent importer … » ; une erreur prévue donne son code de sortie."""
    monkeypatch.chdir(tmp_path)

    def lancer(*arguments: object, code: int = 0) -> Result:
        resultat = CliRunner().invoke(ent, ["importer", *map(str, arguments)], catch_exceptions=True)
        obtenu = resultat.exit_code
        if isinstance(resultat.exception, ErreurEnt):
            obtenu = resultat.exception.code_de_sortie
        assert obtenu == code, (resultat.output, resultat.exception)
        return resultat

    return lancer


@pytest.fixture
def academie(tmp_path: Path) -> ResumeGeneration:
    return generer(tmp_path / "academie", etablissements=1, jour=HorlogeSysteme().aujourd_hui())


@pytest.fixture
def ecole(base: BaseDeDonnees) -> BaseDeDonnees:
    with base.academie("essai") as session:
        session.add(Etablissement(uai=UAI, nom="École", degre=1))
    return base


def compter(base: BaseDeDonnees, table: type) -> int:
    with base.academie("essai") as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def eleves(dossier: Path, *lignes: str) -> Path:
    chemin = dossier / "eleves.csv"
    chemin.write_text(ELEVES.format(lignes="\n".join(lignes)), encoding="utf-8")
    return chemin


DEUX = ("E1;AUBEMARE;Zoé;02/05/2015;6A", "E2;BRICOURT;Sacha;11/09/2015;6A")


def test_une_academie_entre_de_bout_en_bout(
    commande: Commande, base: BaseDeDonnees, academie: ResumeGeneration
) -> None:
    simule = commande("aaf", academie.aaf, "--simulation")
    assert "changerait" in simule.output
    assert compter(base, Personne) == 0
    commande("aaf", academie.aaf)
    assert compter(base, Personne) == academie.personnes
    emp = next(academie.sts.glob("emp_sts_*.xml"))
    sts = next(academie.sts.glob("sts_emp_*.xml"))
    rapport = json.loads(commande("emploi-du-temps", emp, "--individus", sts, "--json").output)
    assert rapport["comptes"]["Séances"]["ajouts"] == compter(base, Creneau) > 0
    lots = json.loads(commande("lots", "--json").output)
    assert {lot["état"] for lot in lots} == {"applique", "simule"} or len(lots) == 2


def test_une_livraison_qui_retire_trop_sort_avec_le_code_5(
    commande: Commande, base: BaseDeDonnees, academie: ResumeGeneration, tmp_path: Path
) -> None:
    commande("aaf", academie.aaf)
    autre = generer(
        tmp_path / "autre",
        etablissements=1,
        eleves_par_etablissement=30,
        jour=HorlogeSysteme().aujourd_hui(),
        archive=True,
    )
    avant = compter(base, Personne)
    refus = commande("aaf", autre.archive, code=5)
    assert "confirmer les retraits" in refus.output
    assert compter(base, Personne) == avant
    commande("aaf", autre.archive, "--accepter-retraits")
    assert compter(base, Personne) >= avant  # le retrait est un sursis : personne n'est supprimé


def test_un_fichier_qui_n_est_pas_aaf_est_refuse_et_dit_pourquoi(commande: Commande, tmp_path: Path) -> None:
    (tmp_path / "faux.zip").write_bytes(b"bonjour")
    resultat = commande("aaf", tmp_path / "faux.zip", code=1)
    assert "Que faire" in str(resultat.exception)


def test_une_liste_propre_sort_avec_le_code_0(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    sortie = commande("liste", eleves(tmp_path, *DEUX), "--etablissement", UAI).output
    assert "Personnes" in sortie
    assert "+2" in sortie
    assert compter(ecole, Personne) == 2


def test_une_liste_avec_des_rejets_sort_avec_le_code_4_et_rend_un_rapport(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    fichier = eleves(tmp_path, DEUX[0], "E2;BRICOURT;Sacha;31/02/2015;6A")
    rapport = tmp_path / "erreurs.csv"
    commande("liste", fichier, "--etablissement", UAI, "--rapport", rapport, code=4)
    assert compter(ecole, Personne) == 1
    rendu = lire_tableau(rapport)
    assert rendu.entetes[-1] == "erreur"
    assert "n'existe pas" in rendu.lignes[1].cellules[-1]
    lot = json.loads(commande("lots", "--json").output)[0]["lot"]
    assert json.loads(commande("rejets", lot, "--json").output)[0]["ligne"] == 3


def test_une_simulation_de_liste_ne_change_rien(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    sortie = commande("liste", eleves(tmp_path, *DEUX), "--etablissement", UAI, "--simulation").output
    assert "simulation" in sortie
    assert (compter(ecole, Personne), compter(ecole, ImportLot)) == (0, 0)


def test_un_apercu_montre_les_colonnes_sans_base(commande: Commande, tmp_path: Path) -> None:
    sortie = commande("liste", eleves(tmp_path, *DEUX), "--etablissement", UAI, "--apercu").output
    assert "Date de naissance" in sortie


def test_une_correspondance_gardee_se_rejoue(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    fichier = eleves(tmp_path, *DEUX)
    memoire = tmp_path / "correspondance.json"
    memoire.write_text(commande("liste", fichier, "--etablissement", UAI, "--apercu", "--json").output)
    commande("liste", fichier, "--etablissement", UAI, "--correspondance", memoire)
    assert compter(ecole, Personne) == 2
    memoire.write_text("pas du JSON")
    commande("liste", fichier, "--etablissement", UAI, "--correspondance", memoire, code=1)


def test_des_colonnes_incertaines_demandent_confirmation(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    fichier = tmp_path / "eleves.csv"
    fichier.write_text("Nom de famile;Prénom;Date de naisance\nAUBEMARE;Zoé;02/05/2015\n", encoding="utf-8")
    commande("liste", fichier, "--etablissement", UAI, code=5)
    assert compter(ecole, Personne) == 0


def test_une_liste_complete_trop_courte_sort_avec_le_code_5(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    commande("liste", eleves(tmp_path, *DEUX), "--etablissement", UAI)
    courte = eleves(tmp_path, DEUX[0])
    commande("liste", courte, "--etablissement", UAI, "--complete", code=5)
    commande("liste", courte, "--etablissement", UAI, "--complete", "--accepter-retraits")


@pytest.mark.parametrize("format_voulu", list(Format))
def test_un_modele_vierge_se_relit(commande: Commande, tmp_path: Path, format_voulu: Format) -> None:
    sortie = tmp_path / f"modele.{format_voulu}"
    commande("modele", "eleves", "--format", format_voulu.value, "--sortie", sortie)
    modele = lire_tableau(modele_vierge(Genre.ELEVES, format_voulu), sortie.name)
    assert lire_tableau(sortie).entetes == modele.entetes


def test_un_etablissement_inconnu_est_refuse(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    commande("liste", eleves(tmp_path, *DEUX), "--etablissement", "0999999Z", code=1)
    assert compter(ecole, Personne) == 0


def test_une_livraison_ancienne_n_entre_que_confirmee(
    commande: Commande, base: BaseDeDonnees, tmp_path: Path
) -> None:
    jour = HorlogeSysteme().aujourd_hui() - timedelta(days=30)
    vieille = generer(tmp_path / "vieille", etablissements=1, jour=jour)
    commande("aaf", vieille.aaf, code=1)
    assert compter(base, Personne) == 0
    commande("aaf", vieille.aaf, "--accepter-ancienne")
    assert compter(base, Personne) == vieille.personnes


def test_une_liste_s_annule_apres_confirmation(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    commande("liste", eleves(tmp_path, *DEUX), "--etablissement", UAI)
    lot = json.loads(commande("lots", "--json").output)[0]["lot"]
    assert "ce qui serait défait" in commande("annuler", lot, "--simulation").output
    assert "--oui" in commande("annuler", lot, code=5).output
    assert compter(ecole, Personne) == 2
    prevue = json.loads(commande("annuler", lot, "--simulation", "--json").output)
    assert {"objet": "Personnes", "otes": 2, "remis": 0} in prevue["ecarts"]
    assert f"L'import {lot} est annulé." in commande("annuler", lot, "--oui").output
    assert compter(ecole, Personne) == 0
    assert json.loads(commande("lots", "--json").output)[0]["état"] == "annule"


def test_une_liste_qui_a_servi_depuis_ne_s_annule_pas(
    commande: Commande, ecole: BaseDeDonnees, tmp_path: Path
) -> None:
    commande("liste", eleves(tmp_path, *DEUX), "--etablissement", UAI)
    lot = json.loads(commande("lots", "--json").output)[0]["lot"]
    commande("liste", eleves(tmp_path, DEUX[0].replace("6A", "6B")), "--etablissement", UAI)
    assert "✗ " in commande("annuler", lot, "--simulation").output
    refus = commande("annuler", lot, "--oui", code=1)
    assert "annuler d'abord les imports plus récents" in str(refus.exception)
    assert compter(ecole, Personne) == 2


def test_un_projet_renomme_demande_a_une_personne_puis_reprend_ses_liens(
    commande: Commande, base: BaseDeDonnees, academie: ResumeGeneration, tmp_path: Path
) -> None:
    commande("aaf", academie.aaf)
    renommee = tmp_path / "renommee"
    renommee.mkdir()
    for fichier in academie.aaf.glob("*.xml"):
        (renommee / f"RENOMME_{fichier.name.partition('_')[2]}").write_bytes(fichier.read_bytes())
    refus = str(commande("aaf", renommee, code=5).exception)
    trouvees = re.search(r"renommer-projet '([^']+)' '([^']+)'", refus)
    assert trouvees
    commande("renommer-projet", *trouvees.groups())
    assert "ne change rien" in commande("aaf", renommee).output
    commande("aaf", academie.aaf, code=5)
    commande("aaf", academie.aaf, "--nouveau-projet")
