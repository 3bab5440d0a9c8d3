"""La génération : mêmes arguments, mêmes octets ; fichiers valides ; tailles ; refus clairs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from ent_core.demo import ResumeGeneration, generer
from ent_core.demo.etablissements import uai
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee
from tests.demo.lecture import JOUR, Livraison, fiches, lire

RACINE = Path(__file__).resolve().parents[2]
DTD_NATIONALE = RACINE.parent / "shared" / "formats" / "aaf" / "schema" / "ficAlimMENESR.dtd"


def _empreintes(dossier: Path) -> dict[str, str]:
    return {
        str(f.relative_to(dossier)): hashlib.sha256(f.read_bytes()).hexdigest()
        for f in sorted(dossier.rglob("*"))
        if f.is_file()
    }


def _dtd(chemin: Path) -> etree.DTD:
    with chemin.open("rb") as fichier:
        return etree.DTD(fichier)


def test_memes_arguments_memes_octets_quel_que_soit_le_hachage_de_python(
    resume: ResumeGeneration, tmp_path: Path
) -> None:
    programme = (
        "import sys, datetime, pathlib; from ent_core.demo import generer;"
        "generer(pathlib.Path(sys.argv[1]), etablissements=3, jour=datetime.date(2026, 9, 7), archive=True)"
    )
    subprocess.run(  # noqa: S603 - notre propre interpréteur, sur un programme fixe
        [sys.executable, "-c", programme, str(tmp_path)],
        check=True,
        cwd=RACINE,
        env={**os.environ, "PYTHONHASHSEED": "424242", "PYTHONPATH": str(RACINE)},
    )
    assert _empreintes(tmp_path) == _empreintes(resume.aaf.parent)


def test_une_autre_graine_donne_d_autres_personnes(livraison: Livraison, tmp_path: Path) -> None:
    autre = lire(generer(tmp_path, etablissements=3, graine=7, jour=JOUR).aaf)
    assert [f["sn"] for f in autre.eleves.values()] != [f["sn"] for f in livraison.eleves.values()]


def test_les_fichiers_aaf_respectent_la_grammaire_livree_avec_eux(resume: ResumeGeneration) -> None:
    dtd = _dtd(resume.aaf / "ficAlimMENESR.dtd")
    for fichier in sorted(resume.aaf.glob("*.xml")):
        assert dtd.validate(etree.parse(str(fichier))), str(dtd.error_log)


@pytest.mark.skipif(not DTD_NATIONALE.exists(), reason="la grammaire nationale n'est pas à côté du dépôt")
def test_les_fichiers_aaf_respectent_la_grammaire_nationale(resume: ResumeGeneration) -> None:
    dtd = _dtd(DTD_NATIONALE)
    for fichier in sorted(resume.aaf.glob("*.xml")):
        assert dtd.validate(etree.parse(str(fichier))), str(dtd.error_log)


def test_les_comptes_rendus_sont_ceux_des_fichiers(resume: ResumeGeneration, livraison: Livraison) -> None:
    assert resume.etablissements == len(livraison.etablissements) == 3
    assert resume.eleves == len(livraison.eleves) == 450
    assert resume.responsables == len(livraison.responsables)
    assert resume.personnels == len(livraison.personnels)
    assert resume.fichiers == len(list(resume.aaf.iterdir())) + len(list(resume.sts.iterdir()))


def test_par_defaut_un_petit_etablissement_a_six_divisions(livraison: Livraison) -> None:
    assert [len(e["ENTStructureClasses"]) for e in livraison.etablissements.values()] == [6, 6, 6]


@pytest.mark.long
def test_au_dela_de_dix_etablissements_un_college_a_sa_taille_reelle(tmp_path: Path) -> None:
    livraison = lire(generer(tmp_path, etablissements=11, jour=JOUR).aaf)
    college = livraison.etablissements["10001"]
    assert 18 <= len(college["ENTStructureClasses"]) <= 24
    eleves = [e for e in livraison.eleves.values() if e["ENTPersonStructRattach"] == ["10001"]]
    assert len(eleves) == 500


@pytest.mark.long
def test_les_fichiers_sont_decoupes_tous_les_cinq_mille(tmp_path: Path) -> None:
    resume = generer(tmp_path, etablissements=6, eleves_par_etablissement=900, jour=JOUR)
    parts = sorted(resume.aaf.glob("*_Eleve_*.xml"))
    assert [p.name[-8:] for p in parts] == ["0000.xml", "0001.xml"]
    tailles = [len(etree.parse(str(p)).getroot().findall("addRequest")) for p in parts]
    assert tailles == [5_000, 400]
    assert len(fiches(resume.aaf, "Eleve")) == 5_400


def test_l_archive_ne_contient_que_les_fichiers_aaf_a_sa_racine(resume: ResumeGeneration) -> None:
    assert resume.archive is not None
    with tarfile.open(resume.archive) as archive:
        noms = archive.getnames()
    assert sorted(noms) == sorted(f.name for f in resume.aaf.iterdir())


def test_les_uai_sont_fictifs_et_leur_lettre_est_juste(livraison: Livraison) -> None:
    lettres = "ABCDEFGHJKLMNPRSTUVWXYZ"
    for etablissement in livraison.etablissements.values():
        (code,) = etablissement["ENTStructureUAI"]
        assert code.startswith("099")
        assert code[:7] not in {"0990101", "0990102", "0990103"}
        assert code[7] == lettres[int(code[:7]) % 23]


def test_la_lettre_d_un_uai_connu_est_retrouvee() -> None:
    assert [uai(n) for n in (990101, 990102, 990103)] == ["0990101X", "0990102Y", "0990103Z"]


def test_la_progression_va_jusqu_au_total(tmp_path: Path) -> None:
    vues: list[tuple[int, int]] = []
    generer(
        tmp_path,
        etablissements=7,
        eleves_par_etablissement=60,
        jour=JOUR,
        progression=lambda fait, total: vues.append((fait, total)),
    )
    assert vues == [(3, 7), (6, 7), (7, 7)]


@pytest.mark.parametrize(("etablissements", "eleves"), [(0, None), (7_501, None), (3, 29), (3, 3_001)])
def test_une_taille_impossible_est_refusee_sans_rien_ecrire(
    tmp_path: Path, etablissements: int, eleves: int | None
) -> None:
    with pytest.raises(DonneeInvalide) as erreur:
        generer(tmp_path, etablissements=etablissements, eleves_par_etablissement=eleves, jour=JOUR)
    assert erreur.value.remede
    assert list(tmp_path.iterdir()) == []


def test_un_dossier_deja_rempli_est_refuse(tmp_path: Path) -> None:
    (tmp_path / "aaf").mkdir()
    (tmp_path / "aaf" / "autre.xml").write_text("<a/>")
    with pytest.raises(OperationRefusee):
        generer(tmp_path, etablissements=1, jour=JOUR)
    assert [f.name for f in (tmp_path / "aaf").iterdir()] == ["autre.xml"]


@pytest.mark.parametrize("etablissements", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("eleves", [30, 75])
def test_toute_petite_taille_se_compose(tmp_path: Path, etablissements: int, eleves: int) -> None:
    resume = generer(
        tmp_path, etablissements=etablissements, eleves_par_etablissement=eleves, jour=date(2027, 3, 1)
    )
    assert resume.eleves == etablissements * eleves
