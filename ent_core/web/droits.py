"""Demander un droit sans l'exiger : montrer un bouton à qui peut s'en servir."""

from __future__ import annotations

from typing import Any

from ent_core.contrat.interface import Contexte, Portee
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant

__all__ = ["perimetre", "peut"]


def peut(permission: str, objet: Any = None) -> bool:
    """Vrai si la personne a cette permission ici ; la page elle-même la redemandera par ``@exige``.

    :param permission: clé de permission.
    :param objet: ce sur quoi porterait l'acte.
    :raises Unauthorized: route ouverte sans session.
    """
    return instance().habilitations.autorise(contexte_courant(), permission, objet)


def perimetre(contexte: Contexte, permission: str) -> Portee | None:
    """Périmètre d'une permission pour qui agit, hors de la route qui l'exige ; ``None`` s'il ne l'a pas.

    :param contexte: qui agit.
    :param permission: clé de permission.
    """
    habilitations = instance().habilitations
    return (
        habilitations.portee(contexte, permission) if habilitations.autorise(contexte, permission) else None
    )
