"""Le registre : toutes les déclarations d'une instance, réunies et figées.

Vocabulaire. *Déclaration* : ce qu'une brique dit d'une table ou d'une colonne. *Traitement* :
une ligne du registre (RGPD, article 30). *Destinataire* : un rôle qui reçoit des données.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Table

from ent_core.contrat.donnees import AucuneDonnee, Traitement

__all__ = ["DeclarationBrique", "Registre"]


@dataclass(frozen=True, slots=True)
class DeclarationBrique:
    """Ce qu'une brique déclare de ses données."""

    brique: str
    tables: tuple[Table, ...]
    traitements: tuple[Traitement, ...]
    aucune: AucuneDonnee | None = None


@dataclass(frozen=True, slots=True)
class Registre:
    """Les traitements de l'instance, par clé."""

    traitements: Mapping[str, Traitement]
    tables: Mapping[str, Table]
    brique_de: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def reunir(cls, declarations: Iterable[DeclarationBrique]) -> Registre:
        """Réunit des déclarations déjà contrôlées.

        :param declarations: une par brique, noyau compris.
        """
        toutes = tuple(declarations)
        return cls(
            {t.cle: t for d in toutes for t in d.traitements},
            {t.name: t for d in toutes for t in d.tables},
            {t.name: d.brique for d in toutes for t in d.tables},
        )
