"""Les routes : chacune dit la permission qu'elle exige, ou pourquoi elle est publique."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Blueprint, Flask

from ent_core.contrat.interface import Permission
from ent_core.contrat.resultats import Anomalie
from ent_core.web.ressources import Ressources

__all__ = [
    "ApiBrique",
    "BlueprintBrique",
    "Exigence",
    "connecte",
    "exige",
    "exigence_de",
    "public",
    "verifier_appartenance",
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
    :param attente: une session qui attend son second facteur suffit aussi.
    :param reauthentification: l'acte est sensible : la personne se prouve de nouveau si sa preuve date.
    :param traitements: ce que la route lit : un service relié l'ouvre si son jeton les couvre tous.
    :param lien_personnel: ce que la personne abonne un appareil à relire ; vide, aucun lien ne l'ouvre.
    :param envoi: octets que peut peser la demande, si la route reçoit un fichier.
    """

    permission: str = ""
    motif: str = ""
    connectee: bool = False
    attente: bool = False
    reauthentification: bool = False
    traitements: frozenset[str] = frozenset()
    lien_personnel: str = ""
    envoi: int = 0


def exige(
    permission: str,
    *,
    reauthentification: bool = False,
    traitements: Iterable[str] = (),
    lien_personnel: str = "",
    envoi: int = 0,
) -> Callable[[Vue], Vue]:
    """La route demande cette permission, dans l'établissement en vigueur.

    Se pose sur une fonction, sur une classe ``MethodView`` (toutes ses méthodes), ou sur l'une de ses
    méthodes.

    :param permission: clé déclarée par ``ent_permissions``.
    :param reauthentification: l'acte est sensible (droits, sorties de données, suppression, sanction) : la
        personne se prouve de nouveau si elle ne l'a pas fait depuis dix minutes ; sa saisie est gardée.
    :param traitements: clés de tout ce que la route lit. Sans elles, ni jeton ni lien ne l'ouvre ; avec
        elles, un service relié lit la ressource de l'API, et rien d'autre que ces traitements.
    :param lien_personnel: nom du calendrier que la route rend, pour la personne qui le relie à un appareil.
    :param envoi: octets que peut peser la demande, si la route reçoit un fichier ; sinon, deux mébioctets.
    """
    return _marquer(
        Exigence(
            permission=permission,
            reauthentification=reauthentification,
            traitements=frozenset(traitements),
            lien_personnel=lien_personnel,
            envoi=envoi,
        )
    )


def connecte(*, attente: bool = False, reauthentification: bool = False) -> Callable[[Vue], Vue]:
    """La route demande une session, sans permission particulière (réservé au noyau).

    :param attente: une session qui attend son second facteur suffit.
    :param reauthentification: l'acte est sensible.
    """
    return _marquer(Exigence(connectee=True, attente=attente, reauthentification=reauthentification))


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


def exigence_de(vue: Callable[..., Any], methode: str) -> Exigence | None:
    """Exigence d'une vue pour une méthode, ou ``None`` si rien ne la dit.

    Une classe (``MethodView``) se décore en entier, ou méthode par méthode ; la méthode l'emporte.

    :param vue: fonction enregistrée dans Flask.
    :param methode: méthode HTTP ; ``HEAD`` suit ``GET`` si la classe ne l'écrit pas.
    """
    vue_a_methodes = getattr(vue, "view_class", None)
    nom = "get" if methode == "HEAD" and not hasattr(vue_a_methodes, "head") else methode.lower()
    for porteur in (getattr(vue_a_methodes, nom, None), vue_a_methodes, vue):
        trouvee = getattr(porteur, _ATTRIBUT, None)
        if isinstance(trouvee, Exigence):
            return trouvee
    return None


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


class ApiBrique(Ressources):
    """Les ressources d'une brique, sous ``/api/v1/<brique>/``, décrites par OpenAPI.

    :param brique: identifiant de la brique.
    :param module: ``__name__`` du module appelant.
    """

    def __init__(self, brique: str, module: str, description: str = "") -> None:
        super().__init__(f"{brique}_api", module, description, f"/api/v1/{brique}")
        self.brique = brique


def verifier_routes(application: Flask, permissions: dict[str, Permission]) -> Iterator[Anomalie]:
    """Toute route dit son exigence, et toute permission exigée est déclarée.

    :param application: application, routes enregistrées.
    :param permissions: table figée des permissions.
    """
    for regle in application.url_map.iter_rules():
        vue = application.view_functions[regle.endpoint]
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
        if hasattr(vue, "view_class"):
            for methode in sorted(m for m in regle.methods or () if hasattr(vue.view_class, m.lower())):
                yield from _verifier_exigence(f"{lieu}, méthode {methode}", vue, methode, permissions)
        else:
            yield from _verifier_exigence(lieu, vue, "GET", permissions)


def _verifier_exigence(
    lieu: str, vue: Callable[..., Any], methode: str, permissions: dict[str, Permission]
) -> Iterator[Anomalie]:
    exigence = exigence_de(vue, methode)
    if exigence is None:
        yield Anomalie(
            "ROUTE-001",
            lieu,
            "elle ne dit pas qui peut l'ouvrir",
            'la décorer de @exige("permission") ou de @public("motif") ; d\'une classe, décorer chaque'
            " méthode, ou la classe entière",
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


def verifier_appartenance(
    application: Flask, brique: str, blueprint: BlueprintBrique | ApiBrique
) -> Iterator[Anomalie]:
    """Un blueprint est à la brique qui le donne : son nom, ses adresses, sa fermeture.

    :param application: application, avant d'y brancher le blueprint.
    :param brique: brique qui le donne.
    :param blueprint: ses pages, ou ses ressources.
    """
    lieu = f"brique {brique}, blueprint {blueprint.name}"
    sorte = type(blueprint).__name__
    if blueprint.brique != brique:
        yield Anomalie(
            "ROUTE-006",
            lieu,
            f"il est au nom de « {blueprint.brique} » : ses pages s'ouvriraient et se fermeraient avec elle",
            f'écrire {sorte}("{brique}", __name__)',
        )
        return
    nom, adresse = f"{brique}_api", f"/api/v1/{brique}"
    if isinstance(blueprint, BlueprintBrique):
        nom, adresse = brique, f"/{brique}"
    if (blueprint.name, blueprint.url_prefix) != (nom, adresse):
        yield Anomalie(
            "ROUTE-006",
            lieu,
            f"son nom ou son adresse ({blueprint.url_prefix}) a été changé : ce n'est plus le sien",
            f'écrire {sorte}("{brique}", __name__), sans rien y changer',
        )
    elif nom in application.blueprints:
        yield Anomalie(
            "ROUTE-006",
            lieu,
            "ce nom est déjà pris dans l'application",
            "ne donner qu'un blueprint de pages et un de ressources ; ou renommer la brique",
        )
    elif any(f"{regle.rule}/".startswith(f"{adresse}/") for regle in application.url_map.iter_rules()):
        yield Anomalie(
            "ROUTE-006",
            lieu,
            f"des pages vivent déjà sous {adresse}",
            "renommer la brique : cet identifiant est réservé au noyau",
        )


def _sous_garde(application: Flask, point: str) -> bool:
    """Vrai pour une route du noyau, ou d'un blueprint qui dit sa brique."""
    blueprint = application.blueprints.get(point.rpartition(".")[0])
    module = application.view_functions[point].__module__ if blueprint is None else blueprint.import_name
    if module.partition(".")[0] in ("ent_core", "flask_smorest"):
        return True
    return bool(getattr(blueprint, "brique", None))
