"""Le rapport d'un import, réel ou simulé : des nombres, et quelques identifiants pour aller voir."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from ent_core.identite.aaf.constats import Constat
from ent_core.identite.aaf.grammaire import Nature

__all__ = ["Comptes", "RapportImport", "Retraits"]

_LIBELLES = {Nature.COMPLET: "complète", Nature.DELTA: "partielle"}

Comptes = Mapping[str, int]
"""Nombre par geste : crees, modifies, fermes, sursis, retours, inchanges."""


@dataclass(frozen=True, slots=True)
class Retraits:
    """Part des personnes qui partiraient.

    :param uai: établissement ; ``None`` pour toute la livraison.
    :param avant: personnes rattachées avant l'import.
    """

    uai: str | None
    avant: int
    retires: int

    def __str__(self) -> str:
        lieu = f"établissement {self.uai}" if self.uai else "toute la livraison"
        return f"{lieu} : {self.retires} personnes sur {self.avant}"


@dataclass(frozen=True, slots=True)
class RapportImport:
    """Ce qu'un import a changé, ou changerait.

    :param lot: ligne de ``import_lot`` ; ``None`` si la livraison était déjà importée.
    :param source: annuaire et projet, par exemple ``AAF:099/ENT2DVA-ENT99``.
    :param comptes: par table, nombre par geste.
    :param etablissements: par UAI, par table, nombre par geste.
    :param exemples: par « table.geste », quelques identifiants ; jamais de nom.
    :param constats: nombre de défauts par code.
    :param echantillon: premiers défauts, rejets d'abord.
    :param retraits_excessifs: dépassements du seuil ; une simulation les montre, un import s'arrête.
    """

    source: str
    nature: Nature
    jour: date
    simulation: bool
    lot: UUID | None = None
    deja_importee: bool = False
    fichiers_repris: int = 0
    comptes: Mapping[str, Comptes] = field(default_factory=dict)
    etablissements: Mapping[str, Mapping[str, Comptes]] = field(default_factory=dict)
    exemples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constats: Mapping[str, int] = field(default_factory=dict)
    echantillon: tuple[Constat, ...] = ()
    retraits_excessifs: tuple[Retraits, ...] = ()
    avertissements: tuple[str, ...] = ()

    @property
    def inchange(self) -> bool:
        """Rien n'a changé dans l'annuaire."""
        return not any(
            nombre
            for gestes in self.comptes.values()
            for geste, nombre in gestes.items()
            if geste != "inchanges"
        )

    def nombre(self, table: str, geste: str) -> int:
        """Nombre de lignes d'une table touchées par un geste.

        :param table: par exemple ``personne``.
        :param geste: par exemple ``crees``.
        """
        return self.comptes.get(table, {}).get(geste, 0)

    def resume(self) -> str:
        """Une phrase pour une personne."""
        livraison = f"La livraison {_LIBELLES[self.nature]} du {self.jour:%d/%m/%Y}"
        if self.deja_importee:
            return f"{livraison} est déjà importée : rien à faire."
        if self.inchange:
            return f"{livraison} ne {'changerait' if self.simulation else 'change'} rien."
        details = ", ".join(
            f"{self.nombre('personne', geste)} {libelle}"
            for geste, libelle in (
                ("crees", "personnes créées"),
                ("modifies", "modifiées"),
                ("sursis", "mises en sursis"),
                ("retours", "revenues"),
            )
        )
        return f"{livraison} {'changerait' if self.simulation else 'a changé'} : {details}."

    def en_json(self) -> dict[str, Any]:
        """Nombres gardés avec le lot, sans identifiant de personne."""
        return {
            "tables": {table: dict(gestes) for table, gestes in self.comptes.items()},
            "etablissements": {
                uai: {table: dict(gestes) for table, gestes in tables.items()}
                for uai, tables in self.etablissements.items()
            },
            "constats": dict(self.constats),
            "retraits_excessifs": [str(retrait) for retrait in self.retraits_excessifs],
        }
