"""Les travaux différés et périodiques qu'une brique apporte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Tache"]


@dataclass(frozen=True, slots=True)
class Tache:
    """Un travail exécuté hors des requêtes.

    :param nom: ``brique.verbe``, unique dans l'instance.
    :param fonction: appelée avec la base de données puis des arguments JSON ; elle doit pouvoir être rejouée.
    :param periode: expression cron (cinq champs) pour un travail périodique.
    :param essais: nombre d'essais avant que le travail soit déclaré mort.
    """

    nom: str
    fonction: Callable[..., Any]
    periode: str | None = None
    essais: int = 5
