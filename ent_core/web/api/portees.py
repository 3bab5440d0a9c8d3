"""Les portées dans OpenAPI : ce qu'un jeton doit couvrir pour lire une ressource."""

from __future__ import annotations

from typing import Any

from apispec import BasePlugin
from flask import Flask
from werkzeug.routing import Rule

from ent_core.web.routes import exigence_de

__all__ = ["JETON", "Portees"]

JETON: tuple[str, dict[str, str]] = (
    "jeton",
    {
        "type": "openIdConnect",
        "openIdConnectUrl": "/.well-known/openid-configuration",
        "description": "Jeton d'accès d'un service relié, à lire seulement. Ses portées sont des clés de"
        " traitements, que la personne a accordées ; ses propres droits s'y ajoutent.",
    },
)


class Portees(BasePlugin):
    """Lit ce que chaque route dit ouvrir, et l'écrit dans sa description.

    :param application: application Flask.
    """

    def __init__(self, application: Flask) -> None:
        self._application = application

    def operation_helper(
        self, path: str | None = None, operations: dict[str, Any] | None = None, **de_plus: Any
    ) -> None:
        """Ajoute la sécurité d'une route ouverte à un jeton ; les autres n'ont que la session.

        :param operations: opérations, par méthode.
        """
        regle: Rule | None = de_plus.get("rule")
        if regle is None:
            return
        vue = self._application.view_functions[regle.endpoint]
        for methode, operation in (operations or {}).items():
            exigence = exigence_de(vue, methode.upper())
            if exigence is not None and exigence.traitements:
                operation["security"] = [{"session": []}, {JETON[0]: sorted(exigence.traitements)}]
