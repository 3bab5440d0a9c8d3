"""L'emploi du temps : personne à deux endroits, dans les heures d'ouverture, conforme aux services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from ent_core.demo import ResumeGeneration, generer
from ent_core.demo.calendrier_scolaire import semaines_de_cours
from tests.demo.lecture import JOUR, Livraison, services_sts

SEMAINES = {"H": ("A", "B"), "QA": ("A",), "QB": ("B",)}


def _minutes(heure: str) -> int:
    return int(heure[:2]) * 60 + int(heure[2:])


def _quarts(cours: etree._Element) -> Iterator[tuple[str, int, int]]:
    """(semaine, jour, tranche de cinq minutes) occupés par un cours."""
    debut = _minutes(cours.findtext("HEURE_DEBUT") or "")
    fin = debut + _minutes(cours.findtext("DUREE") or "")
    jour = int(cours.findtext("JOUR") or 0)
    for semaine in SEMAINES[cours.findtext("CODE_ALTERNANCE") or ""]:
        for tranche in range(debut, fin, 5):
            yield semaine, jour, tranche


def _verifier_sans_conflit(sts: Path) -> None:
    """Chaque enseignant de l'académie, chaque division et chaque salle n'ont qu'un cours à la fois."""
    enseignants: dict[tuple[object, ...], str] = {}
    for chemin in sorted(sts.glob("emp_sts_*.xml")):
        uai = chemin.name.split("_")[2]
        racine = etree.parse(str(chemin)).getroot()
        divisions_de = {
            g.get("CODE"): [d.get("CODE") for d in g.iterfind("DIVISIONS_APPARTENANCE/DIVISION_APPARTENANCE")]
            for g in racine.iterfind("DONNEES/STRUCTURE/GROUPES/GROUPE")
        }
        salles: dict[tuple[object, ...], str] = {}
        divisions: dict[tuple[object, ...], dict[str, str]] = {}
        for genre, code, service in services_sts(chemin):
            cle = f"{uai}:{genre}:{code}:{service.get('CODE_MATIERE')}"
            for enseignant in service.iterfind("ENSEIGNANTS/ENSEIGNANT"):
                for cours in enseignant.iterfind("COURS_RATTACHES/COURS"):
                    salle = cours.findtext("CODE_SALLE")
                    for tranche in _quarts(cours):
                        assert enseignants.setdefault((enseignant.get("ID"), *tranche), cle) == cle
                        assert salles.setdefault((salle, *tranche), cle) == cle
                        for division in [code] if genre == "DIVISION" else divisions_de[code]:
                            presents = divisions.setdefault((division, *tranche), {})
                            presents[code] = genre
        for presents in divisions.values():
            # Plusieurs groupes en parallèle, ou la division entière seule.
            assert len(presents) == 1 or set(presents.values()) == {"GROUPE"}


@pytest.mark.parametrize("graine", [1, 2, 3, 4, 5, 6])
def test_aucun_conflit_quelle_que_soit_la_graine(tmp_path: Path, graine: int) -> None:
    _verifier_sans_conflit(generer(tmp_path, etablissements=6, graine=graine, jour=JOUR).sts)


def test_aucun_conflit_dans_un_grand_etablissement(tmp_path: Path) -> None:
    resume = generer(tmp_path, etablissements=3, eleves_par_etablissement=1_300, jour=JOUR)
    _verifier_sans_conflit(resume.sts)


def test_les_cours_tiennent_dans_les_heures_d_ouverture_et_laissent_le_dejeuner(
    resume: ResumeGeneration,
) -> None:
    for chemin in resume.sts.glob("emp_sts_*.xml"):
        for _, _, service in services_sts(chemin):
            for cours in service.iter("COURS"):
                for _, jour, minute in _quarts(cours):
                    assert 1 <= jour <= 5
                    assert 8 * 60 <= minute < 17 * 60 + 30
                    assert not 12 * 60 + 5 <= minute < 13 * 60 + 30
                    assert jour != 3 or minute < 12 * 60 + 5


def test_chaque_service_a_les_heures_qu_il_annonce(resume: ResumeGeneration) -> None:
    """Une plage de 55 minutes compte pour une heure ; une quinzaine, pour la moitié."""
    for chemin in resume.sts.glob("emp_sts_*.xml"):
        for _, _, service in services_sts(chemin):
            for enseignant in service.iterfind("ENSEIGNANTS/ENSEIGNANT"):
                heures = sum(
                    round(_minutes(c.findtext("DUREE") or "") / 60)
                    * len(SEMAINES[c.findtext("CODE_ALTERNANCE") or ""])
                    for c in enseignant.iter("COURS")
                )
                assert heures / 2 == float(service.findtext("HEURES_STRUCTURE") or 0)


def test_une_division_a_une_semaine_pleine(resume: ResumeGeneration) -> None:
    for chemin in resume.sts.glob("emp_sts_*.xml"):
        heures: dict[str, float] = {}
        for genre, code, service in services_sts(chemin):
            if genre == "DIVISION":
                heures[code] = heures.get(code, 0) + float(service.findtext("HEURES_STRUCTURE") or 0)
        assert len(heures) == 6
        assert all(12 <= total <= 27 for total in heures.values())


def test_les_enseignants_de_l_emploi_du_temps_sont_ceux_de_l_annuaire(
    resume: ResumeGeneration, livraison: Livraison
) -> None:
    uai_de = {e["ENTStructureUAI"][0]: cle for cle, e in livraison.etablissements.items()}
    for chemin in resume.sts.glob("emp_sts_*.xml"):
        etablissement = uai_de[chemin.name.split("_")[2]]
        for genre, code, service in services_sts(chemin):
            attribut = "ENTAuxEnsClassesMatieres" if genre == "DIVISION" else "ENTAuxEnsGroupesMatieres"
            for enseignant in service.iterfind("ENSEIGNANTS/ENSEIGNANT"):
                assert enseignant.get("TYPE") == "epp"
                agent = livraison.personnels[str(enseignant.get("ID"))]
                assert f"{etablissement}${code}${service.get('CODE_MATIERE')}" in agent[attribut]


def test_le_fichier_descendant_nomme_tous_les_enseignants(
    resume: ResumeGeneration, livraison: Livraison
) -> None:
    for chemin in resume.sts.glob("sts_emp_*.xml"):
        racine = etree.parse(str(chemin)).getroot()
        individus = {str(i.get("ID")): i for i in racine.iterfind("DONNEES/INDIVIDUS/INDIVIDU")}
        for cle, individu in individus.items():
            assert individu.findtext("NOM_USAGE") == livraison.personnels[cle]["sn"][0]
            assert individu.findtext("PRENOM") == livraison.personnels[cle]["givenName"][0]
        cites = {
            e.get("ID") for _, _, s in services_sts(chemin) for e in s.iterfind("ENSEIGNANTS/ENSEIGNANT")
        }
        assert cites <= set(individus)


def test_les_alternances_sont_des_lundis_hors_conges() -> None:
    lundis = semaines_de_cours(2026)
    assert all(lundi.weekday() == 0 for lundi in lundis)
    assert lundis[0] == date(2026, 8, 31)
    assert {date(2026, 10, 19), date(2026, 10, 26), date(2026, 12, 21), date(2026, 12, 28)}.isdisjoint(lundis)
    assert date(2026, 10, 12) in lundis
    assert date(2026, 11, 2) in lundis
    assert lundis[-1] < date(2027, 7, 5)
    assert 34 <= len(lundis) <= 37


@pytest.mark.parametrize("annee", range(2024, 2034))
def test_chaque_annee_a_ses_trente_six_semaines_environ(annee: int) -> None:
    lundis = semaines_de_cours(annee)
    assert 34 <= len(lundis) <= 37
    assert all(lundi.weekday() == 0 for lundi in lundis)
