"""L'API : ce que font les pages, en JSON, sous ``/api/v1``, décrit par OpenAPI 3.1.

Une session de l'ENT suffit ; une écriture porte en plus l'en-tête ``X-CSRFToken``. Un service relié lit, par
son jeton, les ressources qui disent leurs portées. Les erreurs sont au format « problem+json » (RFC 9457),
rendues par ``ent_core.web.erreurs`` pour tous.
"""

from __future__ import annotations

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from flask import Flask
from flask_smorest import Api, Blueprint

from ent_core import __version__
from ent_core.web.api import administration, annuaire, comptes, moi, moi_compte, relies, services
from ent_core.web.api.portees import JETON, Portees
from ent_core.web.api.schemas import Probleme
from ent_core.web.routes import public

__all__ = ["ApiEnt", "creer_api", "enregistrer"]

_CHEMIN = "/api/v1"
_PROBLEME = "application/problem+json"


class ApiEnt(Api):  # type: ignore[misc] # flask-smorest n'est pas typé
    """flask-smorest, sans ses erreurs : celles de l'ENT sont les mêmes pour une page et pour l'API."""

    ERROR_SCHEMA = Probleme()  # bâti une fois, non pour chacun des soixante codes décrits

    def _register_error_handlers(self) -> None:
        """Rien : les erreurs de l'ENT sont déjà branchées."""

    def _register_responses(self) -> None:
        """Décrit les erreurs communes, avec leur vrai type de contenu."""
        super()._register_responses()
        for reponse in self.spec.components.responses_lazy.values():
            contenu = reponse.get("content", {})
            if "application/json" in contenu:
                contenu[_PROBLEME] = contenu.pop("application/json")


def creer_api(application: Flask) -> ApiEnt:
    """Branche l'API et les ressources du noyau.

    :param application: application Flask ; ses erreurs et sa sécurité sont déjà branchées.
    """
    application.config.update(
        API_TITLE="ENT",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=_CHEMIN,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {
                "description": "Espace numérique de travail : annuaire, briques, journal. "
                "Une session ouverte par la page de connexion est exigée ; "
                "un service relié lit par son jeton.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "security": [{"session": []}],
        },
    )
    decrire = MarshmallowPlugin(schema_name_resolver=_nom_de_schema)
    api = ApiEnt(
        application,
        spec_kwargs={"marshmallow_plugin": decrire, "extra_plugins": [Portees(application)]},
    )
    api.spec.components.security_scheme(*JETON)
    api.spec.components.security_scheme(
        "session",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-ent",
            "description": "Témoin de session. Écrire demande aussi l'en-tête X-CSRFToken, que rend /moi.",
        },
    )
    vue = application.view_functions["api-docs.openapi_json"]
    application.view_functions["api-docs.openapi_json"] = _publier(vue)
    for module in (moi, moi_compte, relies, annuaire, comptes, services, administration):
        enregistrer(application, api, module.ressources)
    return api


def enregistrer(_application: Flask, api: ApiEnt, blueprint: Blueprint) -> None:
    """Ajoute les ressources d'un module ou d'une brique, et leur description.

    :param api: API de l'application.
    :param blueprint: ``ApiBrique``, ou blueprint de flask-smorest.
    """
    api.register_blueprint(blueprint)


def _nom_de_schema(schema: Any) -> str:
    """Le nom d'un schéma dans la description : deux briques peuvent avoir chacune son « MotLu »."""
    forme: type = resolve_schema_cls(schema)  # type: ignore[assignment] # jamais une liste : un seul est donné
    paquet = forme.__module__.partition(".")[0]
    de_brique = paquet.startswith("ent_") and paquet != "ent_core"
    return f"{paquet[4:].title().replace('_', '') if de_brique else ''}{forme.__name__}"


def _publier(vue: Any) -> Any:
    """La description est publique : elle ne dit rien de personne."""

    @public("la description de l'API ne contient aucune donnée")
    def openapi(**arguments: Any) -> Any:
        return vue(**arguments)

    return openapi
