"""L'API : décrite, cloisonnée, sûre, et des erreurs qu'un programme comprend."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.essais.application import assembler
from ent_core.identite.modeles import Personne, Rattachement
from ent_core.socle.calendrier import HorlogeFixe

from .briques_essai import Fanion

ClientDe = Callable[[UUID, str, str], FlaskClient]
API = "/api/v1"


@pytest.fixture
def application(base: BaseDeDonnees, horloge: HorlogeFixe) -> Flask:
    return assembler(base, horloge, briques={"fanion": Fanion()})


@pytest.fixture
def direction(client_de: ClientDe, annuaire: Annuaire) -> FlaskClient:
    return client_de(annuaire["direction"], ECOLE, annuaire.profils["direction"])


@pytest.fixture
def academie(client_de: ClientDe, annuaire: Annuaire) -> FlaskClient:
    return client_de(annuaire["administrateur_academique"], RECTORAT, Profil.ACADEMIE.value)


def test_la_description_est_publique_et_valide(application: Flask) -> None:
    reponse = application.test_client().get(f"{API}/openapi.json")
    assert reponse.status_code == 200
    description = reponse.get_json()
    OpenAPIV31SpecValidator(description).validate()
    assert description["openapi"] == "3.1.0"
    assert f"{API}/fanion/couleurs" in description["paths"], "une brique y ajoute ses ressources"
    erreur = description["components"]["responses"]["DEFAULT_ERROR"]
    assert list(erreur["content"]) == ["application/problem+json"]


def test_aucune_adresse_ne_porte_d_identifiant_national(application: Flask) -> None:
    adresses = application.test_client().get(f"{API}/openapi.json").text.lower()
    assert '"ine"' not in adresses
    assert "{ine}" not in adresses


@pytest.mark.parametrize("adresse", ["/moi", "/personnes", "/etablissements", "/briques", "/journal"])
def test_sans_session_l_api_repond_401_en_probleme(application: Flask, adresse: str) -> None:
    reponse = application.test_client().get(f"{API}{adresse}")
    assert reponse.status_code == 401
    assert reponse.mimetype == "application/problem+json"
    assert reponse.get_json()["title"] == "Vous n'êtes pas connecté"


def test_moi_dit_qui_parle_et_avec_quels_droits(direction: FlaskClient, annuaire: Annuaire) -> None:
    moi = direction.get(f"{API}/moi").get_json()
    assert moi["personne_id"] == str(annuaire["direction"])
    assert moi["permissions"]["noyau.briques"] == "mon établissement"
    assert "noyau.etablissements" not in moi["permissions"]
    assert moi["jeton_csrf"]


def test_une_ecole_ne_lit_que_ses_personnes(
    direction: FlaskClient, academie: FlaskClient, annuaire: Annuaire
) -> None:
    noms = {p["nom"] for p in direction.get(f"{API}/personnes?q=eleve").get_json()}
    assert noms == {"Essai Eleve"}
    assert direction.get(f"{API}/personnes/{annuaire['eleve_autre']}").status_code == 404
    assert {p["nom"] for p in academie.get(f"{API}/personnes?q=eleve").get_json()} == {
        "Essai Eleve",
        "Essai Eleve Autre",
    }


def test_la_fiche_donne_classe_et_responsables(direction: FlaskClient, annuaire: Annuaire) -> None:
    fiche = direction.get(f"{API}/personnes/{annuaire['eleve']}").get_json()
    assert fiche["divisions"] == ["5e A"]
    assert [lien["legal"] for lien in fiche["responsables"]] == [1, 2, 0]


def test_une_longue_liste_se_tourne_par_l_en_tete_link(
    direction: FlaskClient, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    jour = horloge.aujourd_hui()
    with base.academie("essai") as session:
        foule = [Personne(nom=f"Foule {numero:03}", prenom="Noé") for numero in range(120)]
        session.add_all(foule)
        session.flush()
        session.add_all(
            Rattachement(uai=ECOLE, personne_id=p.id, profil="National_ELV", source="essai", debut=jour)
            for p in foule
        )
    vues: list[str] = []
    adresse: str | None = f"{API}/personnes?q=foule"
    while adresse:
        reponse = direction.get(adresse)
        vues += [p["nom"] for p in reponse.get_json()]
        suivants = [m for m in reponse.headers.get("Link", "").split(", ") if 'rel="next"' in m]
        adresse = suivants[0].split(">")[0][1:] if suivants else None
    assert vues == [f"Foule {numero:03}" for numero in range(120)]


def test_une_bascule_se_pose_et_se_lit(direction: FlaskClient) -> None:
    pose = direction.post(f"{API}/briques/fanion/bascules", json={"ouverte": True})
    assert pose.status_code == 201
    assert pose.get_json()[0]["uai"] == ECOLE
    assert direction.get(f"{API}/fanion/couleurs").get_json() == ["bleu", "blanc", "rouge"]
    brique = direction.get(f"{API}/briques").get_json()[0]
    assert (brique["ouverte"], brique["decision"]["niveau"]) == (True, "établissement")
    assert len(direction.get(f"{API}/briques/fanion/bascules").get_json()) == 1


def test_une_bascule_hors_de_portee_est_refusee(direction: FlaskClient) -> None:
    saisie = {"ouverte": True, "etablissements": [AUTRE]}
    reponse = direction.post(f"{API}/briques/fanion/bascules", json=saisie)
    assert reponse.status_code == 403
    assert reponse.mimetype == "application/problem+json"


def test_une_saisie_fausse_dit_chaque_champ(direction: FlaskClient) -> None:
    reponse = direction.post(f"{API}/briques/fanion/bascules", json={"debut": "hier"})
    assert reponse.status_code == 422
    assert set(reponse.get_json()["erreurs"]["json"]) == {"ouverte", "debut"}


def test_une_ecriture_sans_jeton_est_refusee(direction: FlaskClient) -> None:
    direction.application.config["WTF_CSRF_ENABLED"] = True
    adresse = f"{API}/briques/fanion/bascules"
    assert direction.post(adresse, json={"ouverte": True}).status_code == 400
    jeton = direction.get(f"{API}/moi").get_json()["jeton_csrf"]
    avec = direction.post(adresse, json={"ouverte": True}, headers={"X-CSRFToken": jeton})
    assert avec.status_code == 201


def test_le_journal_est_celui_de_l_etablissement(direction: FlaskClient) -> None:
    direction.post(f"{API}/briques/fanion/bascules", json={"ouverte": True})
    actes = direction.get(f"{API}/journal?acte=brique").get_json()
    assert [acte["acte"] for acte in actes] == ["brique.ouverte"]
    assert {acte["uai"] for acte in direction.get(f"{API}/journal").get_json()} <= {ECOLE}


@pytest.mark.parametrize("adresse", ["/personnes?page=0", "/personnes?uai=x", "/journal?du=demain"])
def test_un_parametre_faux_est_un_probleme(direction: FlaskClient, adresse: str) -> None:
    reponse = direction.get(f"{API}{adresse}")
    assert reponse.status_code == 422
    assert reponse.mimetype == "application/problem+json"


def test_une_adresse_inconnue_est_un_probleme(direction: FlaskClient) -> None:
    reponse = direction.get(f"{API}/nulle-part")
    assert reponse.status_code == 404
    assert reponse.mimetype == "application/problem+json"
