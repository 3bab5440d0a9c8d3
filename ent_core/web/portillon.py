"""Le portillon autour des briques : leurs pages d'un bout à l'autre, leurs crochets le temps de l'appel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import current_app, g, has_request_context, request
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import role_de
from ent_core.donnees.sous_portillon import garder, sous_portillon
from ent_core.web.instance import Instance

__all__ = ["autour_du_crochet", "brique_de_la_route", "garder_la_page"]


def brique_de_la_route() -> str | None:
    """Brique à qui est la page demandée, ou ``None`` si elle est au noyau."""
    return getattr(current_app.blueprints.get(request.blueprint or ""), "brique", None)


def garder_la_page(
    ent: Instance, session: Session, brique: str, contexte: Contexte | None, permission: str
) -> None:
    """Met le portillon en vigueur pour la page d'une brique, sans retour.

    :param ent: instance.
    :param session: session de la requête.
    :param brique: brique à qui est la page.
    :param contexte: qui agit ; ``None`` sur une page publique.
    :param permission: permission qui ouvre la page ; vide sur une page publique.
    """
    roles: tuple[str, ...] = ()
    if contexte is not None:
        d_abord = ent.habilitations.role_accordant(contexte, permission) if permission else None
        roles = _roles(contexte, d_abord)
    statistiques = permission in ent.permissions and ent.permissions[permission].statistiques
    garder(session, brique, roles, statistiques=statistiques)


@contextmanager
def autour_du_crochet(brique: str, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Met le portillon en vigueur le temps d'un crochet de requête.

    :param brique: brique appelée.
    :param arguments: arguments du crochet ; ``contexte`` dit qui agit.
    """
    recue: Session | None = arguments.get("session")
    courante = g.get("ent_requete") if has_request_context() else None
    session = recue or (courante.base if courante else None)
    if session is None:
        yield
        return
    with sous_portillon(session, brique, _roles(arguments["contexte"], None), memoire=recue is not None):
        yield


def _roles(contexte: Contexte, d_abord: str | None) -> tuple[str, ...]:
    """Rôles en vigueur : celui qui ouvre l'accès, sinon celui du profil, puis les autres."""
    premier = d_abord or role_de(contexte.profil, None) or ""
    autres = sorted(contexte.roles - {premier})
    return (premier, *autres) if d_abord or premier in contexte.roles else tuple(autres)
