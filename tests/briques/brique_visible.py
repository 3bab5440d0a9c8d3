"""Une brique d'essai sans table : une page, une ressource, une entrée de menu et une vignette."""

from __future__ import annotations

from functools import cache
from types import ModuleType

from ent_core.brique import (
    ApiBrique,
    BlueprintBrique,
    EntreeMenu,
    Permission,
    Portee,
    Role,
    Vignette,
    exige,
)
from ent_core.essais.instance import faux_brique

__all__ = ["API", "PAGE", "brique_visible"]

PAGE, API = "/panneau/", "/api/v1/panneau/annonces"


@cache
def brique_visible() -> ModuleType:
    """La brique, composée une fois : plusieurs applications la portent, comme une brique installée."""
    pages = BlueprintBrique("panneau", __name__)
    ressources = ApiBrique("panneau", __name__)

    @pages.get("/")
    @exige("panneau.lire")
    def accueil() -> str:
        return "le panneau"

    @ressources.get("/annonces")
    @exige("panneau.lire")
    @ressources.response(200)
    def annonces() -> list[str]:
        return ["le panneau"]

    return faux_brique(
        "panneau",
        ent_permissions=lambda: (
            Permission("panneau.lire", "Lire le panneau", {Role.ENSEIGNANT: Portee.ETABLISSEMENT}),
        ),
        ent_routes=lambda: (pages, ressources),
        ent_navigation=lambda: (EntreeMenu("panneau.accueil", "Panneau", "panneau.lire"),),
        ent_tableau_de_bord=lambda: (
            Vignette("panneau.annonces", "Annonces du panneau", permission="panneau.lire"),
        ),
    )
