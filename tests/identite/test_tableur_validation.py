"""Des colonnes aux personnes : correspondance devinée, lignes sûres, erreurs expliquées, doublons montrés."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ent_core.identite.tableur import (
    Affectation,
    Correspondance,
    Genre,
    LigneEleve,
    LignePersonnel,
    LigneResponsable,
    ResultatLecture,
    lire_tableau,
    proposer_correspondance,
    valider,
)
from ent_core.socle.erreurs import DonneeInvalide

AUJOURD_HUI = date(2026, 9, 7)
ONDE = Path(__file__).parents[3] / "shared" / "formats" / "onde_1d"
avec_onde = pytest.mark.skipif(not ONDE.is_dir(), reason="les exemples ONDE ne sont pas à côté du dépôt")


def lire(texte: str | bytes | Path, genre: Genre | None = None) -> ResultatLecture:
    tableau = lire_tableau(texte.encode() if isinstance(texte, str) else texte)
    return valider(tableau, proposer_correspondance(tableau.entetes, genre), aujourd_hui=AUJOURD_HUI)


def codes(resultat: ResultatLecture) -> list[tuple[int, str, str]]:
    return [(erreur.ligne, erreur.colonne, erreur.code) for erreur in resultat.erreurs]


# --- Correspondance -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entetes", "genre"),
    [
        (("Nom", "Prénom", "Né(e) le", "Classe"), Genre.ELEVES),
        (("NOM DE FAMILLE", "  prenom ", "Date de naissance :", "Division", "Régime"), Genre.ELEVES),
        (("Nom responsable", "Prénom responsable", "Nom enfant", "Prénom enfant"), Genre.RESPONSABLES),
        (("Nom", "Prénom", "Adresse de messagerie", "Discipline"), Genre.PERSONNELS),
    ],
)
def test_les_en_tetes_usuels_designent_le_genre_de_la_liste(entetes: tuple[str, ...], genre: Genre) -> None:
    correspondance = proposer_correspondance(entetes)
    assert correspondance.genre is genre
    assert correspondance.manquants == ()
    assert correspondance.ignorees == ()
    assert correspondance.confiance == 1.0


def test_une_faute_de_frappe_est_devinee_avec_moins_de_confiance() -> None:
    correspondance = proposer_correspondance(("Nom", "Prénom", "Date de naisance"), Genre.ELEVES)
    (devinee,) = [a for a in correspondance.affectations if a.champ == "date_naissance"]
    assert 0.5 < devinee.confiance < 1
    assert correspondance.confiance == devinee.confiance


def test_un_en_tete_voisin_n_est_pas_confondu() -> None:
    entetes = ("Nom", "Prénom", "Né le", "Pays de naissance", "Ville de naissance", "Nom du père")
    correspondance = proposer_correspondance(entetes, Genre.ELEVES)
    assert correspondance.ignorees == entetes[3:]


def test_le_meilleur_de_deux_synonymes_est_choisi_et_l_autre_est_montre() -> None:
    correspondance = proposer_correspondance(("Nom", "Nom de famille", "Prénom", "Né le"), Genre.ELEVES)
    assert correspondance.ignorees == ("Nom",)


def test_un_champ_obligatoire_absent_est_nomme() -> None:
    correspondance = proposer_correspondance(("Nom", "Prénom"), Genre.ELEVES)
    assert correspondance.manquants == ("Date de naissance",)
    assert correspondance.confiance == 0.0
    tableau = lire_tableau(b"Nom;Pr\xe9nom\nA;B")
    with pytest.raises(DonneeInvalide, match="Date de naissance"):
        valider(tableau, correspondance, aujourd_hui=AUJOURD_HUI)


def test_une_correspondance_memorisee_survit_a_un_autre_ordre_de_colonnes() -> None:
    memoire = json.loads(json.dumps(proposer_correspondance(("Nom", "Prénom", "Né le", "Zone")).en_dict()))
    rejouee = Correspondance.depuis_dict(memoire, ("NE LE", "Inconnue", "prenom", "Nom"))
    assert {(a.indice, a.champ) for a in rejouee.affectations} == {
        (0, "date_naissance"),
        (2, "prenom"),
        (3, "nom"),
    }
    assert rejouee.ignorees == ("Inconnue",)


@pytest.mark.parametrize(
    "abime",
    [
        {},
        {"version": 9, "genre": "eleves", "colonnes": []},
        {"version": 1, "genre": "licornes", "colonnes": []},
        {
            "version": 1,
            "genre": "eleves",
            "colonnes": [{"entete": "Nom", "occurrence": 1, "champ": "x", "rang": 1}],
        },
        {
            "version": 1,
            "genre": "eleves",
            "colonnes": [{"entete": "Nom", "occurrence": 1, "champ": "nom", "rang": 2}],
        },
        {
            "version": 1,
            "genre": "eleves",
            "colonnes": [{"entete": 3, "occurrence": 1, "champ": "nom", "rang": 1}],
        },
        {"version": 1, "genre": "eleves", "colonnes": 12},
    ],
)
def test_une_memoire_abimee_est_refusee(abime: dict[str, object]) -> None:
    with pytest.raises(DonneeInvalide):
        Correspondance.depuis_dict(abime, ("Nom",))


def test_un_champ_ne_peut_pas_venir_de_deux_colonnes() -> None:
    with pytest.raises(DonneeInvalide):
        Correspondance.choisie(
            Genre.ELEVES, ("A", "B"), [Affectation(0, "A", "nom"), Affectation(1, "B", "nom")]
        )


def test_une_correspondance_faite_pour_un_autre_fichier_est_refusee() -> None:
    correspondance = proposer_correspondance(("Nom", "Prénom", "Né le"))
    with pytest.raises(DonneeInvalide, match="en-têtes"):
        valider(lire_tableau("Prénom;Nom;Né le\nA;B;C".encode()), correspondance, aujourd_hui=AUJOURD_HUI)


# --- Valeurs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ecrite",
    ["06/06/2018", "6/6/2018", "06-06-2018", "06.06.2018", "2018-06-06", "2018-06-06 00:00:00", "43257"],
)
def test_une_date_se_lit_dans_toutes_ses_ecritures(ecrite: str) -> None:
    (ligne,) = lire(f"Nom;Prénom;Né le\nA;B;{ecrite}\n").lignes
    assert isinstance(ligne, LigneEleve)
    assert ligne.date_naissance == date(2018, 6, 6)


@pytest.mark.parametrize(
    ("ecrite", "code"),
    [
        ("06/06/18", "date_ambigue"),
        ("31/02/2018", "date_inexistante"),
        ("06/13/2018", "date_inexistante"),
        ("2018", "date_illisible"),
        ("juin 2018", "date_illisible"),
        ("06/06/1818", "date_lointaine"),
        ("08/09/2026", "date_future"),
        ("", "valeur_absente"),
    ],
)
def test_une_date_douteuse_est_refusee_sans_etre_citee(ecrite: str, code: str) -> None:
    resultat = lire(f"Nom;Prénom;Né le\nA;B;{ecrite}\n", Genre.ELEVES)
    assert resultat.lignes == ()
    assert codes(resultat) == [(2, "Né le", code)]
    assert not ecrite or ecrite not in resultat.erreurs[0].motif


@pytest.mark.parametrize(
    ("colonne", "valeur", "code"),
    [
        ("Nom", "=HYPERLINK(1)", "formule"),
        ("Nom", "@SUM(1)", "formule"),
        ("Nom", "123", "nom_sans_lettre"),
        ("Nom", "NoÃ©", "caracteres_abimes"),
        ("Nom", "A\u202eB", "caractere_invisible"),
        ("Nom", "A" * 256, "trop_long"),
        ("INE", "123", "ine_invalide"),
        ("Sexe", "peut-être", "sexe_inconnu"),
        ("Courriel", "a@b@c.fr", "courriel_invalide"),
        ("Courriel", "a@b.fr, c@d.fr", "courriel_invalide"),
        ("Téléphone", "bureau", "telephone_invalide"),
    ],
)
def test_une_valeur_dangereuse_ou_fausse_met_sa_ligne_de_cote(colonne: str, valeur: str, code: str) -> None:
    donnees = {"Nom": "A", "Prénom": "B", "Né le": "06/06/2018", colonne: valeur}
    resultat = lire(
        "\t".join(donnees) + "\n" + "\t".join(donnees.values()) + "\nC\tD\t06/06/2018\n", Genre.ELEVES
    )
    assert codes(resultat) == [(2, colonne, code)]
    assert [ligne.ligne for ligne in resultat.lignes] == [3]
    assert valeur not in resultat.erreurs[0].motif + resultat.erreurs[0].remede


def test_les_valeurs_ordinaires_sont_ramenees_a_une_seule_ecriture() -> None:
    (ligne,) = lire(
        "Nom;Prénom;Né le;Sexe;INE;Tél. portable;Groupes;Classe\n"
        "Lecoeur;Noe\u0301;06/06/2018;Garçon;0123456789a;6 12 34 56 78;G1, G2|G1;061\n"
    ).lignes
    assert ligne == LigneEleve(
        ligne=2,
        nom="Lecoeur",
        prenom="Noé",
        date_naissance=date(2018, 6, 6),
        sexe="M",
        ine="0123456789A",
        telephone="0612345678",
        groupes=("G1", "G2"),
        division="061",
    )


def test_toutes_les_erreurs_d_une_ligne_sont_dites_d_un_coup() -> None:
    resultat = lire("Nom;Prénom;Né le;Sexe\n;B;06/06/18;?\n", Genre.ELEVES)
    assert {(colonne, code) for _, colonne, code in codes(resultat)} == {
        ("Nom", "valeur_absente"),
        ("Né le", "date_ambigue"),
        ("Sexe", "sexe_inconnu"),
    }


def test_une_ligne_decalee_par_un_separateur_de_trop_n_est_pas_lue() -> None:
    resultat = lire("Nom;Prénom;Né le;Classe\nA;B;06/06/2018;1 rue C; ville\nD;E;06/06/2018;6A\n")
    assert codes(resultat) == [(2, "", "cellules_en_trop")]
    assert len(resultat.lignes) == 1


def test_un_numero_international_n_est_pas_pris_pour_une_formule() -> None:
    (ligne,) = lire("Nom;Prénom;Né le;Portable\nA;B;06/06/2018;+33 6 12 34 56 78\n").lignes
    assert ligne.telephone == "+33612345678"


# --- Doublons -----------------------------------------------------------------------------------


def test_les_doublons_sont_montres_et_jamais_fusionnes() -> None:
    resultat = lire(
        "Identifiant;INE;Nom;Prénom;Né le\n"
        "1;;D'Aubémare;Noé;06/06/2018\n"
        "2;;D AUBEMARE;NOE;2018-06-06\n"
        "2;;Autre;Noé;06/06/2018\n"
        "4;0123456789A;Un;Un;06/06/2018\n"
        "5;0123456789a;Deux;Un;06/06/2018\n"
        "6;;D'Aubémare;Noé;07/06/2018\n"
    )
    assert len(resultat.lignes) == 6
    assert [(doublon.lignes, doublon.code) for doublon in resultat.doublons] == [
        ((2, 3), "meme_identite"),
        ((3, 4), "meme_identifiant"),
        ((5, 6), "meme_ine"),
    ]


# --- Responsables -------------------------------------------------------------------------------

FAMILLE = "Nom responsable;Prénom responsable;Nom enfant;Prénom enfant;Nom enfant;Prénom enfant\n"


def test_une_famille_plus_nombreuse_que_l_en_tete_garde_tous_ses_enfants() -> None:
    (ligne,) = lire(FAMILLE + "A;B;C;Un;C;Deux;C;Trois;C;Quatre\n").lignes
    assert isinstance(ligne, LigneResponsable)
    assert [enfant.prenom for enfant in ligne.enfants] == ["Un", "Deux", "Trois", "Quatre"]


@pytest.mark.parametrize(
    ("fin", "code"),
    [("", "sans_enfant"), ("C", "enfant_incomplet"), ("C;Un;;Deux", "enfant_incomplet"), ("C;Un;C;Deux;x",
     "enfant_incomplet")],
)  # fmt: skip
def test_un_responsable_sans_enfant_reconnaissable_est_mis_de_cote(fin: str, code: str) -> None:
    resultat = lire(FAMILLE + f"A;B;{fin}\n")
    assert [erreur.code for erreur in resultat.erreurs] == [code]


def test_un_enfant_peut_etre_designe_par_son_identifiant() -> None:
    (ligne,) = lire("Nom;Prénom;Identifiant élève;Lien;Resp. légal\nA;B;123;Mère;O\n").lignes
    assert isinstance(ligne, LigneResponsable)
    assert ligne.enfants[0].identifiant == "123"
    assert (ligne.lien, ligne.responsable_legal) == ("Mère", True)


# --- ONDE ---------------------------------------------------------------------------------------


@avec_onde
def test_les_eleves_d_onde_sont_lus() -> None:
    resultat = lire(ONDE / "constructed" / "CSVExtraction-eleves.csv")
    assert resultat.erreurs == ()
    assert [(type(ligne), ligne.prenom) for ligne in resultat.lignes] == [
        (LigneEleve, "Iris"),
        (LigneEleve, "Noé"),
    ]
    assert "Cycle" in resultat.ignorees


@avec_onde
def test_les_enseignants_d_onde_sont_lus() -> None:
    for exemple in (
        "constructed/CSVExtraction-enseignants.csv",
        "collected/entcore_positions_before_enseignants.csv",
    ):
        resultat = lire(ONDE / exemple)
        assert resultat.erreurs == ()
        assert {type(ligne) for ligne in resultat.lignes} == {LignePersonnel}
        assert all(
            ligne.directeur is not None for ligne in resultat.lignes if isinstance(ligne, LignePersonnel)
        )


@avec_onde
def test_les_responsables_d_onde_gardent_chacun_de_leurs_enfants() -> None:
    resultat = lire(ONDE / "constructed" / "CSVExtraction-responsables.csv")
    assert resultat.erreurs == ()
    familles = [ligne.enfants for ligne in resultat.lignes if isinstance(ligne, LigneResponsable)]
    assert [[enfant.prenom for enfant in enfants] for enfants in familles] == [["Iris"], ["Noé", "Iris"]]
