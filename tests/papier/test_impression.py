"""Le papier : ce qu'un gabarit reçoit reste une donnée, et le PDF se lit à voix haute."""

from __future__ import annotations

import re
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from ent_core.brique import DocumentImpossible, imprimer, imprimer_lot
from ent_core.papier.impression import PAR_ATELIER

HOSTILES = (
    '#panic("x")', '#read("/etc/passwd")', "$ x^2 $", "\\ \" ' ` *gras* _it_ <a> @b [c] {d}", "= Titre",
    '"); #eval("1+1', "Łukasz Şahin-Çelik Ñandú",
)  # fmt: skip


@pytest.fixture
def paquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Un paquet importable, avec un dossier de gabarits."""
    dossier = tmp_path / f"ent_essai_{uuid4().hex}"
    (dossier / "papier").mkdir(parents=True)
    (dossier / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    return dossier / "papier"


def gabarit(paquet: Path, corps: str) -> str:
    entete = '#import "commun.typ": donnees, feuille\n#show: feuille.with(donnees.titre)\n'
    (paquet / "essai.typ").write_text(entete + corps, encoding="utf-8")
    return f"{paquet.parent.name}/essai"


def texte(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)


@pytest.mark.exigence("ACC-07")
def test_le_pdf_est_balise_titre_et_en_francais(paquet: Path) -> None:
    pdf = imprimer(
        gabarit(paquet, "= Une classe\n#donnees.noms.join()"), {"titre": "Élèves", "noms": ["Zoé"]}
    )
    lu = PdfReader(BytesIO(pdf))
    racine: Any = lu.root_object
    assert racine["/Lang"] == "fr-FR"
    assert racine["/MarkInfo"]["/Marked"]
    assert racine["/ViewerPreferences"]["/DisplayDocTitle"]
    assert lu.metadata is not None
    assert lu.metadata.title == "Élèves"
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    largeur, hauteur = lu.pages[0].mediabox[2:]
    assert (round(float(largeur)), round(float(hauteur))) == (595, 842)


def test_un_nom_hostile_reste_un_nom(paquet: Path) -> None:
    modele = gabarit(paquet, "#list(..donnees.noms)")
    lu = texte(imprimer(modele, {"titre": HOSTILES[0], "noms": HOSTILES}))
    dits = re.sub(r"\s+", "", lu)
    assert [nom for nom in HOSTILES if re.sub(r"\s+", "", nom) not in dits] == []


def test_un_caractere_sans_dessin_n_arrete_pas_la_classe(paquet: Path) -> None:
    modele = gabarit(paquet, "#list(..donnees.noms)")
    lu = texte(imprimer(modele, {"titre": "Noms", "noms": ["李 Wei", "Zoé 😀", "Ana"]}))
    assert "Wei" in lu
    assert "Zoé" in lu
    assert "Ana" in lu


def test_un_lot_rend_ses_documents_dans_l_ordre_et_par_petits_groupes(paquet: Path) -> None:
    modele = gabarit(paquet, "#donnees.titre")
    rendus = imprimer_lot(modele, ({"titre": f"Document {i}"} for i in range(PAR_ATELIER + 2)))
    assert [texte(rendu).splitlines()[0] for rendu in rendus][-2:] == [
        f"Document {PAR_ATELIER}", f"Document {PAR_ATELIER + 1}",
    ]  # fmt: skip


def test_un_gabarit_fautif_le_dit_sans_citer_les_donnees(paquet: Path) -> None:
    for faute in ("#panic(donnees.nom)", "#assert(false, message: donnees.nom)", "#int(donnees.nom)"):
        modele = gabarit(paquet, faute)
        with pytest.raises(DocumentImpossible) as refus:
            imprimer(modele, {"titre": "x", "nom": "Camille Durand"})
        assert "Durand" not in str(refus.value)
    assert f"gabarit {modele}" in str(refus.value)
    assert "Que faire" in str(refus.value)


def test_rien_ne_se_lit_hors_des_gabarits(paquet: Path) -> None:
    for ordre in ('#read("/etc/passwd")', '#read("../../../../etc/passwd")', '#import "@preview/a:0.1.0": b'):
        with pytest.raises(DocumentImpossible):
            imprimer(gabarit(paquet, ordre), {"titre": "x"})


def test_le_temps_et_la_memoire_sont_bornes(paquet: Path) -> None:
    sans_fin = gabarit(paquet, "#for i in range(100000000) [ #(i * i) ]")
    with pytest.raises(DocumentImpossible, match="trop de temps"):
        imprimer(sans_fin, {"titre": "x"}, secondes=0.4)
    with pytest.raises(DocumentImpossible):
        imprimer(gabarit(paquet, '#let t = "x" * 3000000000\n#t.len()'), {"titre": "x"}, secondes=5)


def test_un_modele_mal_nomme_est_une_faute_de_programmation() -> None:
    with pytest.raises(ValueError, match="paquet/gabarit"):
        imprimer("../secret", {})
    with pytest.raises(ValueError, match=r"papier/absent\.typ"):
        imprimer("ent_core/absent", {})


def test_les_gabarits_du_noyau_voyagent_avec_lui() -> None:
    assert (files("ent_core") / "papier" / "commun.typ").is_file()
