"""La table figée des permissions et les décisions : refus par défaut, les briques ne font que restreindre."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ent_core.contrat.interface import Contexte, Permission, Portee
from ent_core.contrat.roles import Role
from ent_core.socle.erreurs import AccesRefuse

__all__ = ["RANGS", "Habilitations", "plus_large"]

RANGS: tuple[Portee, ...] = (
    Portee.MOI,
    Portee.MES_ENFANTS,
    Portee.MA_CLASSE_PRINCIPALE,
    Portee.MES_CLASSES,
    Portee.ETABLISSEMENT,
    Portee.ACADEMIE,
)
"""Périmètres, du plus étroit au plus large."""


def plus_large(portees: Iterable[Portee]) -> Portee | None:
    """Le plus large des périmètres donnés.

    :param portees: périmètres reçus par rôle ou par délégation.
    """
    return max(portees, key=RANGS.index, default=None)


@dataclass(frozen=True, slots=True)
class Habilitations:
    """Décide ; ne connaît ni base ni requête.

    :param permissions: table figée au démarrage.
    :param interdire: veto des briques actives ; rend un motif ou ``None``.
    """

    permissions: Mapping[str, Permission]
    interdire: Callable[[Contexte, str, Any], str | None] = lambda _contexte, _permission, _objet: None

    def portee(self, contexte: Contexte, permission: str) -> Portee | None:
        """Périmètre d'une permission pour un contexte, ou ``None`` si elle est refusée.

        :param contexte: qui agit ; seuls les rôles du profil en vigueur comptent.
        :param permission: clé ; une clé inconnue est refusée.
        """
        declaree = self.permissions.get(permission)
        if declaree is None:
            return None
        portees = [declaree.roles[role] for role in contexte.roles if role in declaree.roles]
        if declaree.delegable and permission in contexte.delegations:
            portees.append(contexte.delegations[permission])
        return plus_large(portees)

    def role_accordant(self, contexte: Contexte, permission: str) -> str | None:
        """Rôle par lequel une permission est accordée, ou ``None`` si elle est refusée.

        À périmètre égal, l'ordre de la déclaration. Par délégation, c'est le rôle de qui délègue : la
        personne agit en son nom sur les pages de cette permission.

        :param contexte: qui agit.
        :param permission: clé.
        """
        declaree = self.permissions.get(permission)
        if declaree is None:
            return None
        siens = [role for role in declaree.roles if role in contexte.roles]
        portee = self.portee(contexte, permission)
        for role in siens:
            if declaree.roles[role] is portee:
                return role
        if portee is None:
            return None
        return next((r for r in (Role.DIRECTION, *declaree.roles) if r in declaree.roles), None)

    def autorise(self, contexte: Contexte, permission: str, objet: Any = None) -> bool:
        """Vrai si la permission est accordée et qu'aucune brique ne s'y oppose.

        :param contexte: qui agit.
        :param permission: clé.
        :param objet: ce sur quoi porte l'acte.
        """
        return self.portee(contexte, permission) is not None and not self.interdire(
            contexte, permission, objet
        )

    def exiger(self, contexte: Contexte, permission: str, objet: Any = None) -> Portee:
        """Périmètre accordé, ou refus.

        :param contexte: qui agit.
        :param permission: clé.
        :param objet: ce sur quoi porte l'acte.
        :raises AccesRefuse: permission absente, ou veto d'une brique.
        """
        portee = self.portee(contexte, permission)
        motif = self.interdire(contexte, permission, objet) if portee is not None else None
        if portee is None or motif:
            raise AccesRefuse(
                motif or "votre profil ne donne pas accès à cette page.",
                remede="changer de profil ou d'établissement, ou demander l'accès au chef d'établissement.",
                lieu=permission,
            )
        return portee
