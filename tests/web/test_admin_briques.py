"""Les briques, réglées par une page : l'effet est dit d'abord, l'acte se défait, chacun reste chez soi."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ent_core.chargement.modeles import Bascule
from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.essais.application import assembler, connecter
from ent_core.identite.modeles import ActeJournal
from ent_core.socle.calendrier import HorlogeFixe

from .briques_essai import Fanion

ACADEMIE = Profil.ACADEMIE.value
Client = Callable[[str, str], FlaskClient]


@pytest.fixture
def application(base: BaseDeDonnees, horloge: HorlogeFixe) -> Flask:
    return assembler(base, horloge, briques={"fanion": Fanion()})


@pytest.fixture
def client(application: Flask, base: BaseDeDonnees, horloge: HorlogeFixe, annuaire: Annuaire) -> Client:
    def ouvrir(role: str, uai: str) -> FlaskClient:
        profil = annuaire.profils[role] or ACADEMIE
        return connecter(application, base, horloge, annuaire[role], uai, profil)

    return ouvrir


def ouvrir_ici(client: FlaskClient, **champs: str) -> str:
    reponse = client.post("/administration/briques/fanion/basculer", data={"ouverte": "1", **champs})
    assert reponse.status_code == 302, reponse.text
    return reponse.location


def test_la_liste_dit_l_etat_et_la_decision(client: Client) -> None:
    page = client("direction", ECOLE).get("/administration/briques").text
    assert "Fanion du collège" in page
    assert "Aucune décision : elle reste fermée." in page


def test_avant_d_ouvrir_la_page_dit_les_pages_les_droits_et_les_donnees(client: Client) -> None:
    page = client("direction", ECOLE).get("/administration/briques/fanion/basculer?ouverte=1").text
    assert "/fanion/" in page
    assert "Voir le fanion" in page
    assert "enseignant (mon établissement)" in page
    assert "Le fanion est le même pour tous." in page
    assert "Ouvrir la brique" in page


@pytest.mark.exigence("SOCLE-BRIQUE-ETABLISSEMENT")
def test_ouverte_ici_une_brique_n_existe_pas_ailleurs(client: Client) -> None:
    ici, ailleurs = client("direction", ECOLE), client("direction_autre", AUTRE)
    assert ici.get("/fanion/").status_code == 404
    ouvrir_ici(ici)
    for adresse in ("/fanion/", "/api/v1/fanion/couleurs"):
        assert ici.get(adresse).status_code == 200
        assert ailleurs.get(adresse).status_code == 404


def test_annuler_rend_l_etat_d_avant(client: Client) -> None:
    ici = client("direction", ECOLE)
    page = ici.get(ouvrir_ici(ici)).text
    assert "Fanion du collège est ouverte" in page
    bascules = re.search(r'name="bascules" value="([^"]+)"', page)
    assert bascules
    ici.post("/administration/briques/fanion/annuler", data={"bascules": bascules[1]})
    assert ici.get("/fanion/").status_code == 404
    assert "Annulée le" in ici.get("/administration/briques/fanion").text


def test_un_chef_ne_regle_que_son_etablissement(client: Client, base: BaseDeDonnees) -> None:
    ici = client("direction", ECOLE)
    ouvrir_ici(ici, pour="ecoles", etablissements=AUTRE)
    with base.academie("essai") as session:
        assert session.scalars(select(Bascule.uai)).all() == [ECOLE]


def test_un_chef_n_annule_pas_la_decision_d_un_autre(client: Client, base: BaseDeDonnees) -> None:
    ouvrir_ici(client("direction_autre", AUTRE))
    with base.academie("essai") as session:
        bascule = session.scalars(select(Bascule.id)).one()
    refus = client("direction", ECOLE).post(
        "/administration/briques/fanion/annuler", data={"bascules": str(bascule)}
    )
    assert refus.status_code == 404


def test_une_phase_pilote_s_ouvre_dans_plusieurs_etablissements_pour_des_dates(
    client: Client, base: BaseDeDonnees
) -> None:
    academie = client("administrateur_academique", RECTORAT)
    dates = {"debut": "2026-09-07", "fin": "2026-12-18"}
    reponse = academie.post(
        "/administration/briques/fanion/basculer",
        data={"ouverte": "1", "pour": "ecoles", "etablissements": [ECOLE, AUTRE], **dates},
    )
    assert "2 établissements" in academie.get(reponse.location).text
    with base.academie("essai") as session:
        posees = session.execute(select(Bascule.uai, Bascule.fin)).all()
        actes = session.scalars(select(ActeJournal.acte).where(ActeJournal.objet == "fanion")).all()
    assert {(uai, fin) for uai, fin in posees} == {(ECOLE, date(2026, 12, 19)), (AUTRE, date(2026, 12, 19))}
    assert actes == ["brique.ouverte", "brique.ouverte"]
    assert client("direction_autre", AUTRE).get("/fanion/").status_code == 200
    assert "Ouverte à part dans 2 établissements." in academie.get("/administration/briques").text


def test_la_decision_d_un_etablissement_l_emporte_sur_celle_de_l_academie(client: Client) -> None:
    ouvrir_ici(client("administrateur_academique", RECTORAT), pour="academie")
    ici = client("direction", ECOLE)
    assert ici.get("/fanion/").status_code == 200
    ici.post("/administration/briques/fanion/basculer", data={"ouverte": "0"})
    assert ici.get("/fanion/").status_code == 404


@pytest.mark.parametrize(
    ("champs", "attendu"),
    [
        ({"pour": "ecoles"}, "Cochez au moins un établissement"),
        ({"pour": "academie", "debut": "2026-10-02", "fin": "2026-10-01"}, "Le dernier jour précède"),
        ({"pour": "academie", "debut": "hier"}, "Écrivez une date"),
    ],
)
def test_une_saisie_fausse_est_dite_et_ne_change_rien(
    client: Client, base: BaseDeDonnees, champs: dict[str, str], attendu: str
) -> None:
    academie = client("administrateur_academique", RECTORAT)
    reponse = academie.post("/administration/briques/fanion/basculer", data={"ouverte": "1", **champs})
    assert reponse.status_code == 422
    assert attendu in reponse.text
    assert "<title>Erreur : " in reponse.text
    with base.academie("essai") as session:
        assert session.scalars(select(Bascule.id)).all() == []


def test_une_brique_inconnue_n_a_pas_de_page(client: Client) -> None:
    assert client("direction", ECOLE).get("/administration/briques/noyau").status_code == 404


def test_un_enseignant_ne_regle_rien(client: Client) -> None:
    enseignant = client("enseignant", ECOLE)
    assert enseignant.get("/administration/briques").status_code == 403
    assert (
        enseignant.post("/administration/briques/fanion/basculer", data={"ouverte": "1"}).status_code == 403
    )
