"""Un groupe de ressources de l'API : le blueprint de flask-smorest, avec des types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from flask_smorest import Blueprint
from marshmallow import Schema

__all__ = ["Ressources"]

Vue = TypeVar("Vue", bound=Callable[..., Any])


class Ressources(Blueprint):  # type: ignore[misc] # flask-smorest n'est pas typé
    """Des ressources sous ``/api/v1``.

    :param nom: nom du blueprint.
    :param module: ``__name__`` du module appelant.
    :param description: ce qu'elles décrivent, pour OpenAPI.
    :param racine: chemin dont partent leurs adresses.
    """

    def __init__(self, nom: str, module: str, description: str, racine: str = "/api/v1") -> None:
        super().__init__(nom, module, url_prefix=racine, description=description)

    def arguments(self, schema: type[Schema] | Schema, **options: Any) -> Callable[[Vue], Vue]:
        """Lit et vérifie ce que la requête apporte ; le schéma se bâtit ici, non à chaque requête."""
        bati = schema if isinstance(schema, Schema) else schema()
        decorateur: Callable[[Vue], Vue] = super().arguments(bati, **options)
        return decorateur

    if TYPE_CHECKING:
        # Ce que flask-smorest fait sans le dire : un décorateur rend une fonction de même forme.
        def route(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def get(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def post(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def put(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def patch(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def delete(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def response(self, status_code: int, schema: Any = None, **options: Any) -> Callable[[Vue], Vue]: ...
