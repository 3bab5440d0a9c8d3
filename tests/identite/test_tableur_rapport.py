"""Rendre un tableau : le même fichier, une colonne de plus, et rien qui s'exécute."""

from __future__ import annotations

import io
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from ent_core.identite.tableur import (
    COLONNE_ERREUR,
    ErreurLigne,
    Format,
    Genre,
    Ligne,
    Tableau,
    ecrire_rapport,
    lire_tableau,
    modele_vierge,
    proposer_correspondance,
    valider,
)

AUJOURD_HUI = date(2026, 9, 7)
# La lecture ramène tabulations et blancs ; la validation refuse les caractères de commande.
CELLULES = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")) | st.just("\n"), max_size=12).map(
    str.strip
)
PREMIERE = CELLULES.filter(bool)
RANGEES = st.integers(1, 4).flatmap(
    lambda largeur: st.lists(
        st.builds(lambda tete, suite: (tete, *suite), PREMIERE, st.tuples(*[CELLULES] * (largeur - 1))),
        max_size=4,
    ).map(lambda rangees: (largeur, rangees))
)


def tableau_de(largeur: int, rangees: list[tuple[str, ...]]) -> Tableau:
    return Tableau(
        nom="liste",
        format=Format.CSV,
        entetes=tuple(f"colonne {rang}" for rang in range(largeur)),
        ligne_entetes=1,
        lignes=tuple(Ligne(numero, rangee) for numero, rangee in enumerate(rangees, start=2)),
    )


@pytest.mark.parametrize("format_voulu", list(Format))
@given(donnees=RANGEES)
@example(donnees=(2, [("=1+1", "'=x"), ("''@y", "+33 6"), ("'", "_x0041_"), ("a\n\nb", "_x005F_x0041_")]))
@example(donnees=(2, [("a  b", '"'), ("012", "1E5"), ("VRAI", "2018-06-06"), ("a;b", "c,d")]))
@settings(max_examples=60, deadline=None, database=None)
def test_un_tableau_ecrit_puis_relu_est_le_meme(
    format_voulu: Format, donnees: tuple[int, list[tuple[str, ...]]]
) -> None:
    tableau = tableau_de(*donnees)
    relu = lire_tableau(ecrire_rapport(tableau, (), format_voulu), f"liste.{format_voulu}")
    assert relu.entetes == (*tableau.entetes, COLONNE_ERREUR)
    assert [ligne.cellules for ligne in relu.lignes] == [(*ligne.cellules, "") for ligne in tableau.lignes]


@pytest.mark.parametrize("format_voulu", list(Format))
def test_l_erreur_est_sur_la_ligne_qui_la_porte(format_voulu: Format) -> None:
    tableau = lire_tableau(b"Nom;Classe\n\nA;6A\nB;6B;trop\n")
    erreurs = [
        ErreurLigne(4, "Classe", "x", "classe inconnue", "la créer"),
        ErreurLigne(4, "", "y", "trop", "ôter"),
    ]
    relu = lire_tableau(ecrire_rapport(tableau, erreurs, format_voulu))
    assert relu.entetes == ("Nom", "Classe", "", COLONNE_ERREUR)
    assert [ligne.cellules for ligne in relu.lignes] == [
        ("A", "6A", "", ""),
        ("B", "6B", "trop", "Classe : classe inconnue (la créer). trop (ôter)."),
    ]


def test_un_rapport_redepose_remplace_sa_colonne_d_erreur_sans_perdre_de_cellule() -> None:
    premier = lire_tableau("Nom;Classe;erreur\nA;6A;Classe : à revoir\nB;6B;;en trop\n".encode())
    second = lire_tableau(ecrire_rapport(premier, [ErreurLigne(3, "", "x", "trop", "ôter")], Format.CSV))
    assert second.entetes == ("Nom", "Classe", "", COLONNE_ERREUR)
    assert [ligne.cellules for ligne in second.lignes] == [
        ("A", "6A", "", ""),
        ("B", "6B", "en trop", "trop (ôter)."),
    ]


@pytest.mark.parametrize("cellule", ["=1+1", "+1", "-1", "@x", "'=x"])
def test_rien_de_ce_qui_est_ecrit_ne_peut_etre_calcule(cellule: str) -> None:
    tableau = tableau_de(1, [(cellule,)])
    csv = ecrire_rapport(tableau, (), Format.CSV)
    assert csv.startswith(b"\xef\xbb\xbf")
    assert f"\r\n'{cellule};" in csv.decode("utf-8-sig")
    ecrite = load_workbook(io.BytesIO(ecrire_rapport(tableau, (), Format.XLSX))).active["A2"]
    assert (ecrite.data_type, ecrite.quotePrefix, ecrite.number_format) == ("s", True, "@")


@pytest.mark.parametrize("format_voulu", [Format.XLSX, Format.ODS])
def test_un_caractere_interdit_en_xml_n_empeche_pas_le_rapport(format_voulu: Format) -> None:
    tableau = lire_tableau(b"Nom;Classe\nA\x01\x02;6A\n")
    assert lire_tableau(ecrire_rapport(tableau, (), format_voulu)).lignes[0].cellules[0] == "A\ufffd\ufffd"


@pytest.mark.parametrize("format_voulu", list(Format))
@pytest.mark.parametrize("genre", list(Genre))
def test_le_modele_vierge_se_reimporte_sans_une_erreur(genre: Genre, format_voulu: Format) -> None:
    tableau = lire_tableau(modele_vierge(genre, format_voulu), f"modele.{format_voulu}")
    correspondance = proposer_correspondance(tableau.entetes)
    assert (correspondance.genre, correspondance.confiance, correspondance.ignorees) == (genre, 1.0, ())
    resultat = valider(tableau, correspondance, aujourd_hui=AUJOURD_HUI)
    assert resultat.erreurs == ()
    assert len(resultat.lignes) == 1
