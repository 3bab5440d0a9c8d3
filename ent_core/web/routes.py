"""Les routes : chacune dit la permission qu'elle exige, ou pourquoi elle est publique."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Blueprint, Flask
from flask_smorest import Blueprint as BlueprintSmorest

from ent_core.contrat.interface import Permission
from ent_core.contrat.resultats import Anomalie

__all__ = [
    "ApiBrique",
    "BlueprintBrique",
    "Exigence",
    "connecte",
    "exige",
    "exigence_de",
    "public",
    "verifier_routes",
]

Vue = TypeVar("Vue", bound=Callable[..., Any])

_ATTRIBUT = "ent_exigence"


@dataclass(frozen=True, slots=True)
class Exigence:
    """Ce qu'une route demande.

    :param permission: clé de permission ; vide pour une route publique ou « connectée ».
    :param motif: pourquoi la route est publique.
    :param connectee: une session suffit (mon compte, choix de l'établissement).
    """

    permission: str = ""
    motif: str = ""
    connectee: bool = False


def exige(permission: str) -> Callable[[Vue], Vue]:
    """La route demande cette permission, dans l'établissement en vigueur.

    :param permission: clé déclarée par ``ent_permissions``.
    """
    return _marquer(Exigence(permission=permission))


def connecte() -> Callable[[Vue], Vue]:
    """La route demande une session, sans permission particulière (réservé au noyau)."""
    return _marquer(Exigence(connectee=True))


def public(motif: str) -> Callable[[Vue], Vue]:
    """La route est ouverte à tous.

    :param motif: pourquoi ; il est relu par le délégué à la protection des données.
    """
    return _marquer(Exigence(motif=motif))


def _marquer(exigence: Exigence) -> Callable[[Vue], Vue]:
    def decorer(vue: Vue) -> Vue:
        setattr(vue, _ATTRIBUT, exigence)
        return vue

    return decorer


def exigence_de(vue: Callable[..., Any] | None) -> Exigence | None:
    """Exigence d'une vue, ou ``None`` si elle n'en dit rien.

    :param vue: fonction enregistrée dans Flask.
    """
    trouvee = getattr(vue, _ATTRIBUT, None)
    return trouvee if isinstance(trouvee, Exigence) else None


class BlueprintBrique(Blueprint):
    """Les pages d'une brique, sous ``/<brique>/`` ; gabarits et fichiers statiques à son nom.

    :param brique: identifiant de la brique.
    :param module: ``__name__`` du module appelant.
    """

    def __init__(self, brique: str, module: str) -> None:
        super().__init__(
            brique,
            module,
            url_prefix=f"/{brique}",
            template_folder="templates",
            static_folder="static",
            static_url_path="/static",
        )
        self.brique = brique


class ApiBrique(BlueprintSmorest):  # type: ignore[misc] # flask-smorest n'est pas typé
    """Les ressources d'une brique, sous ``/api/v1/<brique>/``, décrites par OpenAPI.

    :param brique: identifiant de la brique.
    :param module: ``__name__`` du module appelant.
    """

    def __init__(self, brique: str, module: str, description: str = "") -> None:
        super().__init__(f"{brique}_api", module, url_prefix=f"/api/v1/{brique}", description=description)
        self.brique = brique

    if TYPE_CHECKING:
        # Ce que flask-smorest fait sans le dire : un décorateur rend une fonction de même forme.
        def get(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def post(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def put(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def patch(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def delete(self, rule: str, **options: Any) -> Callable[[Vue], Vue]: ...
        def arguments(self, schema: Any, **options: Any) -> Callable[[Vue], Vue]: ...
        def response(self, status_code: int, schema: Any = None, **options: Any) -> Callable[[Vue], Vue]: ...


def verifier_routes(application: Flask, permissions: dict[str, Permission]) -> Iterator[Anomalie]:
    """Toute route dit son exigence, et toute permission exigée est déclarée.

    :param application: application, routes enregistrées.
    :param permissions: table figée des permissions.
    """
    for regle in application.url_map.iter_rules():
        vue = application.view_functions[regle.endpoint]
        exigence = exigence_de(vue)
        lieu = f"route {regle.rule} ({regle.endpoint})"
        if regle.endpoint.endswith("static"):
            fichier = getattr(vue, "__func__", None) is Blueprint.send_static_file
            if regle.endpoint != "static" and not fichier:
                yield Anomalie(
                    "ROUTE-004",
                    lieu,
                    "son nom finit par « static » : elle s'ouvrirait sans session, comme un fichier",
                    "renommer la fonction",
                )
            continue
        if not _sous_garde(application, regle.endpoint):
            yield Anomalie(
                "ROUTE-005",
                lieu,
                "elle n'appartient à aucune brique : elle resterait ouverte quand la brique est fermée",
                "employer BlueprintBrique ou ApiBrique, sans blueprint imbriqué",
            )
        if exigence is None:
            yield Anomalie(
                "ROUTE-001",
                lieu,
                "elle ne dit pas qui peut l'ouvrir",
                'la décorer de @exige("permission") ou de @public("motif")',
            )
        elif exigence.permission and exigence.permission not in permissions:
            yield Anomalie(
                "ROUTE-002",
                lieu,
                f"permission inconnue « {exigence.permission} »",
                "la déclarer dans ent_permissions",
            )
        elif not exigence.permission and not exigence.connectee and not exigence.motif.strip():
            yield Anomalie("ROUTE-003", lieu, "publique sans motif", 'dire pourquoi dans @public("motif")')


def _sous_garde(application: Flask, point: str) -> bool:
    """Vrai pour une route du noyau, ou d'un blueprint qui dit sa brique."""
    blueprint = application.blueprints.get(point.rpartition(".")[0])
    if blueprint is None or blueprint.import_name.partition(".")[0] in ("ent_core", "flask_smorest"):
        return True
    return bool(getattr(blueprint, "brique", None))
