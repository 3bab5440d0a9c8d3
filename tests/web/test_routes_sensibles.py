"""Toutes les routes du noyau qui changent quelque chose : leur preuve, leur jeton, ce qu'on leur envoie."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from werkzeug.routing import Rule

from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.web.routes import Exigence, exigence_de

LECTURES = frozenset({"GET", "HEAD", "OPTIONS"})

SANS_PREUVE = {
    "prouver et entrer : c'est l'acte lui-même": {
        "ent.activer", "ent.confirmer_adresse", "ent.connexion", "ent.demander_secours",
        "ent.demander_une_entree", "ent.demander_une_preuve", "ent.deconnexion", "ent.entrer_par_cle",
        "ent.prouver", "ent.reprendre", "ent.verifier", "entree.relier_compte",
    },
    "le mot de passe actuel y est redemandé, et freiné ; déconnecter ses appareils protège": {
        "ent.modifier_compte",
    },
    "ne fait que protéger : refuser une connexion, retirer un accès donné": {
        "ent.repondre_appareil", "ent.retirer_un_calendrier", "ent.retirer_un_service", "ent.finir_visite",
    },
    "confort de la personne": {
        "ent.choisir_contexte", "ent.renommer_facteur", "ent.theme", "messages.garder_preferences",
        "messages.tout_voir",
    },
    "réglage de l'établissement : visible, réversible, au journal": {
        "admin.abandonner", "admin.abandonner_envoi", "admin.annuler_bascules", "admin.apercu_du_service",
        "admin.attester_prealables", "admin.choisir_colonnes", "admin.definir_annee",
        "admin.definir_periode", "admin.poser_bascule", "admin.recevoir_import", "admin.rejouer",
        "admin.reprendre_envoi", "admin.retirer_periode", "admin.retirer_prealable",
        "api_administration.attester_prealables", "api_administration.poser_bascules",
        "api_administration.retirer_prealable",
    },
}  # fmt: skip
"""Pourquoi une écriture ne demande pas de preuve nouvelle. En ajouter une se discute ici."""

SUIVIES = ("ent", "entree", "admin", "api_administration", "api_annuaire", "api_comptes", "api_moi")
"""Blueprints des comptes et de l'administration ; les dossiers de vie privée ont leur propre procédure."""


@pytest.fixture(scope="module")
def instance(vivier: Vivier) -> Iterator[InstanceEssai]:
    fabrique = FabriqueInstance(vivier, HorlogeFixe(datetime(2026, 9, 7, 8, 0, tzinfo=UTC)))
    yield fabrique()
    fabrique.fermer()


def ecritures(instance: InstanceEssai) -> Iterator[tuple[Rule, str, Exigence]]:
    """Chaque route et chaque méthode qui change quelque chose."""
    application = instance.application
    for regle in application.url_map.iter_rules():
        for methode in (regle.methods or set()) - LECTURES:
            exigence = exigence_de(application.view_functions[regle.endpoint], methode)
            assert exigence is not None, regle.rule
            yield regle, methode, exigence


def adresse(instance: InstanceEssai, regle: Rule) -> str:
    """Une adresse de cette route, avec des paramètres quelconques."""
    exemples = {"UUIDConverter": uuid4(), "IntegerConverter": 2026}
    valeurs = {
        nom: min(getattr(lu, "items", None) or [exemples.get(type(lu).__name__, "essai")])
        for nom, lu in regle._converters.items()
    }
    return instance.application.url_map.bind("localhost").build(regle.endpoint, valeurs)


@pytest.mark.exigence("SDET-AUTH-07")
def test_tout_acte_sensible_demande_une_preuve_ou_dit_pourquoi_non(instance: InstanceEssai) -> None:
    libres = {
        regle.endpoint
        for regle, _, exigence in ecritures(instance)
        if regle.endpoint.startswith(tuple(f"{nom}." for nom in SUIVIES))
        and not exigence.reauthentification
        and regle.endpoint not in ("entree.prendre_la_place",)  # posée par le guichet, sans session
    }
    dites = set().union(*SANS_PREUVE.values())
    assert libres - dites == set(), "une route sensible de plus : lui donner reauthentification=True"
    connues = {regle.endpoint for regle, _, _ in ecritures(instance)}
    assert dites - connues == set(), "une route citée n'existe plus"


@pytest.mark.exigence("SDET-SSI-03")
def test_toute_ecriture_demande_le_jeton_du_formulaire(instance: InstanceEssai) -> None:
    application = instance.application
    csrf = application.extensions["csrf"]
    dispenses = {b if isinstance(b, str) else b.name for b in csrf._exempt_blueprints}
    client, ouvertes = instance.client("direction"), set()
    application.config["WTF_CSRF_ENABLED"] = True
    try:
        for regle, methode, exigence in ecritures(instance):
            vue = application.view_functions[regle.endpoint]
            if regle.endpoint.rpartition(".")[0] in dispenses or f"{vue.__module__}.{vue.__name__}" in (
                csrf._exempt_views
            ):
                assert exigence.motif, f"{regle.rule} : sans jeton, elle ne doit rien à la session"
            elif client.open(adresse(instance, regle), method=methode).status_code != 400:
                ouvertes.add(f"{methode} {regle.rule}")
    finally:
        application.config["WTF_CSRF_ENABLED"] = False
    assert ouvertes == set()


NUL = "a\0b@exemple.fr"


def test_un_caractere_nul_ou_une_saisie_enorme_ne_fait_jamais_une_panne(instance: InstanceEssai) -> None:
    direction, parent = instance.client("direction"), instance.client("parent")
    academie = instance.client("administrateur_academique")
    visiteur = instance.application.test_client()
    assert parent.post("/compte/adresse", data={"adresse": NUL}).status_code == 422
    assert parent.post("/compte/liens", data={"emetteur": NUL}).status_code in (404, 422)
    assert academie.get("/administration/comptes", query_string={"uai": NUL}).status_code in (404, 422)
    assert academie.get("/api/v1/etablissements/a%00b").status_code in (404, 422)
    lettres = academie.post("/administration/codes", data={"uai": NUL})
    assert (lettres.status_code, "Traceback" in lettres.text) == (422, False)
    assert direction.get("/administration/journal", query_string={"acte": NUL}).status_code == 200
    for valeur in (NUL, "ﬁ\u202e\u0301" * 100, "%ed%a0%80", "x" * 1_000_000):
        saisie = {"identifiant": valeur, "mot_de_passe": valeur, "suite": valeur}
        assert visiteur.post("/connexion", data=saisie).status_code in (401, 413), valeur[:5]
    assert visiteur.post("/activation", data={"nouveau": "x" * 1_000_000}).status_code == 422
    for genre in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        trop = visiteur.post("/connexion", data=b"x" * 2_100_000, content_type=genre)
        assert trop.status_code == 413, genre
        trop = parent.post("/compte/adresse", data=b"x" * 2_100_000, content_type=genre)
        assert trop.status_code == 413, genre
    tete = b'--b\r\nContent-Disposition: form-data; name="fichier"; filename="lourd.csv"\r\n\r\n'
    lourd = tete + b"x" * 2_100_000 + b"\r\n--b--\r\n"
    recu = academie.post("/administration/imports/nouveau/liste", data=lourd, content_type=genre)
    assert recu.status_code == 422, "une route qui reçoit un fichier dit combien il peut peser"
