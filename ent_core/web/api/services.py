"""Le registre des services tiers : ce qui sort de l'ENT, vers qui, pourquoi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ent_core.contrat.services import ServiceTiers
from ent_core.federation.services import fermes_ici, recu_par
from ent_core.web.admin.pages import perimetre
from ent_core.web.admin.services import services_du_perimetre
from ent_core.web.api.schemas_comptes import ServiceRendu
from ent_core.web.ressources import Ressources
from ent_core.web.routes import exige

__all__ = ["ressources"]

ressources = Ressources("api_services", __name__, "Les services tiers")


@dataclass(frozen=True, slots=True)
class _Service:
    service: ServiceTiers
    profils: Sequence[str]
    recoit: Sequence[str]
    actif: bool
    ferme_ici: bool
    origine: str


@ressources.route("/services")
@ressources.response(200, ServiceRendu(many=True), description="Services déclarés")
@exige("noyau.services")
def lire_services() -> list[_Service]:
    """Services tiers de l'établissement en vigueur (ou de toute l'académie), et ce que chacun reçoit."""
    with perimetre("services tiers par l'API") as (session, uai):
        fermes = fermes_ici(session, uai) if uai else frozenset()
        return [
            _Service(
                connu.service,
                sorted(profil.value for profil in connu.service.profils),
                recu_par(connu.service),
                connu.actif,
                connu.service.cle in fermes,
                connu.origine,
            )
            for connu in services_du_perimetre(session, uai)
        ]
