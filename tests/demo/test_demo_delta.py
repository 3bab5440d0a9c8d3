"""Le delta du lendemain s'applique à l'extraction complète de mêmes arguments."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from ent_core.demo import ResumeDelta, generer_delta
from tests.demo.lecture import Livraison, fiches

LENDEMAIN = date(2026, 9, 8)


@pytest.fixture
def delta(tmp_path: Path) -> ResumeDelta:
    return generer_delta(tmp_path, etablissements=3, jour=LENDEMAIN, archive=True)


def _requetes(delta: ResumeDelta, categorie: str, requete: str) -> dict[str, etree._Element]:
    return {
        element.findtext("identifier/id") or "": element
        for fichier in delta.aaf.glob(f"*_Delta_20260908_{categorie}_*.xml")
        for element in etree.parse(str(fichier)).getroot().findall(requete)
    }


def test_le_delta_respecte_sa_grammaire(delta: ResumeDelta) -> None:
    with (delta.aaf / "ficAlimMENESR.dtd").open("rb") as fichier:
        dtd = etree.DTD(fichier)
    fichiers = sorted(delta.aaf.glob("*.xml"))
    assert len(fichiers) == 2
    for chemin in fichiers:
        assert dtd.validate(etree.parse(str(chemin))), str(dtd.error_log)


def test_un_eleve_arrive_avec_ses_responsables(delta: ResumeDelta, livraison: Livraison) -> None:
    arrives = fiches(delta.aaf, "Eleve")
    assert set(arrives) == {str(delta.arrivee)}
    assert str(delta.arrivee) not in livraison.eleves
    (arrive,) = arrives.values()
    assert arrive["ENTEleveDateEntreeClasses"][0].split("$")[1] == "08/09/2026"
    cites = {lien.split("$")[0] for lien in arrive["ENTElevePersRelEleve"]}
    nouveaux = fiches(delta.aaf, "PersRelEleve")
    assert cites == set(nouveaux) == {str(r) for r in delta.responsables_arrives}
    assert cites.isdisjoint(livraison.responsables)


def test_un_eleve_part_et_ses_responsables_le_perdent(delta: ResumeDelta, livraison: Livraison) -> None:
    assert set(_requetes(delta, "Eleve", "deleteRequest")) == {str(delta.depart)}
    siens = {lien.split("$")[0] for lien in livraison.eleves[str(delta.depart)]["ENTElevePersRelEleve"]}
    partis = set(_requetes(delta, "PersRelEleve", "deleteRequest"))
    modifies = set(_requetes(delta, "PersRelEleve", "modifyRequest")) - {str(delta.courriel)}
    assert partis == {str(r) for r in delta.responsables_partis}
    assert partis | modifies == siens


def test_un_eleve_change_de_langue_et_de_groupe(delta: ResumeDelta, livraison: Livraison) -> None:
    (modification,) = _requetes(delta, "Eleve", "modifyRequest").values()
    assert modification.findtext("identifier/id") == str(delta.changement_de_groupe)
    nouveaux = {
        str(m.get("name")): [v.text for v in m.findall("value")] for m in modification.iter("modification")
    }
    avant = livraison.eleves[str(delta.changement_de_groupe)]
    assert set(nouveaux) == {"ENTEleveEnseignements", "ENTEleveCodeEnseignements", "ENTEleveGroupes"}
    for attribut, valeurs in nouveaux.items():
        assert len(set(avant[attribut]) ^ {str(v) for v in valeurs}) == 2


def test_un_responsable_change_d_adresse_electronique(delta: ResumeDelta, livraison: Livraison) -> None:
    modification = _requetes(delta, "PersRelEleve", "modifyRequest")[str(delta.courriel)]
    (changement,) = modification.iter("modification")
    assert changement.get("name") == "mail"
    assert [changement.findtext("value")] != livraison.responsables[str(delta.courriel)]["mail"]


def test_le_nom_de_l_archive_dit_que_c_est_un_delta(delta: ResumeDelta) -> None:
    assert delta.archive is not None
    assert delta.archive.name == "ENT2DVA.20260908.Delta.tgz"
