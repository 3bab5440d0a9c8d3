"""Ce qu'un import refuse de faire, et ce qu'il reprend : rien n'est jamais à moitié changé."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.livraison import ouvrir_livraison
from ent_core.socle.configuration import Imports
from ent_core.socle.erreurs import BaseIndisponible, ErreurEnt, FichierRefuse, OperationRefusee
from tests.identite.aaf_import_essais import (
    COLLEGE,
    LUNDI,
    LYCEE,
    MARDI,
    MERCREDI,
    Annuaire,
    Ecriture,
    corpus,
)

ELV = "National_ELV"


class Coupure(Exception):
    """Le processus meurt ici."""


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    return Annuaire(base, tmp_path)


def classe(jour: date, effectif: int) -> Ecriture:
    ecriture = Ecriture(jour).etablissement()
    for rang in range(effectif):
        ecriture.eleve(str(1000 + rang))
    return ecriture


def refus(annuaire: Annuaire, livraison: Ecriture | Path, **options: object) -> ErreurEnt:
    """L'erreur d'un import refusé, après avoir vérifié que rien n'a changé."""
    avant = annuaire.photo()
    with pytest.raises(ErreurEnt) as vu:
        annuaire.importer(livraison, **options)  # type: ignore[arg-type] # paramétré
    assert annuaire.photo() == avant
    assert vu.value.remede
    return vu.value


def test_un_retrait_massif_s_arrete_et_demande(annuaire: Annuaire) -> None:
    annuaire.importer(classe(LUNDI, 30))
    arret = refus(annuaire, classe(MARDI, 20))
    assert isinstance(arret, OperationRefusee)
    assert "10 personnes sur 30" in arret.message
    assert COLLEGE in arret.message
    assert annuaire.lire("select etat from import_lot order by demarre_le") == ["applique", "refuse"]


def test_un_retrait_massif_confirme_est_applique_sans_relire(annuaire: Annuaire) -> None:
    annuaire.importer(classe(LUNDI, 30))
    chemin = annuaire.ecrire(classe(MARDI, 20))
    refus(annuaire, chemin)
    rapport = annuaire.importer(chemin, accepter_retraits=True)
    assert rapport.fichiers_repris == 2
    assert rapport.nombre("personne", "sursis") == 10
    assert len(annuaire.actifs(ELV, MARDI)) == 20


def test_le_seuil_se_compte_aussi_par_etablissement(annuaire: Annuaire) -> None:
    def academie(jour: date, au_lycee: int) -> Ecriture:
        ecriture = classe(jour, 300).etablissement("9102", LYCEE)
        for rang in range(au_lycee):
            ecriture.eleve(str(5000 + rang), ENTPersonStructRattach="9102", ENTEleveClasses="")
        return ecriture

    annuaire.importer(academie(LUNDI, 25))
    assert LYCEE in refus(annuaire, academie(MARDI, 5)).message


def test_une_simulation_montre_le_retrait_massif_sans_s_arreter(annuaire: Annuaire) -> None:
    annuaire.importer(classe(LUNDI, 30))
    rapport = annuaire.importer(classe(MARDI, 20), simulation=True)
    assert [(r.uai, r.avant, r.retires) for r in rapport.retraits_excessifs] == [
        (None, 30, 10),
        (COLLEGE, 30, 10),
    ]


def test_le_seuil_est_celui_des_reglages(base: BaseDeDonnees, tmp_path: Path) -> None:
    annuaire = Annuaire(base, tmp_path, Imports(seuil_retraits=0.5))
    annuaire.importer(classe(LUNDI, 30))
    assert annuaire.importer(classe(MARDI, 20)).nombre("personne", "sursis") == 10


def test_une_categorie_absente_de_la_livraison_ne_fait_sortir_personne(annuaire: Annuaire) -> None:
    annuaire.importer(classe(LUNDI, 3).agent("21"))
    rapport = annuaire.importer(classe(MARDI, 3))
    assert rapport.inchange


def test_une_fiche_ecartee_a_la_lecture_n_est_pas_un_depart(annuaire: Annuaire) -> None:
    annuaire.importer(classe(LUNDI, 3))
    annuaire.importer(classe(MARDI, 2).eleve("1002", sn=""))
    assert annuaire.constats() == [("obligatoire_absent", "1002")]
    assert annuaire.actifs(ELV, MARDI) == ["1000", "1001", "1002"]


def test_une_livraison_plus_vieille_que_la_derniere_est_refusee(annuaire: Annuaire) -> None:
    annuaire.importer(classe(MARDI, 3))
    assert "plus récente" in refus(annuaire, classe(LUNDI, 3), jour=MERCREDI).message


def test_une_livraison_de_l_avenir_est_refusee(annuaire: Annuaire) -> None:
    assert "avenir" in refus(annuaire, classe(MARDI, 3), jour=LUNDI).message


def test_une_livraison_de_plus_de_sept_jours_demande_une_confirmation(annuaire: Annuaire) -> None:
    tard = LUNDI + timedelta(days=8)
    chemin = annuaire.ecrire(classe(LUNDI, 3))
    assert "8 jours" in refus(annuaire, chemin, jour=tard).message
    assert annuaire.importer(chemin, jour=tard, accepter_ancienne=True).nombre("personne", "crees") == 3


def test_un_depart_confirme_tard_laisse_au_moins_un_jour(annuaire: Annuaire) -> None:
    annuaire.importer(classe(LUNDI, 3))
    tard = MARDI + timedelta(days=200)
    annuaire.importer(classe(MARDI, 2), jour=tard, accepter_ancienne=True, accepter_retraits=True)
    assert annuaire.lire("select suppression_le from personne where suppression_le is not null") == [
        tard + timedelta(days=1)
    ]


@pytest.mark.parametrize("part", [0.02, 0.5, 0.98])
def test_un_fichier_tronque_ne_change_rien(annuaire: Annuaire, part: float) -> None:
    annuaire.importer(corpus("constructed/2d_complet_20260907"))
    copie = annuaire.dossier / "tronquee"
    shutil.copytree(corpus("constructed/2d_delta_20260908"), copie)
    for fichier in copie.iterdir():
        fichier.chmod(0o644)
    victime = next(copie.glob("*_PersRelEleve_*"))
    contenu = victime.read_bytes()
    victime.write_bytes(contenu[: int(len(contenu) * part)])
    assert isinstance(refus(annuaire, copie), FichierRefuse)
    assert annuaire.lire("select count(*) from import_tampon") == [0]
    assert annuaire.lire("select etat from import_lot order by demarre_le desc limit 1") == ["echec"]


@pytest.mark.parametrize("etape", ["lecture", "application"])
def test_un_import_tue_ne_laisse_rien_et_se_reprend(annuaire: Annuaire, etape: str) -> None:
    temoin = Annuaire(annuaire.base, annuaire.dossier / "temoin")
    chemin = corpus("constructed/2d_complet_20260907")
    with ouvrir_livraison(chemin) as livraison:
        entiers = len(livraison.membres) // 2
        deux_tiers = sum(m.taille for m in livraison.membres[:entiers]) + 1

    def mourir(vue: str, fait: int, total: int) -> None:
        if vue == etape and fait >= (deux_tiers if etape == "lecture" else total // 2):
            raise Coupure

    vide = temoin.photo()
    with pytest.raises(Coupure):
        annuaire.importer(chemin, progression=mourir)
    assert annuaire.photo() == vide

    rapport = annuaire.importer(chemin)
    assert rapport.fichiers_repris == (entiers if etape == "lecture" else 7)
    assert len(annuaire.actifs(ELV, LUNDI)) == 6
    assert annuaire.lire("select etat from import_lot") == ["applique"]


def test_un_fichier_change_entre_temps_est_relu(annuaire: Annuaire) -> None:
    chemin = annuaire.ecrire(classe(LUNDI, 3))

    def mourir(etape: str, _fait: int, _total: int) -> None:
        if etape == "application":
            raise Coupure

    with pytest.raises(Coupure):
        annuaire.importer(chemin, progression=mourir)
    autre = annuaire.ecrire(classe(LUNDI, 5))
    rapport = annuaire.importer(autre)
    assert rapport.fichiers_repris == 0
    assert rapport.nombre("personne", "crees") == 5
    assert annuaire.lire("select etat from import_lot order by demarre_le, etat") == ["abandonne", "applique"]


def test_un_tampon_vide_par_une_panne_est_relu(annuaire: Annuaire) -> None:
    chemin = annuaire.ecrire(classe(LUNDI, 3))

    def mourir(etape: str, _fait: int, _total: int) -> None:
        if etape == "application":
            raise Coupure

    with pytest.raises(Coupure):
        annuaire.importer(chemin, progression=mourir)
    with annuaire.base.academie("essai") as session:
        session.connection().exec_driver_sql("truncate import_tampon")
    rapport = annuaire.importer(chemin)
    assert rapport.fichiers_repris == 0
    assert rapport.nombre("personne", "crees") == 3


def test_une_base_qui_coupe_la_connexion_est_dite_clairement(annuaire: Annuaire) -> None:
    chemin = annuaire.ecrire(classe(LUNDI, 3))
    coupes: list[object] = []

    def couper(etape: str, fait: int, _total: int) -> None:
        if etape == "application" and fait == 5:
            # Sans prologue : le même compte que l'import peut couper ses connexions.
            with annuaire.base.moteur.connect() as connexion:
                coupes.extend(
                    connexion.exec_driver_sql(
                        "select pg_terminate_backend(pid) from pg_stat_activity"
                        " where datname = current_database() and usename = current_user"
                        " and pid <> pg_backend_pid()"
                    )
                )

    with pytest.raises(BaseIndisponible) as vu:
        annuaire.importer(chemin, progression=couper)
    assert coupes
    assert vu.value.remede
    assert annuaire.importer(chemin).nombre("personne", "crees") == 3
