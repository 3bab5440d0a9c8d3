"""Un groupe de ressources du noyau : le blueprint de flask-smorest, avec des types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema

__all__ = ["Ressources"]

Vue = Callable[..., Any]
_Decorateur = Callable[[Vue], Vue]


class Ressources(Blueprint):  # type: ignore[misc] # flask-smorest n'est pas typé
    """Des ressources sous ``/api/v1``.

    :param nom: nom du blueprint.
    :param module: ``__name__`` du module appelant.
    :param description: ce qu'elles décrivent, pour OpenAPI.
    """

    def __init__(self, nom: str, module: str, description: str) -> None:
        super().__init__(nom, module, url_prefix="/api/v1", description=description)

    def route(self, rule: str, **options: Any) -> _Decorateur:
        """Branche une vue sur une adresse, et la décrit."""
        decorateur: _Decorateur = super().route(rule, **options)
        return decorateur

    def arguments(self, schema: type[Schema], **options: Any) -> _Decorateur:
        """Lit et vérifie ce que la requête apporte."""
        decorateur: _Decorateur = super().arguments(schema, **options)
        return decorateur

    def response(
        self, status_code: int, schema: type[Schema] | Schema | None = None, **options: Any
    ) -> _Decorateur:
        """Rend la réponse par son schéma, et la décrit."""
        decorateur: _Decorateur = super().response(status_code, schema, **options)
        return decorateur
