"""Ce que reçoit une commande de brique : de quoi ouvrir un établissement, et rien d'autre de l'instance."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy.orm import Session

from ent_core.socle.calendrier import Horloge

__all__ = ["OuvrirEcole"]


class OuvrirEcole(Protocol):
    """Ouvre une unité de travail dans un établissement ; une commande la prend par ``click.pass_obj``."""

    def __call__(self, uai: str, finalite: str) -> AbstractContextManager[tuple[Session, Horloge]]:
        """Rend la session de l'établissement et l'horloge ; tout est validé à la sortie, ou rien.

        :param uai: établissement, en majuscules ou non.
        :param finalite: motif de l'accès, écrit dans les traces.
        :raises Introuvable: établissement inconnu.
        """
        ...
