"""Ce qui lit l'ENT au nom de la personne : services reliés, calendriers ; le voir, le retirer."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ent_core.federation.fournisseur_oidc.jetons import retirer_accord
from ent_core.identite import liens_personnels
from ent_core.identite.liens_personnels import LienLu
from ent_core.web.api.schemas import LienPersonnelRendu, ServiceRelieRendu
from ent_core.web.federation.services_relies import ServiceRelie, compte_de_la_personne, relies
from ent_core.web.instance import instance
from ent_core.web.requete import horloge_courante, session_courante
from ent_core.web.ressources import Ressources
from ent_core.web.routes import connecte

__all__ = ["ressources"]

ressources = Ressources("api_relies", __name__, "Services et calendriers reliés")


@ressources.route("/moi/accords")
@ressources.response(200, ServiceRelieRendu(many=True), description="Le plus récent d'abord")
@connecte()
def lister_les_services_relies() -> Sequence[ServiceRelie]:
    """Services à qui l'on a accordé de lire l'ENT en son nom."""
    return relies(instance(), session_courante(), compte_de_la_personne())


@ressources.route("/moi/accords/<cle>", methods=["DELETE"])
@ressources.response(204, description="Le service ne lit plus rien")
@connecte()
def retirer_un_service_relie(cle: str) -> None:
    """Retire un accord, aussitôt et sans retour : le service devra le redemander."""
    retirer_accord(session_courante(), horloge_courante(), compte_de_la_personne(), cle)


@ressources.route("/moi/calendriers")
@ressources.response(200, LienPersonnelRendu(many=True), description="Le plus récent d'abord")
@connecte()
def lister_les_calendriers_relies() -> list[LienLu]:
    """Liens personnels vivants ; aucun ne montre son jeton."""
    return liens_personnels.lister(session_courante(), horloge_courante(), compte_de_la_personne())


@ressources.route("/moi/calendriers/<uuid:lien_id>", methods=["DELETE"])
@ressources.response(204, description="L'appareil ne lit plus rien")
@connecte()
def retirer_un_calendrier_relie(lien_id: UUID) -> None:
    """Retire un lien personnel."""
    liens_personnels.retirer(session_courante(), horloge_courante(), compte_de_la_personne(), lien_id)
