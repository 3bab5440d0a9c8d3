"""Ce qu'une commande, du noyau ou d'une brique, écrit pour un programme."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

import click

from ent_core.socle.calendrier import FUSEAU

__all__ = ["ecrire_json", "option_json"]

F = TypeVar("F", bound=Callable[..., Any])


def option_json(fonction: F) -> F:
    """Ajoute ``--json`` : la commande reçoit ``en_json``."""
    return click.option("--json", "en_json", is_flag=True, help="Écrire du JSON.")(fonction)


def ecrire_json(valeur: Any, *, erreur: bool = False) -> None:
    """Écrit une valeur en JSON.

    :param valeur: valeur ; un jour et un instant (à l'heure de Paris) s'écrivent selon ISO 8601.
    :param erreur: sur la sortie d'erreur, quand l'autre porte déjà un document.
    """
    click.echo(json.dumps(valeur, ensure_ascii=False, indent=2, default=_en_texte), err=erreur)


def _en_texte(valeur: Any) -> str:
    if isinstance(valeur, datetime):
        return valeur.astimezone(FUSEAU).isoformat(timespec="seconds")
    return valeur.isoformat() if isinstance(valeur, date) else str(valeur)
