"""Demander un droit sans l'exiger : montrer un bouton à qui peut s'en servir."""

from __future__ import annotations

from typing import Any

from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant

__all__ = ["peut"]


def peut(permission: str, objet: Any = None) -> bool:
    """Vrai si la personne a cette permission ici ; la page elle-même la redemandera par ``@exige``.

    :param permission: clé de permission.
    :param objet: ce sur quoi porterait l'acte.
    :raises Unauthorized: route ouverte sans session.
    """
    return instance().habilitations.autorise(contexte_courant(), permission, objet)
