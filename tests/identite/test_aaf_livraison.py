"""Une livraison AAF : ce qu'elle doit être, et tout ce qui est refusé."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest

from ent_core.identite.aaf.grammaire import Categorie, Nature
from ent_core.identite.aaf.livraison import Livraison, ouvrir_livraison
from ent_core.identite.aaf.sources import Limites
from ent_core.socle.erreurs import FichierRefuse
from tests.identite.aaf_fichiers import CORPUS

VIDE = b'<?xml version="1.0"?>\n<ficAlimMENESR>\n</ficAlimMENESR>\n'
ELEVES = "ENT2DVA-ENT99_Complet_20260907_Eleve_0000.xml"
RESPONSABLES = "ENT2DVA-ENT99_Complet_20260907_PersRelEleve_0000.xml"

Emballage = Callable[[Path, Mapping[str, bytes]], Path]


def en_dossier(base: Path, fichiers: Mapping[str, bytes]) -> Path:
    dossier = base / "livraison"
    dossier.mkdir()
    for nom, contenu in fichiers.items():
        (dossier / nom).write_bytes(contenu)
    return dossier


def en_zip(base: Path, fichiers: Mapping[str, bytes]) -> Path:
    chemin = base / "livraison.zip"
    with zipfile.ZipFile(chemin, "w", zipfile.ZIP_DEFLATED) as archive:
        for nom, contenu in fichiers.items():
            archive.writestr(nom, contenu)
    return chemin


def en_tgz(base: Path, fichiers: Mapping[str, bytes]) -> Path:
    chemin = base / "livraison.tar.gz"
    with tarfile.open(chemin, "w:gz") as archive:
        for nom, contenu in fichiers.items():
            info = tarfile.TarInfo(nom)
            info.size = len(contenu)
            archive.addfile(info, io.BytesIO(contenu))
    return chemin


EMBALLAGES = [en_dossier, en_zip, en_tgz]
ARCHIVES = [en_zip, en_tgz]


def refus(ouverture: AbstractContextManager[Livraison]) -> str:
    """Le message du refus."""
    with pytest.raises(FichierRefuse) as vu, ouverture:
        pass
    assert vu.value.remede
    return str(vu.value)


def test_tous_les_emballages_disent_la_meme_chose(tmp_path: Path) -> None:
    fichiers = {
        "ficAlimMENESR.dtd": b"<!ELEMENT x EMPTY>",
        RESPONSABLES: VIDE,
        ELEVES.replace("0000", "0001"): VIDE + b"<!-- suite -->",
        ELEVES: VIDE,
        "ENT2DVA-ENT99_Complet_20260907_PersEducNat_0000.xml": VIDE,
        "ENT2DVA-ENT99_Complet_20260907_MatiereEducNat_0000.xml": VIDE,
        "ENT2DVA-ENT99_Complet_20260907_MefEducNat_0000.xml": VIDE,
        "ENT2DVA-ENT99_Complet_20260907_EtabEducNat_0000.xml": VIDE,
    }
    vues = []
    for emballage in EMBALLAGES:
        with ouvrir_livraison(emballage(tmp_path, fichiers)) as livraison:
            vues.append(livraison)
            assert livraison.avertissements == ()
            for membre in livraison.membres:
                with livraison.ouvrir(membre) as fichier:
                    assert fichier.read() == fichiers[membre.nom]
    dossier, archive_zip, archive_tgz = vues
    assert dossier == archive_zip == archive_tgz
    assert (dossier.projet, dossier.nature, dossier.date, dossier.degre) == (
        "ENT2DVA-ENT99",
        Nature.COMPLET,
        date(2026, 9, 7),
        "2D",
    )
    assert [(membre.categorie, membre.numero) for membre in dossier.membres] == [
        (Categorie.ETABLISSEMENT, 0),
        (Categorie.MATIERE, 0),
        (Categorie.MEF, 0),
        (Categorie.ELEVE, 0),
        (Categorie.ELEVE, 1),
        (Categorie.RESPONSABLE, 0),
        (Categorie.AGENT, 0),
    ]
    assert dossier.taille == sum(len(c) for n, c in fichiers.items() if n.endswith(".xml"))


def test_un_octet_change_change_l_empreinte(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with (
        ouvrir_livraison(en_zip(tmp_path / "a", {ELEVES: VIDE})) as avant,
        ouvrir_livraison(en_zip(tmp_path / "b", {ELEVES: VIDE + b" "})) as apres,
    ):
        assert avant.empreinte != apres.empreinte


def test_un_nom_de_projet_peut_contenir_des_soulignes(tmp_path: Path) -> None:
    chemin = en_dossier(tmp_path, {"FULL_ENT_X_Delta_20130117_Eleve_0000.xml": VIDE})
    with ouvrir_livraison(chemin) as livraison:
        assert (livraison.projet, livraison.nature, livraison.degre) == ("FULL_ENT_X", Nature.DELTA, None)


def test_eleve_n_attrape_pas_pers_rel_eleve(tmp_path: Path) -> None:
    with ouvrir_livraison(en_dossier(tmp_path, {RESPONSABLES: VIDE})) as livraison:
        assert [membre.categorie for membre in livraison.membres] == [Categorie.RESPONSABLE]


def test_le_degre_vient_des_en_tetes_avant_le_nom_du_projet(tmp_path: Path) -> None:
    tete = b'<ficAlimMENESR>\n<!-- degre="1D" -->\n<!-- codeAcademieExport="13" -->\n</ficAlimMENESR>'
    with ouvrir_livraison(en_dossier(tmp_path, {ELEVES: tete, RESPONSABLES: VIDE})) as livraison:
        assert (livraison.degre, livraison.academie) == ("1D", "13")


def test_deux_academies_dans_une_livraison_sont_refusees(tmp_path: Path) -> None:
    tete = b'<ficAlimMENESR><!-- codeAcademieExport="%d" --></ficAlimMENESR>'
    chemin = en_dossier(tmp_path, {ELEVES: tete % 13, RESPONSABLES: tete % 14})
    assert "académies : 13, 14" in refus(ouvrir_livraison(chemin))


def test_un_fichier_xml_seul_est_une_livraison(tmp_path: Path) -> None:
    chemin = tmp_path / ELEVES.replace("0000", "0003")
    chemin.write_bytes(VIDE)
    with ouvrir_livraison(chemin) as livraison:
        assert len(livraison.membres) == 1
        assert "pris seul" in livraison.avertissements[0]


def test_une_categorie_inconnue_avertit_sans_refuser(tmp_path: Path) -> None:
    inconnue = "ENT2DVA-ENT99_Complet_20260907_Nouveaute_0000.xml"
    with ouvrir_livraison(en_zip(tmp_path, {ELEVES: VIDE, inconnue: VIDE, "lisez.txt": b"x"})) as livraison:
        assert [membre.nom for membre in livraison.membres] == [ELEVES]
        assert any("Nouveaute" in averti for averti in livraison.avertissements)
        assert any("lisez.txt" in averti for averti in livraison.avertissements)


def test_les_residus_de_copie_sont_ignores(tmp_path: Path) -> None:
    chemin = en_zip(tmp_path, {f"envoi/{ELEVES}": VIDE, f"__MACOSX/envoi/._{ELEVES}": b"x"})
    with ouvrir_livraison(chemin) as livraison:
        assert [membre.nom for membre in livraison.membres] == [ELEVES]
        assert livraison.avertissements == ()


@pytest.mark.parametrize("emballage", EMBALLAGES)
@pytest.mark.parametrize(
    ("noms", "cite"),
    [
        ([], "rien"),
        (["notes.txt"], "notes.txt"),
        ([ELEVES, ELEVES.replace("0907", "0908").replace("_0000", "_0001")], "dates : 20260907, 20260908"),
        ([ELEVES, RESPONSABLES.replace("ENT99", "ENT98")], "projets : ENT2DVA-ENT98, ENT2DVA-ENT99"),
        ([ELEVES, RESPONSABLES.replace("Complet", "Delta")], "natures : complet, delta"),
        ([ELEVES, ELEVES.replace("_0000", "_0002")], "il manque 0001"),
        ([ELEVES.replace("_0000", "_0001")], "il manque 0000"),
        ([ELEVES.replace("20260907", "20261399")], "20261399"),
        ([ELEVES.replace("Eleve", "Autre")], "Autre"),
    ],
)
def test_une_livraison_vide_melee_ou_incomplete_est_refusee(
    tmp_path: Path, emballage: Emballage, noms: list[str], cite: str
) -> None:
    assert cite in refus(ouvrir_livraison(emballage(tmp_path, dict.fromkeys(noms, VIDE))))


@pytest.mark.parametrize("emballage", EMBALLAGES)
def test_un_fichier_de_zero_octet_est_refuse(tmp_path: Path, emballage: Emballage) -> None:
    message = refus(ouvrir_livraison(emballage(tmp_path, {ELEVES: VIDE, RESPONSABLES: b""})))
    assert "vide" in message
    assert RESPONSABLES in message


@pytest.mark.parametrize("emballage", ARCHIVES)
@pytest.mark.parametrize("nom", [f"../{ELEVES}", f"/etc/{ELEVES}", f"a/../../{ELEVES}", f"C:\\{ELEVES}"])
def test_un_chemin_qui_sort_de_l_archive_est_refuse(tmp_path: Path, emballage: Emballage, nom: str) -> None:
    assert "sort de l'archive" in refus(ouvrir_livraison(emballage(tmp_path, {nom: VIDE})))


@pytest.mark.parametrize("emballage", ARCHIVES)
def test_deux_fichiers_du_meme_nom_sont_refuses(tmp_path: Path, emballage: Emballage) -> None:
    chemin = emballage(tmp_path, {f"a/{ELEVES}": VIDE, f"b/{ELEVES}": VIDE})
    assert "portent ce nom" in refus(ouvrir_livraison(chemin))


@pytest.mark.parametrize("sorte", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_un_lien_ou_un_peripherique_dans_un_tar_est_refuse(tmp_path: Path, sorte: bytes) -> None:
    chemin = tmp_path / "livraison.tgz"
    with tarfile.open(chemin, "w:gz") as archive:
        info = tarfile.TarInfo(ELEVES)
        info.type = sorte
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    assert "lien ou un fichier spécial" in refus(ouvrir_livraison(chemin))


def test_un_lien_dans_un_zip_ou_un_dossier_est_refuse(tmp_path: Path) -> None:
    chemin = tmp_path / "livraison.zip"
    with zipfile.ZipFile(chemin, "w") as archive:
        info = zipfile.ZipInfo(ELEVES)
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    assert "c'est un lien" in refus(ouvrir_livraison(chemin))
    dossier = en_dossier(tmp_path, {})
    (dossier / ELEVES).symlink_to("/etc/passwd")
    assert "c'est un lien" in refus(ouvrir_livraison(dossier))


def test_une_bombe_zip_ou_gzip_est_refusee_avant_d_etre_lue(tmp_path: Path) -> None:
    bombe = b" " * (40 * 1024 * 1024)
    assert "bombe" in refus(ouvrir_livraison(en_zip(tmp_path, {ELEVES: bombe})))
    assert "démesuré" in refus(ouvrir_livraison(en_tgz(tmp_path, {ELEVES: bombe})))


@pytest.mark.parametrize("emballage", EMBALLAGES)
@pytest.mark.parametrize("limites", [Limites(membre=10), Limites(total=100), Limites(membres=1)])
def test_les_limites_de_taille_valent_pour_tout_emballage(
    tmp_path: Path, emballage: Emballage, limites: Limites
) -> None:
    chemin = emballage(tmp_path, {ELEVES: VIDE, RESPONSABLES: VIDE})
    assert "par sûreté" in refus(ouvrir_livraison(chemin, limites=limites))


def test_un_zip_chiffre_est_refuse(tmp_path: Path) -> None:
    chemin = en_zip(tmp_path, {ELEVES: VIDE})
    octets = bytearray(chemin.read_bytes())
    octets[octets.index(b"PK\x01\x02") + 8] |= 1
    chemin.write_bytes(octets)
    assert "chiffré" in refus(ouvrir_livraison(chemin))


@pytest.mark.parametrize("emballage", ARCHIVES)
@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_une_archive_tronquee_est_refusee(tmp_path: Path, emballage: Emballage, part: float) -> None:
    chemin = emballage(tmp_path, {ELEVES: VIDE + bytes(range(256)) * 40, RESPONSABLES: VIDE})
    octets = chemin.read_bytes()
    chemin.write_bytes(octets[: int(len(octets) * part)])
    assert "tronquée ou abîmée" in refus(ouvrir_livraison(chemin))


def test_un_zip_au_contenu_abime_est_refuse(tmp_path: Path) -> None:
    chemin = en_zip(tmp_path, {ELEVES: VIDE * 50})
    octets = bytearray(chemin.read_bytes())
    octets[len(ELEVES) + 40] ^= 0xFF
    chemin.write_bytes(octets)
    assert "tronquée ou abîmée" in refus(ouvrir_livraison(chemin))


def test_un_gzip_qui_n_est_pas_une_archive_est_refuse(tmp_path: Path) -> None:
    chemin = tmp_path / "livraison.tgz"
    chemin.write_bytes(gzip.compress(VIDE * 100))
    assert "tronquée ou abîmée" in refus(ouvrir_livraison(chemin))


def test_un_chemin_absent_ou_d_une_autre_sorte_est_refuse(tmp_path: Path) -> None:
    assert "ne peut pas être ouverte" in refus(ouvrir_livraison(tmp_path / "absente.zip"))
    autre = tmp_path / "export.csv"
    autre.write_text("nom;prenom")
    assert "ni un dossier" in refus(ouvrir_livraison(autre))


def test_une_erreur_de_l_appelant_n_est_pas_prise_pour_une_archive_abimee(tmp_path: Path) -> None:
    with pytest.raises(EOFError), ouvrir_livraison(en_zip(tmp_path, {ELEVES: VIDE})):
        raise EOFError


@pytest.mark.skipif(not CORPUS.is_dir(), reason="le corpus AAF n'est pas à côté du dépôt")
def test_chaque_dossier_du_corpus_s_ouvre_ou_est_refuse_clairement() -> None:
    ouverts = {}
    for dossier in sorted({fichier.parent for fichier in CORPUS.rglob("*") if fichier.is_file()}):
        try:
            with ouvrir_livraison(dossier) as livraison:
                ouverts[dossier.name] = (livraison.nature.value, livraison.degre, len(livraison.membres))
        except FichierRefuse as refuse:
            assert "Aucun fichier AAF" in refuse.message  # noqa: PT017 — le refus est l'autre issue admise
    assert ouverts == {
        "entcore_min_2020": ("complet", None, 2),
        "before": ("complet", "2D", 2),
        "nomenclatures_2013": ("complet", None, 2),
        "derived_2013": ("complet", None, 4),
        "1d_complet_20260907": ("complet", "1D", 4),
        "2d_complet_20260907": ("complet", "2D", 7),
        "2d_delta_20260908": ("delta", "2D", 4),
    }
