"""Les valeurs d'une fiche AAF et le profil national d'un agent."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ent_core.identite.aaf.fonctions import (
    est_enseignant,
    lire_fonctions,
    profil_dans_structure,
    profil_de_fonction,
)
from ent_core.identite.aaf.valeurs import (
    code_lien,
    decouper,
    lire_date,
    lire_nom,
    lire_oui_non,
    lire_telephone,
    premiere,
)


def test_une_date_se_lit_jour_mois_annee() -> None:
    assert lire_date(" 12/03/2015 ") == date(2015, 3, 12)
    assert lire_date("") is None


@pytest.mark.parametrize("valeur", ["31/02/2015", "2015-03-12", "1/3/2015", "12/03/15", "00/00/0000", "x"])
def test_une_date_fausse_est_refusee_sans_etre_repetee(valeur: str) -> None:
    with pytest.raises(ValueError, match="date") as refus:
        lire_date(valeur)
    assert valeur not in str(refus.value).split()


def test_un_booleen_est_o_ou_n() -> None:
    assert lire_oui_non("O") is True
    assert lire_oui_non(" n ") is False
    assert lire_oui_non("") is None
    with pytest.raises(ValueError, match="O ou N"):
        lire_oui_non("1")


@pytest.mark.parametrize(
    ("valeur", "champs"),
    [
        ("12 RUE DES ACACIAS$BAT C$$", ("12 RUE DES ACACIAS", "BAT C", "", "")),
        ("9101$6A", ("9101", "6A", "", "")),
        ("", ("", "", "", "")),
        ("a$b$c$d$e", ("a", "b", "c", "d", "e")),
    ],
)
def test_une_valeur_composee_garde_ses_champs_vides(valeur: str, champs: tuple[str, ...]) -> None:
    assert decouper(valeur, 4) == champs


@given(st.lists(st.text(alphabet="aé 1-", max_size=5).map(str.strip), min_size=1, max_size=8))
def test_decouper_defait_ce_que_le_dollar_joint(champs: list[str]) -> None:
    assert decouper("$".join(champs), len(champs)) == tuple(champs)


@pytest.mark.parametrize(
    ("recu", "lu"),
    [
        ("+33 1 02 03 04 05", "0102030405"),
        ("+33 (0)1 02 03 04 05", "0102030405"),
        ("0033102030405", "0102030405"),
        ("01.02.03.04.05", "0102030405"),
        ("+32 2 555 12 12", "+3225551212"),
        ("02\u00a099\u202f00 00 00", "0299000000"),
        ("voir secrétariat", ""),
        ("", ""),
    ],
)
def test_un_telephone_perd_ses_separateurs(recu: str, lu: str) -> None:
    assert lire_telephone(recu) == lu


def test_un_nom_en_capitales_reste_en_capitales() -> None:
    assert lire_nom("  DE  LA\tTOUR ") == "DE LA TOUR"


def test_un_attribut_absent_ou_vide_n_est_pas_une_valeur() -> None:
    assert premiere(None) == premiere([]) == ""
    assert premiere(["a", "b"]) == "a"


def test_l_ancien_pere_et_l_ancienne_mere_ne_sont_pas_intervertis() -> None:
    assert [code_lien(str(ancien)) for ancien in range(1, 8)] == ["20", "10", "50", "39", "51", "90", "70"]
    assert [code_lien(actuel) for actuel in ("10", "20", "37")] == ["10", "20", "37"]


def test_chaque_fonction_connue_a_son_profil_national() -> None:
    attendus = {
        "ENS": "National_ENS",
        "RH1D": "National_ENS",
        "DIR": "National_DIR",
        "EDU": "National_EVS",
        "AES": "National_EVS",
        "ASE": "National_ETA",
        "INS": "National_ACA",
        "DOC": "National_DOC",
        "COLTER": "National_COL",
        "ELE": "National_ELV",
    }
    assert {code: profil_de_fonction(code) for code in attendus} == attendus
    assert profil_de_fonction("") is None
    assert profil_de_fonction("QUOI") is None


def test_une_fonction_garde_ses_champs_vides_et_le_tiret_vaut_vide() -> None:
    (surveillant, sans) = lire_fonctions(
        {"ENTPersonFonctions": ["9101$AED$ASSISTANT D'EDUCATION$$-", "9102$-$SANS OBJET"]}
    )
    assert (surveillant.structure, surveillant.code, surveillant.discipline) == ("9101", "AED", "")
    assert (sans.structure, sans.code, sans.code_discipline) == ("9102", "", "")


@pytest.mark.parametrize(
    ("categorie", "presence", "fonction", "attendu"),
    [
        ("N", "O", "ENS", False),
        ("O", "N", "EDU", True),
        ("", "O", "EDU", True),
        ("", "N", "ENS", True),
        ("", "", "DOC", True),
        ("", "N", "EDU", False),
    ],
)
def test_la_categorie_decide_puis_la_presence_puis_la_fonction(
    categorie: str, presence: str, fonction: str, attendu: bool
) -> None:
    attributs = {
        "ENTPersonCategorieEnseignant": [categorie] if categorie else [],
        "PersEducNatPresenceDevantEleves": [presence] if presence else [],
        "ENTPersonFonctions": [f"9101${fonction}$X$$"],
    }
    assert est_enseignant(attributs) is attendu


@pytest.mark.parametrize(
    ("fonction", "enseignant", "profil"),
    [
        ("DIR", True, "National_DIR"),
        ("DOC", True, "National_DOC"),
        ("ENS", True, "National_ENS"),
        ("ENS", False, "National_ETA"),
        ("-", True, "National_ENS"),
        ("-", False, None),
    ],
)
def test_le_profil_suit_la_fonction_sans_ouvrir_trop_de_droits(
    fonction: str, enseignant: bool, profil: str | None
) -> None:
    (exercee,) = lire_fonctions({"ENTPersonFonctions": [f"9101${fonction}"]})
    assert profil_dans_structure(exercee, enseignant=enseignant) == profil
