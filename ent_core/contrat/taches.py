"""Les travaux différés et périodiques qu'une brique apporte : pour toute l'instance, ou école par école."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Protocol

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["BaseDesTaches", "Tache", "TacheParEtablissement"]


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
    """Un travail exécuté hors des requêtes, pour toute l'instance.

    :param nom: ``brique.verbe``, unique dans l'instance.
    :param fonction: appelée avec la base de données, l'horloge de l'instance, puis des arguments JSON ; elle
        doit pouvoir être rejouée.
    :param periode: expression cron (cinq champs) pour un travail périodique.
    :param essais: nombre d'essais avant que le travail soit déclaré mort.
    :param libelle: ce qu'elle fait, pour la page des travaux (« Effacer les sessions finies »).
    """

    nom: str
    fonction: Callable[Concatenate[Any, Any, ...], object]
    periode: str | None = None
    essais: int = 5
    libelle: str = ""


@dataclass(frozen=True, slots=True)
class TacheParEtablissement:
    """Un travail périodique, mené à part dans chaque établissement où la brique est servie.

    Chaque établissement a son travail et ses essais : celui qui échoue n'arrête pas les autres. Là où la
    brique est fermée, suspendue, ou attend ses préalables, rien n'est exécuté.

    :param nom: ``brique.verbe``, unique dans l'instance.
    :param fonction: appelée avec la session de l'établissement, son UAI et l'horloge ; tout est validé à sa
        sortie, ou défait. Elle doit pouvoir être rejouée.
    :param periode: expression cron (cinq champs).
    :param essais: nombre d'essais, dans chaque établissement, avant que le travail soit déclaré mort.
    :param libelle: ce qu'elle fait, pour la page des travaux.
    """

    nom: str
    fonction: Callable[[Session, str, Any], object]
    periode: str
    essais: int = 5
    libelle: str = ""
