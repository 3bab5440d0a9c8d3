"""L'intégrité de l'annuaire écrit : toute référence se résout, sauf la zone de remplacement."""

from __future__ import annotations

from datetime import date

import pytest

from ent_core.demo.etablissements import ZONE_DE_REMPLACEMENT
from tests.demo.lecture import Fiche, Livraison, fiches


def _codes(etablissements: dict[str, Fiche] | object, attribut: str) -> dict[str, list[list[str]]]:
    assert isinstance(etablissements, dict)
    return {cle: [v.split("$") for v in fiche[attribut]] for cle, fiche in etablissements.items()}


@pytest.fixture
def classes(livraison: Livraison) -> set[str]:
    lues = _codes(livraison.etablissements, "ENTStructureClasses")
    return {f"{cle}${c[0]}" for cle, listes in lues.items() for c in listes}


@pytest.fixture
def groupes(livraison: Livraison) -> dict[str, set[str]]:
    """Divisions de chaque groupe."""
    lues = _codes(livraison.etablissements, "ENTStructureGroupes")
    return {f"{cle}${g[0]}": {f"{cle}${d}" for d in g[2:]} for cle, listes in lues.items() for g in listes}


def test_aucune_personne_ne_partage_son_identifiant(livraison: Livraison) -> None:
    cles = [*livraison.eleves, *livraison.responsables, *livraison.personnels]
    assert len(cles) == len(set(cles))
    assert all(cle.isdigit() for cle in cles)


def test_le_numero_siecle_l_ine_et_l_adresse_academique_sont_uniques(livraison: Livraison) -> None:
    for fiches_lues, attribut in (
        (livraison.eleves, "ENTEleveStructRattachId"),
        (livraison.eleves, "ENTEleveINE"),
        (livraison.personnels, "mail"),
    ):
        valeurs = [v for fiche in fiches_lues.values() for v in fiche[attribut]]
        assert len(valeurs) == len(set(valeurs)), attribut


def test_les_liens_entre_eleves_et_responsables_se_repondent(livraison: Livraison) -> None:
    depuis_eleves = {
        (cle, lien.split("$")[0]) for cle, e in livraison.eleves.items() for lien in e["ENTElevePersRelEleve"]
    }
    depuis_responsables = {
        (eleve, cle) for cle, r in livraison.responsables.items() for eleve in r["ENTAuxPersRelEleveEleve"]
    }
    assert depuis_eleves == depuis_responsables
    assert all(r["ENTAuxPersRelEleveEleve"] for r in livraison.responsables.values())


def test_chaque_lien_a_six_champs_connus(livraison: Livraison) -> None:
    for eleve in livraison.eleves.values():
        for lien in eleve["ENTElevePersRelEleve"]:
            _, code, financier, legal, contact, paiement = lien.split("$")
            assert code in {"10", "20", "38", "41", "50", "51", "70"}
            assert legal in {"0", "1", "2"}
            assert {financier, contact, paiement} <= {"0", "1"}
        assert any(lien.split("$")[3] == "1" for lien in eleve["ENTElevePersRelEleve"])


def test_la_classe_et_les_groupes_d_un_eleve_existent_et_se_tiennent(
    livraison: Livraison, classes: set[str], groupes: dict[str, set[str]]
) -> None:
    for eleve in livraison.eleves.values():
        (classe,) = eleve["ENTEleveClasses"]
        assert classe in classes
        for groupe in eleve["ENTEleveGroupes"]:
            assert classe in groupes[groupe]


def test_les_formations_et_matieres_citees_sont_livrees(livraison: Livraison) -> None:
    formations = set(fiches(livraison.dossier, "MefEducNat"))
    matieres = set(fiches(livraison.dossier, "MatiereEducNat"))
    for eleve in livraison.eleves.values():
        assert set(eleve["ENTEleveMEF"]) <= formations
        assert set(eleve["ENTEleveCodeEnseignements"]) <= matieres
        assert len(eleve["ENTEleveEnseignements"]) == len(eleve["ENTEleveCodeEnseignements"])
    for agent in livraison.personnels.values():
        for attribut in ("ENTAuxEnsClassesMatieres", "ENTAuxEnsGroupesMatieres"):
            assert {v.split("$")[2] for v in agent[attribut]} <= matieres


def test_les_structures_citees_par_les_agents_existent_sauf_la_zone_de_remplacement(
    livraison: Livraison, classes: set[str], groupes: dict[str, set[str]]
) -> None:
    citees: set[str] = set()
    for agent in livraison.personnels.values():
        citees |= {v.split("$")[0] for v in agent["ENTPersonFonctions"]} | set(
            agent["ENTPersonStructRattach"]
        )
        assert {v.rpartition("$")[0] for v in agent["ENTAuxEnsClassesMatieres"]} <= classes
        assert {v.rpartition("$")[0] for v in agent["ENTAuxEnsGroupesMatieres"]} <= set(groupes)
        assert set(agent["ENTAuxEnsClassesPrincipal"]) <= set(agent["ENTAuxEnsClasses"])
    assert citees - set(livraison.etablissements) == {str(ZONE_DE_REMPLACEMENT)}


def test_chaque_matiere_d_une_division_a_un_ou_deux_enseignants(livraison: Livraison) -> None:
    enseignants: dict[str, int] = {}
    for agent in livraison.personnels.values():
        for service in (*agent["ENTAuxEnsClassesMatieres"], *agent["ENTAuxEnsGroupesMatieres"]):
            enseignants[service] = enseignants.get(service, 0) + 1
    assert set(enseignants.values()) == {1, 2}
    attendus = {
        f"{eleve['ENTPersonStructRattach'][0]}${code}"
        for eleve in livraison.eleves.values()
        for code in eleve["ENTEleveCodeEnseignements"]
    }
    assert attendus <= {f"{s.split('$')[0]}${s.split('$')[2]}" for s in enseignants}


def test_chaque_division_a_un_seul_professeur_principal(livraison: Livraison, classes: set[str]) -> None:
    principaux = [d for a in livraison.personnels.values() for d in a["ENTAuxEnsClassesPrincipal"]]
    assert sorted(principaux) == sorted(classes)


def test_les_naissances_sont_coherentes_avec_le_niveau(livraison: Livraison) -> None:
    ages = {"6EME": 11, "5EME": 12, "4EME": 13, "3EME": 14, "2NDE GENERALE ET TECHNOLOGIQUE": 15}
    ecarts = set()
    for eleve in livraison.eleves.values():
        jour, mois, annee = map(int, eleve["ENTPersonDateNaissance"][0].split("/"))
        date(annee, mois, jour)
        age = ages.get(eleve["ENTEleveLibelleMEF"][0])
        if age is not None:
            ecarts.add(2026 - annee - age)
    assert ecarts == {-1, 0, 1}


def test_rien_ne_peut_atteindre_une_vraie_personne(livraison: Livraison) -> None:
    for fiche in (*livraison.responsables.values(), *livraison.personnels.values()):
        assert all(m.endswith(".invalid") and m.isascii() for m in fiche["mail"])
        for attribut in ("homePhone", "telephoneNumber", "mobile", "ENTPersonMobileSMS"):
            assert all(n.startswith(("019900", "063998")) and len(n) == 10 for n in fiche.get(attribut, ()))
    for eleve in livraison.eleves.values():
        for ine in eleve["ENTEleveINE"]:
            assert ine.startswith("09")
            assert ine[:9].isdigit()
            assert ine[9:].isalpha()
            assert len(ine) == 11
    for etablissement in livraison.etablissements.values():
        assert all(n.startswith("+33 1 99 00 ") for n in etablissement["telephoneNumber"])
