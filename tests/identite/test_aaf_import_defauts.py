"""Les données sont sales : la fiche ou la valeur fautive est mise de côté, le reste entre."""

from __future__ import annotations

from pathlib import Path

import pytest

from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.aaf.champs import CHAMPS
from ent_core.identite.aaf.constats import Code
from ent_core.identite.aaf.grammaire import ATTRIBUTS_CONNUS, Categorie
from ent_core.identite.modeles import ImportRejet
from ent_core.socle.erreurs import FichierRefuse
from tests.identite.aaf_import_essais import COLLEGE, LUNDI, LYCEE, MARDI, Annuaire, Ecriture

ELV, TUT = "National_ELV", "National_TUT"


@pytest.fixture
def annuaire(base: BaseDeDonnees, tmp_path: Path) -> Annuaire:
    return Annuaire(base, tmp_path)


def test_une_date_impossible_est_ecartee_et_l_eleve_entre(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement()
        .eleve("1", ENTPersonDateNaissance="31/02/2015", ENTEleveDateEntreeClasses="9101$1/9/2026$6A")
    )
    assert annuaire.constats() == [("date_illisible", "1")] * 2
    assert annuaire.lire("select naissance from personne") == [None]
    assert annuaire.lire("select debut from inscription") == [LUNDI]


def test_une_fiche_sans_nom_est_ecartee(annuaire: Annuaire) -> None:
    annuaire.importer(Ecriture().etablissement().eleve("1", sn="").eleve("2"))
    assert annuaire.lire("select code, cle, gravite, ligne is not null from import_rejet") == [
        ("obligatoire_absent", "1", "rejet", True)
    ]
    assert annuaire.actifs(ELV, LUNDI) == ["2"]


def test_un_code_uai_faux_ecarte_l_etablissement_et_ses_eleves(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement(uai="DEPART13")
        .eleve("1")
        .etablissement("9102", LYCEE)
        .eleve("2", ENTPersonStructRattach="9102", ENTEleveClasses="9102$6A")
    )
    assert [code for code, _ in annuaire.constats()] == [
        "hors_perimetre",
        "obligatoire_absent",
        "uai_invalide",
    ]
    assert annuaire.actifs(ELV, LUNDI) == ["2"]


@pytest.mark.exigence("FAM-08")
def test_un_lien_inconnu_est_ecarte_les_autres_sont_gardes(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement()
        .eleve("1", ENTElevePersRelEleve=["11$99$1$1$0$0", "12$10$1$01$0$0", "13$2$0$1$0$0", "14$"])
        .responsable("11")
        .responsable("12")
        .responsable("13")
    )
    assert annuaire.constats() == [
        ("hors_perimetre", "11"),
        ("hors_perimetre", "12"),
        ("lien_inconnu", "1"),
        ("lien_inconnu", "1"),
        ("valeur_illisible", "1"),
    ]
    # L'ancien code 2 disait la mère.
    assert annuaire.lire("select lien from responsabilite") == ["10"]


def test_les_references_sans_reponse_sont_dites_une_fois(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement()
        .eleve(
            "1",
            ENTEleveClasses="9101$5Z",
            ENTEleveGroupes="9101$INCONNU",
            ENTElevePersRelEleve="404$10$1$1$0$0",
        )
        .eleve("2", ENTEleveClasses=["9101$5Z", "9999$6A"], ENTElevePersRelEleve="404$10$1$1$0$0")
        .eleve("3", ENTElevePersRelEleve="3$70$1$1$1$1")
        .agent(
            "21",
            ENTAuxEnsClassesMatieres=["9101$6A$999999", "9101$5Z$020700"],
            ENTPersonFonctions=["9101$ENS$$$", "9999$ENS$$$", "9101$XYZ$$$"],
            ENTPersonCategorieEnseignant="N",
        )
    )
    assert annuaire.constats() == [
        ("division_inconnue", "9101$5Z"),
        ("division_inconnue", "9101$5Z"),
        ("fonction_inconnue", "21"),
        ("groupe_inconnu", "9101$INCONNU"),
        ("matiere_inconnue", "020700"),
        ("matiere_inconnue", "999999"),
        ("responsable_inconnu", "404"),
        ("soi_meme_responsable", "3"),
        ("structure_inconnue", "9999"),
        ("structure_inconnue", "9999$6A"),
    ]
    assert annuaire.actifs(ELV, LUNDI) == ["1", "2", "3"]
    assert annuaire.lire("select count(*) from import_rejet where motif ~ 'NOM|Prénom'") == [0]


def test_qui_n_a_aucun_etablissement_de_l_ent_n_entre_pas(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement()
        .agent("21", ENTPersonFonctions="9999$ENS$$$")
        .eleve("1", ENTPersonStructRattach="9999", ENTEleveClasses="")
        .responsable("11")
    )
    assert annuaire.constats() == [
        ("hors_perimetre", "1"),
        ("hors_perimetre", "11"),
        ("hors_perimetre", "21"),
    ]
    assert annuaire.lire("select count(*) from personne") == [0]


def test_une_cle_repetee_ne_donne_qu_une_personne(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement()
        .eleve("1", givenName="Un")
        .eleve("1", givenName="Deux")
        .agent("1")
        .etablissement("9105", COLLEGE)
    )
    assert annuaire.lire("select count(*) from personne") == [1]
    assert annuaire.lire("select count(*) from etablissement") == [1]
    assert {code for code, _ in annuaire.constats()} == {"cle_repetee"}
    assert annuaire.actifs(ELV, LUNDI) == ["1"]


def test_un_ine_deja_porte_n_est_pas_donne_a_un_autre(annuaire: Annuaire) -> None:
    annuaire.importer(Ecriture().etablissement().eleve("1", ENTEleveINE="A").eleve("2", ENTEleveINE="A"))
    assert [code for code, _ in annuaire.constats()] == ["identifiant_partage"]
    assert annuaire.lire("select count(*) from identifiant where type = 'INE'") == [1]


def test_un_ine_definitif_remplace_le_provisoire(annuaire: Annuaire) -> None:
    annuaire.importer(Ecriture().etablissement().eleve("1", ENTEleveINE="PROVISOIRE"))
    annuaire.importer(Ecriture(MARDI, "Delta").fiche("Eleve", "1", "~", ENTEleveINE="DEFINITIF"))
    assert annuaire.lire("select valeur from identifiant where type = 'INE'") == ["DEFINITIF"]


def test_des_valeurs_trop_longues_ne_font_pas_tomber_l_import(annuaire: Annuaire) -> None:
    annuaire.importer(
        Ecriture()
        .etablissement(ENTStructureSIREN="9" * 30, ENTEtablissementContrat="CONTRAT", l="V" * 300)
        .fiche("MatEducNat", "TROPLONG", ENTLibelleMatiere="X")
        .fiche("MatEducNat", "020700", ENTLibelleMatiere="FRANCAIS", ENTMatiereRattach="1234567")
        .fiche("MefEducNat", "123456789012", ENTLibelleMef="X")
        .eleve("1", sn="N" * 300)
        .eleve("2", ENTEleveMEF="1" * 20, ENTEleveINE="I" * 65, ENTEleveClasses="9101$" + "C" * 65)
        .agent("21", ENTPersonFonctions="9101$FONCTIONTRESLONGUE$$$")
    )
    assert annuaire.actifs(ELV, LUNDI) == ["2"]
    assert annuaire.lire("select code from matiere") == ["020700"]


def test_l_apostrophe_la_barre_et_les_accents_traversent(annuaire: Annuaire) -> None:
    nom = 'O\'D\\ÉÀ "X" & <B>\tN°%s %(lot)s {x}'
    annuaire.importer(Ecriture().etablissement().eleve("1", sn=nom))
    assert annuaire.lire("select nom from personne") == ['O\'D\\ÉÀ "X" & <B> N°%s %(lot)s {x}']


def test_un_fichier_plein_de_defauts_est_refuse(annuaire: Annuaire) -> None:
    ecriture = Ecriture().etablissement()
    for rang in range(5_001):
        ecriture.eleve(str(rang), sn="")
    with pytest.raises(FichierRefuse, match="Plus de 5000 défauts"):
        annuaire.importer(ecriture)
    assert annuaire.lire("select count(*) from import_tampon") == [0]


def test_une_fiche_d_une_autre_sorte_dans_un_fichier_est_ecartee(annuaire: Annuaire) -> None:
    chemin = annuaire.ecrire(Ecriture().etablissement().eleve("1").responsable("11"))
    eleves = next(chemin.glob("*_Eleve_*"))
    contenu = next(chemin.glob("*_PersRelEleve_*")).read_text("utf-8")
    eleves.write_text(contenu, "utf-8")
    annuaire.importer(chemin)
    assert annuaire.constats() == [("categorie_inattendue", "11"), ("hors_perimetre", "11")]


def test_chaque_code_tient_dans_sa_colonne() -> None:
    longueur = ImportRejet.__table__.c.code.type.length  # type: ignore[attr-defined] # un String
    assert all(len(code) <= longueur for code in Code)


@pytest.mark.parametrize("categorie", list(Categorie))
def test_chaque_attribut_garde_est_de_la_grammaire_et_dit_sa_destination(categorie: Categorie) -> None:
    for nom, champ in CHAMPS[categorie].items():
        assert nom in ATTRIBUTS_CONNUS
        assert champ.cle
        assert champ.table
