"""Le portail : entrer, choisir où l'on est, sortir, et ce que chaque profil voit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from sqlalchemy import update

from ent_core.contrat.roles import Profil
from ent_core.donnees.session import BaseDeDonnees
from ent_core.essais.annuaire import ECOLE, RECTORAT, Annuaire
from ent_core.identite.modeles import Rattachement
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.socle.configuration import Configuration
from ent_core.web import securite

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


def test_un_accueil_vide_mene_aux_briques_qui_peut_en_ouvrir(client_de: Client, annuaire: Annuaire) -> None:
    for role, attendu in (("direction", True), ("cpe", False)):
        page = client_de(annuaire[role], ECOLE, annuaire.profils[role]).get("/").text
        assert "Rien à montrer" in page
        assert ("Voir les briques" in page) is attendu


def test_un_formulaire_sans_jeton_est_refuse_avec_une_phrase(application: Flask) -> None:
    application.config["WTF_CSRF_ENABLED"] = True
    reponse = application.test_client().post("/connexion", data={"identifiant": "x", "mot_de_passe": "y"})
    assert reponse.status_code == 400
    assert "recharger la page" in reponse.text


def test_une_ecriture_venue_d_un_autre_site_est_refusee(client_de: Client, annuaire: Annuaire) -> None:
    client = client_de(annuaire["eleve"], ECOLE, Profil.ELEVE.value)
    reponse = client.post("/theme", data={"theme": "sombre"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert reponse.status_code == 400


@pytest.mark.parametrize(
    ("chemin", "saisie"),
    [
        ("/compte", {"acte": "revoquer_session", "session": "pas-un-uuid"}),
        ("/compte", {"acte": "changer_mot_de_passe"}),
        ("/etablissement", {"contexte": "n'importe quoi"}),
        ("/etablissement", {"contexte": "0991002B:National_ELV"}),
        ("/theme", {"theme": "<script>"}),
    ],
)
def test_une_saisie_fautive_ne_fait_jamais_une_panne(
    client_de: Client, annuaire: Annuaire, chemin: str, saisie: dict[str, str]
) -> None:
    reponse = client_de(annuaire["eleve"], ECOLE, Profil.ELEVE.value).post(chemin, data=saisie)
    assert reponse.status_code < 500
    assert "Traceback" not in reponse.text


@pytest.mark.parametrize(
    "suite",
    [
        "https://mechant.example",
        "//mechant.example",
        "/\\mechant.example",
        "javascript:alert(1)",
        "//[",
        "http://[",
        "/\t/mechant.example",
        "/\u2028/mechant.example",
        "/a\0b",
    ],
)
def test_on_ne_revient_que_dans_cet_ent(client_de: Client, annuaire: Annuaire, suite: str) -> None:
    reponse = client_de(annuaire["eleve"], ECOLE, Profil.ELEVE.value).get(
        "/connexion", query_string={"suite": suite}
    )
    assert reponse.location == "/"


@pytest.mark.exigence("SDET-SSI-02")
def test_chaque_reponse_porte_les_en_tetes_de_securite(application: Flask) -> None:
    entetes = application.test_client().get("/connexion").headers
    assert "unsafe" not in entetes["Content-Security-Policy"]
    assert "default-src 'none'" in entetes["Content-Security-Policy"]
    assert entetes["X-Content-Type-Options"] == "nosniff"
    assert entetes["Cache-Control"] == "no-store"


@pytest.mark.exigence("CARNET-13")
def test_en_service_tout_passe_par_https_meme_une_panne_et_dans_tous_les_etablissements() -> None:
    configuration = Configuration(cle_secrete="x" * 40)
    assert configuration.serveur.securise, "sans rien régler ; et aucun réglage n'est propre à une école"
    en_service = Flask("essai")
    en_service.secret_key = configuration.cle_secrete
    securite.installer(en_service, securise=configuration.serveur.securise)
    for page in ("/", "/rien"):
        dit = en_service.test_client().get(page).headers["Strict-Transport-Security"]
        assert int(dit.partition("max-age=")[2].partition(";")[0]) >= 365 * 86400
        assert "includeSubDomains" in dit


@pytest.mark.exigence("SDET-SES-03")
def test_en_service_le_temoin_des_formulaires_ne_se_pose_que_d_ici() -> None:
    en_service = Flask("essai")
    en_service.secret_key = "x" * 40
    securite.installer(en_service, securise=True)
    en_service.add_url_rule("/jeton", view_func=generate_csrf)
    temoin = en_service.test_client().get("/jeton").headers["Set-Cookie"]
    assert temoin.startswith("__Host-")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(temoin.split("; "))


@pytest.mark.exigence("SDET-AUT-03")
def test_une_affectation_finie_ferme_tout_aussitot(
    client_de: Client, annuaire: Annuaire, base: BaseDeDonnees, horloge: HorlogeFixe
) -> None:
    client = client_de(annuaire["cpe"], ECOLE, Profil.VIE_SCOLAIRE.value)
    assert client.get("/administration/personnes").status_code == 200
    with base.academie("essai") as session:
        session.execute(
            update(Rattachement)
            .where(Rattachement.personne_id == annuaire["cpe"])
            .values(fin=horloge.aujourd_hui())
        )
    assert client.get("/administration/personnes").location.startswith("/etablissement")


def test_les_mesures_ne_se_lisent_que_de_la_machine(application: Flask) -> None:
    client = application.test_client()
    assert client.get("/mesures").status_code == 200
    assert client.get("/mesures", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    assert client.get("/mesures", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404
    assert client.get("/sante").json == {"etat": "ok"}
    assert client.get("/pret").json == {"etat": "ok"}
