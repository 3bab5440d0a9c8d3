"""Le blueprint des pages du carnet ; gabarits et fichiers statiques sont à la racine du paquet."""

from __future__ import annotations

from ent_core.brique import BlueprintBrique

__all__ = ["pages"]

pages = BlueprintBrique("carnet", "ent_carnet")
