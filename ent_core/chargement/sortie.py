"""Ce qu'une commande, du noyau ou d'une brique, écrit pour un programme."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = ["ecrire_json", "option_json"]

F = TypeVar("F", bound=Callable[..., Any])


def option_json(fonction: F) -> F:
    """Ajoute ``--json`` : la commande reçoit ``en_json``."""
    return click.option("--json", "en_json", is_flag=True, help="Écrire du JSON.")(fonction)


def ecrire_json(valeur: Any, *, erreur: bool = False) -> None:
    """Écrit une valeur en JSON.

    :param valeur: valeur ; dates et identifiants deviennent du texte.
    :param erreur: sur la sortie d'erreur, quand l'autre porte déjà un document.
    """
    click.echo(json.dumps(valeur, ensure_ascii=False, indent=2, default=str), err=erreur)
