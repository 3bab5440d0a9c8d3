"""Ce que rendent les vérifications et les actes du cycle de vie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Anomalie", "Bilan", "Niveau", "PieceExport"]


class Niveau(StrEnum):
    """Gravité d'une anomalie ; seule l'erreur empêche de démarrer."""

    ERREUR = "erreur"
    AVERTISSEMENT = "avertissement"


@dataclass(frozen=True, slots=True)
class Anomalie:
    """Un écart trouvé par une vérification.

    :param code: code stable, par exemple ``BRIQUE-003`` ; il a sa page de documentation.
    :param lieu: brique, table, colonne, route ou clé de configuration en cause.
    :param message: ce qui ne va pas.
    :param remede: ce qu'il faut faire.
    """

    code: str
    lieu: str
    message: str
    remede: str
    niveau: Niveau = Niveau.ERREUR

    def __str__(self) -> str:
        return f"[{self.code}] {self.lieu} : {self.message} → {self.remede}"


@dataclass(frozen=True, slots=True)
class Bilan:
    """Comptes d'une opération, sans aucune donnée personnelle.

    :param comptes: nombre de lignes par nom de table ou d'acte.
    :param refus: motif si l'opération n'a pas été faite.
    """

    comptes: Mapping[str, int] = field(default_factory=dict)
    refus: str | None = None


@dataclass(frozen=True, slots=True)
class PieceExport:
    """Un morceau de l'export d'une personne.

    :param chemin: chemin dans l'archive, par exemple ``carnet/absences.json``.
    :param contenu: valeur convertible en JSON, ou octets d'un fichier.
    """

    chemin: str
    contenu: Any
