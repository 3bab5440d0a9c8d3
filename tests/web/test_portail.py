"""Le portail : entrer, choisir où l'on est, sortir, et ce que chaque profil voit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ent_core.contrat.roles import Profil
from ent_core.essais.annuaire import ECOLE, RECTORAT, Annuaire
from flask import Flask
from flask.testing import FlaskClient

Client = Callable[..., FlaskClient]


@pytest.mark.exigence("ENT-01")
def test_sans_session_toute_page_ramene_a_l_entree(application: Flask) -> None:
    reponse = application.test_client().get("/")
    assert reponse.status_code == 302
    assert reponse.location.startswith("/connexion")


def test_la_page_de_connexion_s_ouvre_a_tous(application: Flask) -> None:
    reponse = application.test_client().get("/connexion")
    assert reponse.status_code == 200
    assert "Se connecter" in reponse.text


@pytest.mark.parametrize("role", ["parent", "eleve", "enseignant", "cpe", "direction"])
def test_chaque_profil_a_un_accueil(client_de: Client, annuaire: Annuaire, role: str) -> None:
    reponse = client_de(annuaire[role], ECOLE, annuaire.profils[role]).get("/")
    assert reponse.status_code == 200, reponse.text
    assert "Collège des Essais" in reponse.text


def test_l_administrateur_de_l_academie_a_un_accueil(client_de: Client, annuaire: Annuaire) -> None:
    reponse = client_de(annuaire["administrateur_academique"], RECTORAT, Profil.ACADEMIE.value).get("/")
    assert reponse.status_code == 200
    assert "Services académiques" in reponse.text
