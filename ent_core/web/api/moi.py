"""La personne connectée et ce qu'elle peut faire."""

from __future__ import annotations

from typing import Any

from flask_wtf.csrf import generate_csrf

from ent_core.web.api.schemas import MoiRendu
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.ressources import Ressources
from ent_core.web.routes import connecte

__all__ = ["ressources"]

ressources = Ressources("api_moi", __name__, "La personne connectée")


@ressources.route("/moi")
@ressources.response(200, MoiRendu, description="Contexte en vigueur")
@connecte()
def lire_moi() -> dict[str, Any]:
    """Qui parle, où, à quel titre, et avec quels droits."""
    contexte, droits = contexte_courant(), instance().habilitations
    portees = {cle: droits.portee(contexte, cle) for cle in instance().permissions}
    return {
        "personne_id": contexte.personne_id,
        "uai": contexte.uai,
        "etablissement_nom": contexte.etablissement_nom,
        "profil": contexte.profil,
        "roles": sorted(contexte.roles),
        "briques": sorted(contexte.briques),
        "permissions": {cle: portee.value for cle, portee in portees.items() if portee},
        "jeton_csrf": generate_csrf(),
    }
