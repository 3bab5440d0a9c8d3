"""Les octets d'un fichier AAF : encodages et entités HTML."""

from __future__ import annotations

import html
from html.entities import html5
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ent_core.identite.aaf.fiche import CodeRejet
from ent_core.identite.aaf.flux import TAILLE_BLOC, remplacer_entites
from ent_core.identite.aaf.lecture import Fiche, Rejet
from tests.identite.aaf_fichiers import (
    ajout,
    document,
    lecture,
    refus,
    seule_fiche,
)

ACCENTS = document(
    ajout('<attr name="sn"><value>ÉLISE &œ GÖRAN</value></attr>'.replace("&", "")), declaration="{}"
)


@pytest.mark.parametrize(
    ("declare", "reel", "averti"),
    [
        ("UTF-8", "utf-8", False),
        ("utf-8", "utf-8-sig", False),
        ("ISO-8859-15", "iso-8859-15", False),
        ("ISO-8859-15", "utf-8-sig", False),
        ("windows-1252", "cp1252", False),
        ("", "utf-8", False),
        ("", "iso-8859-15", True),
        ("UTF-8", "iso-8859-15", True),
    ],
)
def test_l_encodage_declare_est_suivi_et_le_faux_utf8_est_rattrape(
    declare: str, reel: str, averti: bool
) -> None:
    declaration = f"<?xml version='1.0' encoding='{declare}'?>" if declare else ""
    contenu = ACCENTS.replace("{}", declaration).lstrip("\n")
    suite = lecture(contenu.encode(reel))
    (fiche,) = suite
    assert isinstance(fiche, Fiche)
    assert fiche.attributs == {"sn": ["ÉLISE œ GÖRAN"]}
    assert bool(suite.avertissements) is averti
    if averti:
        assert "ligne" in suite.avertissements[0]


def test_iso_8859_1_est_suivi() -> None:
    contenu = document(
        ajout('<attr name="sn"><value>É</value></attr>'),
        declaration='<?xml version="1.0" encoding="ISO-8859-1"?>',
    )
    assert seule_fiche(contenu.encode("latin-1")).attributs == {"sn": ["É"]}


def test_le_rattrapage_vaut_pour_tout_le_fichier_meme_si_le_faux_octet_est_a_la_fin() -> None:
    fiches = [ajout('<attr name="sn"><value>ASCII</value></attr>')] * 2000
    contenu = document(*fiches, ajout('<attr name="sn"><value>ÉTÉ</value></attr>')).encode("latin-1")
    *_, derniere = lecture(contenu)
    assert isinstance(derniere, Fiche)
    assert derniere.attributs == {"sn": ["ÉTÉ"]}


def test_un_declare_latin_au_contenu_utf8_avertit() -> None:
    suite = lecture(
        document(ajout('<attr name="sn"><value>É</value></attr>')).replace("UTF-8", "ISO-8859-15")
    )
    assert "ressemble à de l'UTF-8" in suite.avertissements[0]


def test_un_melange_d_encodages_est_refuse_en_disant_la_ligne() -> None:
    bonne = ajout('<attr name="sn"><value>ÉÉÉ</value></attr>').encode()
    contenu = document("@").encode().replace(b"@", bonne * 3 + bonne.decode().encode("latin-1"))
    message = refus(contenu)
    assert "mêle" in message
    assert "ligne 22" in message


@pytest.mark.parametrize("encodage", ["utf-16", "utf-16-be", "utf-32"])
def test_utf16_et_utf32_sont_refuses(encodage: str) -> None:
    refus(document(ajout()).encode(encodage))


@pytest.mark.parametrize("declare", ["EBCDIC-CP-FR", "UTF-7", "rot13", "", "x" * 500])
def test_un_encodage_inconnu_est_refuse(declare: str) -> None:
    contenu = document(ajout(), declaration=f'<?xml version="1.0" encoding="{declare}"?>')
    assert "pas pris en charge" in refus(contenu)


MORCEAUX = st.sampled_from(
    ["&eacute;", "&OElig;", "&amp;", "&lt;", "&apos;", "&#233;", "&inconnue;", "&", ";", "é", "abc", "&nbsp;"]
)


@given(st.lists(MORCEAUX, max_size=30), st.lists(st.integers(0, 200), max_size=12))
def test_le_remplacement_ne_depend_pas_du_decoupage_en_blocs(morceaux: list[str], coupes: list[int]) -> None:
    octets = "".join(morceaux).encode()
    bornes = sorted({0, len(octets), *(coupe for coupe in coupes if coupe < len(octets))})
    suite = [octets[a:b] for a, b in pairwise(bornes)]
    rendu = b"".join(remplacer_entites(suite))
    assert rendu == b"".join(remplacer_entites([octets]))
    assert rendu == b"".join(remplacer_entites([octets[i : i + 1] for i in range(len(octets))]))


@given(st.sampled_from(sorted(nom for nom in html5 if nom.endswith(";"))))
def test_chaque_entite_html_rend_son_caractere(nom: str) -> None:
    lu = seule_fiche(document(ajout(f'<attr name="sn"><value>a&{nom}b</value></attr>')))
    assert lu.attributs == {"sn": ["a" + html.unescape(f"&{nom}") + "b"]}


def test_une_entite_a_cheval_sur_deux_blocs_de_fichier_est_lue() -> None:
    fiche = ajout('<attr name="sn"><value>D&eacute;j&agrave;</value></attr>')
    avant = document("<!---->" + fiche).index("&eacute;")
    for recul in range(10):
        contenu = document(f"<!--{' ' * (TAILLE_BLOC - avant - recul)}-->", fiche)
        assert contenu.index("&eacute;") == TAILLE_BLOC - recul
        assert seule_fiche(contenu).attributs == {"sn": ["Déjà"]}


def test_une_entite_qui_n_existe_pas_ecarte_la_fiche_seule() -> None:
    fautive, saine = lecture(document(ajout('<attr name="sn"><value>a&zzz;b</value></attr>'), ajout()))
    assert isinstance(fautive, Rejet)
    assert (fautive.code, fautive.cle, fautive.ligne) == (CodeRejet.ENTITE_INCONNUE, "600001", 4)
    assert isinstance(saine, Fiche)
