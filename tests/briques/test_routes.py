"""Les routes d'une brique : chaque méthode dit qui l'ouvre, et aucune n'est sous le nom d'une autre."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from flask import Blueprint, Flask
from flask.views import MethodView

from ent_core.brique import ApiBrique, BlueprintBrique, Permission, Portee, Role, exige, public
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.instance import FabriqueInstance, faux_brique
from ent_core.socle.erreurs import AnomaliesTrouvees

LIRE = Permission("suivi.lire", "Lire", {Role.ENSEIGNANT: Portee.ETABLISSEMENT})
ECRIRE = Permission("suivi.ecrire", "Écrire", {Role.CPE: Portee.ETABLISSEMENT})
NOTES = "/api/v1/suivi/notes"
Refuser = Callable[..., list[tuple[str, str]]]


def suivi(*blueprints: Blueprint) -> ModuleType:
    return faux_brique("suivi", ent_permissions=lambda: (LIRE, ECRIRE), ent_routes=lambda: blueprints)


@pytest.fixture
def refuser(application_avec: FabriqueInstance) -> Refuser:
    """Démarre avec des briques fautives, et rend (code, lieu) de chaque anomalie."""

    def refuser(*briques: ModuleType) -> list[tuple[str, str]]:
        with pytest.raises(AnomaliesTrouvees) as refus:
            application_avec(*briques)
        return [(anomalie.code, anomalie.lieu) for anomalie in refus.value.anomalies]

    return refuser


# --- Classes -------------------------------------------------------------------------------------


def test_chaque_methode_d_une_classe_demande_sa_permission(application_avec: FabriqueInstance) -> None:
    api = ApiBrique("suivi", __name__)

    @api.route("/notes")
    class Notes(MethodView):
        @exige("suivi.lire")
        @api.response(200)
        def get(self) -> list[str]:
            """Rend les notes."""
            return []

        @api.response(201)
        @exige("suivi.ecrire")
        def post(self) -> list[str]:
            """Ajoute une note."""
            return []

    ecole = application_avec(suivi(api))
    enseignant, cpe = ecole.client("enseignant"), ecole.client("cpe")
    assert (enseignant.get(NOTES).status_code, enseignant.post(NOTES).status_code) == (200, 403)
    assert (cpe.get(NOTES).status_code, cpe.post(NOTES).status_code) == (403, 201)
    assert enseignant.head(NOTES).status_code == 200
    assert cpe.head(NOTES).status_code == 403
    description = ecole.application.test_client().get("/api/v1/openapi.json").get_json()
    assert set(description["paths"][NOTES]) >= {"get", "post"}


def test_une_classe_decoree_protege_toutes_ses_methodes(application_avec: FabriqueInstance) -> None:
    api = ApiBrique("suivi", __name__)

    @api.route("/notes")
    @exige("suivi.ecrire")
    class Notes(MethodView):
        @exige("suivi.lire")
        def get(self) -> str:
            return "[]"

        def delete(self) -> str:
            return "[]"

    ecole = application_avec(suivi(api))
    enseignant, cpe = ecole.client("enseignant"), ecole.client("cpe")
    assert (enseignant.get(NOTES).status_code, enseignant.delete(NOTES).status_code) == (200, 403)
    assert (cpe.get(NOTES).status_code, cpe.delete(NOTES).status_code) == (403, 200)


def test_une_methode_oubliee_arrete_le_demarrage_et_se_nomme(refuser: Refuser) -> None:
    api = ApiBrique("suivi", __name__)

    @api.route("/notes")
    class Notes(MethodView):
        @exige("suivi.lire")
        def get(self) -> str:
            return "[]"

        def post(self) -> str:
            return "[]"

        @public("")
        def put(self) -> str:
            return "[]"

        def head(self) -> str:
            return ""

        def options(self) -> str:
            return ""

    assert refuser(suivi(api)) == [
        ("ROUTE-001", f"route {NOTES} (suivi_api.Notes), méthode HEAD"),
        ("ROUTE-001", f"route {NOTES} (suivi_api.Notes), méthode OPTIONS"),
        ("ROUTE-001", f"route {NOTES} (suivi_api.Notes), méthode POST"),
        ("ROUTE-003", f"route {NOTES} (suivi_api.Notes), méthode PUT"),
    ]


def test_ce_qui_s_ouvre_a_un_jeton_ou_a_un_lien_est_relu_au_demarrage(refuser: Refuser) -> None:
    api, pages = ApiBrique("suivi", __name__), BlueprintBrique("suivi", __name__)

    @api.post("/inconnu")
    @exige("suivi.ecrire", traitements=("suivi.inconnu",))
    def inconnu() -> str:
        return ""

    @pages.get("/sans_lien")
    @exige("suivi.lire", traitements=("noyau.comptes",))
    def sans_lien() -> str:
        return ""

    @pages.get("/sensible")
    @exige("suivi.lire", traitements=("noyau.comptes",), lien_personnel="Agenda", reauthentification=True)
    def sensible() -> str:
        return ""

    @pages.get("/muet.ics")
    @exige("suivi.lire", lien_personnel="Agenda")
    def muet() -> str:
        return ""

    trouvees = [
        (code, lieu.partition(" (")[0].removeprefix("route ")) for code, lieu in refuser(suivi(pages, api))
    ]
    attendues = {
        ("ROUTE-007", "/api/v1/suivi/inconnu"),
        ("ROUTE-008", "/api/v1/suivi/inconnu"),
        ("ROUTE-008", "/suivi/sans_lien"),
        ("ROUTE-008", "/suivi/sensible"),
        ("ROUTE-008", "/suivi/muet.ics"),
    }
    assert set(trouvees) == attendues


# --- Appartenance --------------------------------------------------------------------------------


def test_une_brique_ne_prend_pas_le_nom_d_une_autre(refuser: Refuser) -> None:
    voisine = faux_brique("voisine", ent_routes=lambda: (BlueprintBrique("voisine", __name__),))
    fautes = refuser(suivi(BlueprintBrique("voisine", __name__), ApiBrique("voisine", __name__)), voisine)
    assert fautes == [
        ("ROUTE-006", "brique suivi, blueprint voisine"),
        ("ROUTE-006", "brique suivi, blueprint voisine_api"),
    ]


@pytest.mark.parametrize(("champ", "valeur"), [("url_prefix", "/voisine"), ("name", "autre")])
def test_une_brique_ne_change_ni_son_adresse_ni_son_nom(refuser: Refuser, champ: str, valeur: str) -> None:
    pages = BlueprintBrique("suivi", __name__)
    setattr(pages, champ, valeur)
    assert [code for code, _ in refuser(suivi(pages))] == ["ROUTE-006"]


def test_deux_blueprints_de_meme_nom_sont_refuses(refuser: Refuser) -> None:
    fautes = refuser(suivi(BlueprintBrique("suivi", __name__), BlueprintBrique("suivi", __name__)))
    assert fautes == [("ROUTE-006", "brique suivi, blueprint suivi")]


@pytest.mark.parametrize("identifiant", ["administration", "admin", "ent"])
def test_une_brique_ne_prend_pas_la_place_du_noyau(refuser: Refuser, identifiant: str) -> None:
    brique = faux_brique(identifiant, ent_routes=lambda: (BlueprintBrique(identifiant, __name__),))
    assert refuser(brique) == [("ROUTE-006", f"brique {identifiant}, blueprint {identifiant}")]


def test_une_ressource_du_noyau_n_est_pas_couverte(refuser: Refuser) -> None:
    brique = faux_brique("personnes", ent_routes=lambda: (ApiBrique("personnes", __name__),))
    assert refuser(brique) == [("ROUTE-006", "brique personnes, blueprint personnes_api")]


def test_un_blueprint_ordinaire_est_refuse_meme_s_il_se_dit_du_noyau(refuser: Refuser) -> None:
    (faute,) = refuser(suivi(Blueprint("libre", "ent_core.web")))
    assert faute == ("ROUTE-005", "brique suivi, crochet ent_routes, libre")


def test_une_route_posee_hors_du_blueprint_est_refusee(refuser: Refuser) -> None:
    pages = BlueprintBrique("suivi", __name__)

    @public("essai")
    def echappee() -> str:
        return ""

    pages.record(lambda etat: etat.app.add_url_rule("/echappee", "echappee", echappee))
    assert refuser(suivi(pages)) == [("ROUTE-005", "route /echappee (echappee)")]


def test_un_crochet_de_routes_qui_echoue_se_dit(refuser: Refuser) -> None:
    def ent_routes() -> tuple[Flask, ...]:
        raise ValueError("rien ne va")

    (faute,) = refuser(faux_brique("suivi", ent_routes=ent_routes))
    assert faute == ("BRIQUE-005", "brique suivi, crochet ent_routes")


def test_une_brique_bien_rangee_demarre(application_avec: FabriqueInstance) -> None:
    ecole = application_avec(suivi(BlueprintBrique("suivi", __name__), ApiBrique("suivi", __name__)))
    assert ecole.uai_de("enseignant") == ECOLE
