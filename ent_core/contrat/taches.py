"""Les travaux différés et périodiques qu'une brique apporte."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["BaseDesTaches", "Tache"]


class BaseDesTaches(Protocol):
    """La base, telle qu'une tâche la reçoit : chaque unité de travail est validée à sa sortie, ou défaite."""

    def ecole(self, uai: str, finalite: str) -> AbstractContextManager[Session]:
        """Unité de travail dans un établissement.

        :param uai: établissement.
        :param finalite: motif de l'accès, écrit dans les traces.
        """

    def academie(self, finalite: str) -> AbstractContextManager[Session]:
        """Unité de travail sur tous les établissements.

        :param finalite: motif de l'accès, écrit dans les traces.
        """


@dataclass(frozen=True, slots=True)
class Tache:
    """Un travail exécuté hors des requêtes.

    :param nom: ``brique.verbe``, unique dans l'instance.
    :param fonction: appelée avec la base de données puis des arguments JSON ; elle doit pouvoir être rejouée.
    :param periode: expression cron (cinq champs) pour un travail périodique.
    :param essais: nombre d'essais avant que le travail soit déclaré mort.
    :param avec_horloge: vrai pour que la fonction reçoive aussi, après la base, l'horloge de l'instance.
    """

    nom: str
    fonction: Callable[..., Any]
    periode: str | None = None
    essais: int = 5
    avec_horloge: bool = False
