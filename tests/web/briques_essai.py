"""Une petite brique donnée directement à l'application, pour essayer les pages qui la règlent."""

from __future__ import annotations

from flask import Blueprint

from ent_core.contrat.crochets import implante
from ent_core.contrat.donnees import AucuneDonnee
from ent_core.contrat.interface import Permission, Portee
from ent_core.contrat.manifeste import Manifeste
from ent_core.contrat.roles import Role
from ent_core.web.routes import ApiBrique, BlueprintBrique, exige

__all__ = ["Fanion"]


class Fanion:
    """Brique « fanion » : une page, une ressource, aucune donnée."""

    @implante
    def ent_manifeste(self) -> Manifeste:
        return Manifeste("fanion", "Fanion du collège", "1.0", "Affiche le fanion de l'établissement.")

    @implante
    def ent_traitements(self) -> AucuneDonnee:
        return AucuneDonnee("Le fanion est le même pour tous.")

    @implante
    def ent_permissions(self) -> tuple[Permission, ...]:
        roles: dict[str, Portee] = {
            Role.DIRECTION: Portee.ETABLISSEMENT,
            Role.ENSEIGNANT: Portee.ETABLISSEMENT,
        }
        return (Permission("fanion.voir", "Voir le fanion", roles),)

    @implante
    def ent_routes(self) -> tuple[Blueprint, ...]:
        pages, api = BlueprintBrique("fanion", __name__), ApiBrique("fanion", __name__)

        @pages.get("/")
        @exige("fanion.voir")
        def accueil() -> str:
            return "bleu, blanc, rouge"

        @api.route("/couleurs")
        @api.response(200)
        @exige("fanion.voir")
        def couleurs() -> list[str]:
            """Couleurs du fanion."""
            return ["bleu", "blanc", "rouge"]

        return (pages, api)
