"""Lire un tableau : ce qu'un secrétariat dépose vraiment, et ce qu'un malveillant déposerait."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from ent_core.identite.tableur import Format, Genre, lire_tableau, modele_vierge
from ent_core.socle.erreurs import FichierRefuse

ONDE = Path(__file__).parents[3] / "shared" / "formats" / "onde_1d"
FEUILLE = "xl/worksheets/sheet1.xml"
RELATIONS = "xl/_rels/workbook.xml.rels"
ESPACE_XLSX = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ESPACES_ODS = " ".join(
    f'xmlns:{prefixe}="urn:oasis:names:tc:opendocument:xmlns:{prefixe}:1.0"'
    for prefixe in ("office", "table", "text")
)


def refaire(contenu: bytes, parties: dict[str, str | bytes]) -> bytes:
    """La même archive, avec des parties changées ou ajoutées."""
    sortie = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(contenu)) as source,
        zipfile.ZipFile(sortie, "w", zipfile.ZIP_DEFLATED) as cible,
    ):
        for nom in source.namelist():
            cible.writestr(nom, parties.get(nom, source.read(nom)))
        for nom in parties.keys() - set(source.namelist()):
            cible.writestr(nom, parties[nom])
    return sortie.getvalue()


def xlsx_de(rangees: str, **autres: str) -> bytes:
    feuille = f"<worksheet {ESPACE_XLSX}><sheetData>{rangees}</sheetData></worksheet>"
    return refaire(modele_vierge(Genre.ELEVES, Format.XLSX), {FEUILLE: feuille, **autres})


def ods_de(rangees: str) -> bytes:
    contenu = (
        f"<office:document-content {ESPACES_ODS}><office:body><office:spreadsheet>"
        f'<table:table table:name="F">{rangees}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return refaire(modele_vierge(Genre.ELEVES, Format.ODS), {"content.xml": contenu})


def xlsx_rempli(**feuilles: list[list[object]]) -> bytes:
    classeur = Workbook()
    classeur.remove(classeur.active)
    for nom, rangees in feuilles.items():
        feuille = classeur.create_sheet(nom)
        for rangee in rangees:
            feuille.append(rangee)
    sortie = io.BytesIO()
    classeur.save(sortie)
    return sortie.getvalue()


def refus(contenu: bytes, nom: str = "liste") -> str:
    with pytest.raises(FichierRefuse) as erreur:
        lire_tableau(contenu, nom)
    assert erreur.value.remede
    assert erreur.value.lieu.startswith(nom)
    return str(erreur.value)


# --- CSV : encodages et séparateurs -------------------------------------------------------------


@pytest.mark.parametrize(
    ("encodage", "reconnu"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
        ("iso8859-15", "iso8859-15"),
    ],
)
def test_un_csv_est_lu_dans_l_encodage_ou_il_a_ete_ecrit(encodage: str, reconnu: str) -> None:
    tableau = lire_tableau("Nom;Prénom\r\nLecœur;Noé\r\n".encode(encodage))
    assert tableau.encodage == reconnu
    assert tableau.entetes == ("Nom", "Prénom")
    assert tableau.lignes[0].cellules == ("Lecœur", "Noé")


def test_un_utf16_gros_boutiste_avec_marque_est_lu() -> None:
    assert lire_tableau(b"\xfe\xff" + "Nom;É\nA;B".encode("utf-16-be")).entetes == ("Nom", "É")


@pytest.mark.parametrize("separateur", [";", ",", "\t"])
@pytest.mark.parametrize("fin", ["\n", "\r\n", "\r"])
def test_le_separateur_et_les_fins_de_ligne_sont_devines(separateur: str, fin: str) -> None:
    texte = fin.join(separateur.join(rangee) for rangee in (("Nom", "Prénom"), ("A", "B"), ("C", "D"))) + fin
    tableau = lire_tableau(texte.encode())
    assert tableau.separateur == separateur
    assert [(ligne.numero, ligne.cellules) for ligne in tableau.lignes] == [(2, ("A", "B")), (3, ("C", "D"))]


def test_des_virgules_dans_les_en_tetes_ne_trompent_pas_sur_le_separateur() -> None:
    tableau = lire_tableau(b"Nom;Adresse (rue, ville, pays)\nA;1 rue B\nC;2 rue D\n")
    assert tableau.separateur == ";"


def test_la_ligne_sep_d_excel_est_suivie_et_compte_dans_les_numeros() -> None:
    tableau = lire_tableau(b"sep=,\r\nNom,Classe\r\nA,6A\r\n")
    assert (tableau.separateur, tableau.ligne_entetes, tableau.lignes[0].numero) == (",", 2, 3)


def test_le_numero_de_ligne_est_celui_du_fichier() -> None:
    tableau = lire_tableau(b'\nNom;Adresse\n;;\nA;"1 rue\nB"\nC;D\n')
    assert tableau.ligne_entetes == 2
    assert [(ligne.numero, ligne.cellules) for ligne in tableau.lignes] == [
        (4, ("A", "1 rue\nB")),
        (6, ("C", "D")),
    ]


def test_une_ligne_plus_courte_ou_plus_longue_est_gardee_et_signalee() -> None:
    tableau = lire_tableau(b"Nom;Classe\nA\nB;6A;trop\nC;6B\nD;6C;;;\n")
    assert [len(ligne.cellules) for ligne in tableau.lignes] == [1, 3, 2, 2]
    (avertissement,) = tableau.avertissements
    assert (avertissement.code, avertissement.lignes) == ("lignes_inegales", (2, 3))


def test_une_formule_reste_un_texte_et_elle_est_signalee() -> None:
    tableau = lire_tableau(b'Nom;Classe\n"=HYPERLINK(""http://x"")";6A\nB;6B\n@x;+1\n')
    assert tableau.lignes[0].cellules[0] == '=HYPERLINK("http://x")'
    (avertissement,) = tableau.avertissements
    assert (avertissement.code, avertissement.lignes) == ("formule", (2, 4))


# --- CSV : refus --------------------------------------------------------------------------------


@pytest.mark.parametrize("contenu", [b"", b" \r\n\t\n", b"\xef\xbb\xbf", b";;;\n;;\n"])
def test_un_fichier_vide_est_refuse(contenu: bytes) -> None:
    refus(contenu)


def test_un_fichier_sans_autre_ligne_que_ses_en_tetes_est_lu_et_signale() -> None:
    tableau = lire_tableau(b"Nom;Classe")
    assert tableau.lignes == ()
    assert [avertissement.code for avertissement in tableau.avertissements] == ["sans_donnee"]


def test_un_caractere_nul_est_refuse_avec_sa_ligne() -> None:
    assert "ligne 2" in refus(b"Nom;Classe\nA\0;6A\n")


def test_un_octet_sans_signification_est_refuse_avec_sa_ligne() -> None:
    assert "ligne 3" in refus(b"Nom;Classe\nA;6A\n\x81\xe9;6B\n")


def test_un_guillemet_jamais_ferme_est_refuse_avec_sa_ligne() -> None:
    assert "ligne 2" in refus(b'Nom;Classe\n"A;6A\nB;6B\n')


@pytest.mark.parametrize(
    ("contenu", "raison"),
    [
        (b"x" * (20 * 1024**2 + 1), "20 Mo"),
        (b"Nom\n" + b"A\n" * 100_001, "100000 lignes"),
        (b";" * 300 + b"A\n", "256 colonnes"),
        (b";" * 2_000_000, "1000000 caract"),
        (b"Nom\n" + b"A" * 40_000, "32767 caract"),
    ],
)
def test_un_csv_demesure_est_refuse(contenu: bytes, raison: str) -> None:
    assert raison in refus(contenu)


@pytest.mark.parametrize(
    "contenu",
    [b"%PDF-1.7 ...", b"\x1f\x8b\x08...", b"<html><table>", b"  <?xml version='1.0'?><a/>", b"\x89PNG\r\n"],
)
def test_un_autre_genre_de_fichier_est_nomme_et_refuse(contenu: bytes) -> None:
    assert "n'est pas un tableau" in refus(contenu)


@pytest.mark.long
def test_cent_mille_lignes_tiennent_en_memoire() -> None:
    contenu = "Nom;Prénom;Né le;Classe\r\n".encode() + "DUPONT;Noé;06/06/2018;6A\r\n".encode() * 100_000
    tracemalloc.start()
    try:
        tableau = lire_tableau(contenu)
        _, sommet = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(tableau.lignes) == 100_000
    assert sommet < 150 * 1024**2


# --- Classeurs ----------------------------------------------------------------------------------


def test_un_classeur_rend_des_dates_iso_et_des_entiers_sans_decimale() -> None:
    contenu = xlsx_rempli(
        F=[
            ["Né le", "Nombre", "Vrai", "Heure", "Décimal"],
            [dt.date(2018, 6, 6), 12345678901, True, dt.time(8, 5), 1.5],
        ]
    )
    tableau = lire_tableau(contenu, "liste.xlsx")
    assert tableau.format is Format.XLSX
    assert tableau.lignes[0].cellules == ("2018-06-06", "12345678901", "VRAI", "08:05:00", "1.5")


def test_un_ods_rend_ses_valeurs_typees_et_ses_paragraphes() -> None:
    cellules = (
        '<table:table-cell office:value-type="date" office:date-value="2018-06-06"><text:p>6 juin</text:p>',
        '<table:table-cell office:value-type="float" office:value="12"><text:p>12,0</text:p>',
        '<table:table-cell office:value-type="string"><text:p>a</text:p><text:p>b</text:p>',
        "",
    )
    tableau = lire_tableau(ods_de(rangee_ods("</table:table-cell>".join(cellules))), "liste.ods")
    assert tableau.entetes == ("2018-06-06", "12", "a\nb")


def test_la_premiere_feuille_remplie_est_lue_et_les_autres_sont_nommees() -> None:
    tableau = lire_tableau(xlsx_rempli(Vide=[], Eleves=[["Nom"], ["A"]], Archives=[["x"]]))
    assert tableau.feuille == "Eleves"
    (avertissement,) = tableau.avertissements
    assert avertissement.code == "plusieurs_feuilles"
    assert "« Archives »" in avertissement.message
    assert "Vide" not in avertissement.message


def test_une_cellule_en_erreur_est_lue_vide_et_signalee() -> None:
    tableau = lire_tableau(xlsx_rempli(F=[["Nom", "Classe"], ["A", "6A"], ["B", "#N/A"]]))
    assert tableau.lignes[1].cellules == ("B", "")
    (avertissement,) = tableau.avertissements
    assert (avertissement.code, avertissement.lignes) == ("cellule_en_erreur", (3,))


def test_un_classeur_vide_est_refuse() -> None:
    assert "aucune cellule" in refus(xlsx_rempli(F=[]))


@pytest.mark.parametrize(
    ("contenu", "nom", "raison"),
    [
        (b"Nom;Classe\nA;6A\n", "liste.xlsx", "renommer en « .csv »"),
        (b"Nom;Classe\nA;6A\n", "liste.ods", "renommer en « .csv »"),
        (modele_vierge(Genre.ELEVES, Format.XLSX), "liste.csv", "renommer en « .xlsx »"),
        (modele_vierge(Genre.ELEVES, Format.ODS), "liste.xlsx", "renommer en « .ods »"),
    ],
)
def test_un_fichier_renomme_est_refuse_en_disant_ce_qu_il_est(contenu: bytes, nom: str, raison: str) -> None:
    assert raison in refus(contenu, nom)


def test_une_archive_d_autre_chose_est_refusee() -> None:
    sortie = io.BytesIO()
    with zipfile.ZipFile(sortie, "w") as archive:
        archive.writestr("notes.txt", "rien")
    assert "archive ZIP" in refus(sortie.getvalue(), "liste.ods")


def test_un_classeur_protege_est_refuse_sans_demander_le_mot_de_passe() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512
    assert "mot de passe" in refus(ole + "EncryptedPackage".encode("utf-16-le"), "liste.xlsx")
    assert ".xls" in refus(ole, "liste.xls")
    chiffre = refaire(
        modele_vierge(Genre.ELEVES, Format.ODS),
        {"META-INF/manifest.xml": "<manifest><encryption-data/></manifest>"},
    )
    assert "mot de passe" in refus(chiffre, "liste.ods")


@pytest.mark.parametrize("format_lu", [Format.XLSX, Format.ODS])
def test_un_classeur_tronque_est_refuse_ou_qu_il_soit_coupe(format_lu: Format) -> None:
    contenu = modele_vierge(Genre.ELEVES, format_lu)
    for coupe in range(5, len(contenu) - 1, 97):
        refus(contenu[:coupe], f"liste.{format_lu}")


def test_une_bombe_de_decompression_est_refusee() -> None:
    bombe = refaire(modele_vierge(Genre.ELEVES, Format.XLSX), {"xl/media/a.bin": b"\0" * (129 * 1024**2)})
    assert len(bombe) < 1024**2
    assert "128 Mo" in refus(bombe)


@pytest.mark.parametrize(
    ("rangees", "raison"),
    [
        ('<row r="1048576"><c r="A1048576"><v>1</v></c></row>', "ligne 100001"),
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "colonne 256"),
        ('<row r="100000"><c r="IV100000"><v>1</v></c></row>', "1000000 cellules"),
        # La bibliothèque de lecture comprend ces adresses et réserverait la mémoire de tout le rectangle.
        ('<row r="1"><c r="xfd1048576"><v>1</v></c></row>', "adresse impossible"),
        ('<row r="4294967295"><c><v>1</v></c></row>', "numéro impossible"),
        pytest.param("<row/>" * 3_000_000, "3000000 balises", marks=pytest.mark.long),
    ],
)
def test_un_xlsx_qui_se_deplierait_en_milliards_de_cellules_est_refuse(rangees: str, raison: str) -> None:
    assert raison in refus(xlsx_de(rangees))


def avec_textes_partages(textes: str, rangees: str, partie: str = "sharedStrings.xml") -> bytes:
    lien = (
        '<Relationship Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"'
        f' Target="{partie}" Id="rId9"/></Relationships>'
    )
    with zipfile.ZipFile(io.BytesIO(modele_vierge(Genre.ELEVES, Format.XLSX))) as archive:
        relations = archive.read(RELATIONS).decode().replace("</Relationships>", lien)
    return xlsx_de(rangees, **{RELATIONS: relations, f"xl/{partie}": f"<sst {ESPACE_XLSX}>{textes}</sst>"})


def test_un_texte_partage_cite_cent_mille_fois_est_mesure() -> None:
    citations = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 10_000))
    assert lire_tableau(avec_textes_partages("<si><t>Nom</t></si>", citations)).entetes == ("Nom",)
    enorme = f"<si><t>{'A' * 30_000}</t></si>"
    assert "64000000 caract" in refus(avec_textes_partages(enorme, citations))
    assert "à leur place" in refus(avec_textes_partages(enorme, citations, partie="ailleurs.xml"))
    assert "nom inattendu" in refus(avec_textes_partages(enorme, citations, partie="image.png"))
    assert "texte partagé impossible" in refus(avec_textes_partages(enorme, citations.replace(">0<", ">+0<")))


def rangee_ods(cellules: str, fois: str = "1") -> str:
    return f'<table:table-row table:number-rows-repeated="{fois}">{cellules}</table:table-row>'


def cellule_ods(texte: str, fois: str = "1") -> str:
    attributs = f'office:value-type="string" table:number-columns-repeated="{fois}"'
    return f"<table:table-cell {attributs}><text:p>{texte}</text:p></table:table-cell>"


@pytest.mark.parametrize(
    ("rangees", "raison"),
    [
        (rangee_ods(cellule_ods("x"), fois="1048576"), "ligne 100001"),
        (rangee_ods(cellule_ods("x", fois="16384")), "colonne 256"),
        (rangee_ods(cellule_ods("x"), fois="99999999999"), "nombre impossible"),
        (rangee_ods(cellule_ods('a<text:s text:c="99999999"/>')), "32767 caract"),
    ],
)
def test_un_ods_qui_se_repete_sans_fin_est_refuse(rangees: str, raison: str) -> None:
    assert raison in refus(ods_de(rangees))


def test_les_lignes_vides_repetees_a_la_fin_d_un_ods_ordinaire_ne_comptent_pas() -> None:
    vide = '<table:table-cell table:number-columns-repeated="16383"/>'
    fin = rangee_ods(vide, fois="1048574")
    tableau = lire_tableau(ods_de(rangee_ods(cellule_ods("x") + vide) * 2 + fin))
    assert tableau.entetes == ("x",)
    assert len(tableau.lignes) == 1


def test_un_classeur_qui_declare_des_entites_est_refuse() -> None:
    piege = f'<!DOCTYPE a [<!ENTITY b "c">]><worksheet {ESPACE_XLSX}><sheetData/></worksheet>'
    assert "entités" in refus(refaire(modele_vierge(Genre.ELEVES, Format.XLSX), {FEUILLE: piege}))


def test_un_chemin_se_lit_comme_des_octets(tmp_path: Path) -> None:
    fichier = tmp_path / "liste.csv"
    fichier.write_bytes(b"Nom;Classe\nA;6A\n")
    assert lire_tableau(fichier).nom == "liste.csv"
    assert lire_tableau(fichier).lignes == lire_tableau(fichier.read_bytes()).lignes


@pytest.mark.skipif(not ONDE.is_dir(), reason="les exemples ONDE ne sont pas à côté du dépôt")
def test_chaque_exemple_onde_se_lit() -> None:
    exemples = sorted(ONDE.rglob("*.csv"))
    assert len(exemples) == 4
    for exemple in exemples:
        tableau = lire_tableau(exemple)
        assert tableau.separateur == ";"
        assert len(tableau.lignes) >= 2
        assert tableau.avertissements == ()
