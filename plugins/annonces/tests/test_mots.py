"""Ce que la brique promet : la direction affiche un mot, l'établissement le lit, il disparaît à sa date."""

from __future__ import annotations

from datetime import timedelta

import pytest
from ent_core.essais.instance import FabriqueInstance, InstanceEssai

from ent_annonces import brique

PAGE, API = "/annonces/", "/api/v1/annonces/mots"
MOT = {"texte": "Réunion de rentrée en salle 12", "dernier_jour": "2026-09-08"}


@pytest.fixture
def ecole(application_avec: FabriqueInstance) -> InstanceEssai:
    """Deux collèges ; la brique est ouverte dans le premier, le lundi 7 septembre 2026."""
    return application_avec(brique)


def test_la_direction_affiche_un_mot_que_l_etablissement_lit(ecole: InstanceEssai) -> None:
    reponse = ecole.client("direction").post(PAGE, data=MOT)
    assert reponse.status_code == 302, reponse.text
    assert MOT["texte"] in ecole.client("enseignant").get(PAGE).text
    assert MOT["texte"] in ecole.client("enseignant").get("/").text


def test_un_eleve_lit_les_annonces_et_n_en_affiche_pas(ecole: InstanceEssai) -> None:
    assert ecole.client("eleve").get(PAGE).status_code == 200
    assert ecole.client("eleve").post(PAGE, data=MOT).status_code == 403


def test_un_mot_disparait_apres_son_dernier_jour(ecole: InstanceEssai) -> None:
    ecole.client("direction").post(PAGE, data=MOT)
    ecole.horloge.avancer(timedelta(days=2))
    assert MOT["texte"] not in ecole.client("enseignant").get(PAGE).text


def test_un_mot_retire_peut_etre_retabli(ecole: InstanceEssai) -> None:
    client = ecole.client("cpe")
    cree = client.post(API, json=MOT)
    assert cree.status_code == 201, cree.text
    mot = cree.get_json()["id"]
    assert client.post(f"{PAGE}{mot}/retirer").status_code == 302
    assert client.get(API).get_json() == []
    client.post(f"{PAGE}{mot}/retablir")
    assert [m["texte"] for m in client.get(API).get_json()] == [MOT["texte"]]


def test_une_saisie_fautive_est_rendue_avec_ses_erreurs(ecole: InstanceEssai) -> None:
    reponse = ecole.client("cpe").post(PAGE, data={"texte": "Sans date"})
    assert reponse.status_code == 422
    assert "Donnez le dernier jour" in reponse.text
    assert "Sans date" in reponse.text
