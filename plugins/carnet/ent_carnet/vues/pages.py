"""Le blueprint des pages du carnet ; gabarits et fichiers statiques sont à la racine du paquet."""

from __future__ import annotations

from ent_core.brique import BlueprintBrique

from ent_carnet.regles.intervalles import heures_dites, periode_dite

__all__ = ["pages"]

pages = BlueprintBrique("carnet", "ent_carnet")
pages.add_app_template_global(heures_dites, "heures_dites")
pages.add_app_template_global(periode_dite, "periode_dite")
