"""Le compte de la personne connectée : ses seconds facteurs, par où elle entre, qui apprend quoi d'elle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from werkzeug.exceptions import Unauthorized

from ent_core.contrat.services import ServiceTiers
from ent_core.federation import liens
from ent_core.federation.liens import Lien
from ent_core.federation.parties import de_la_personne
from ent_core.federation.services import recu_par
from ent_core.identite.facteurs import inventaire
from ent_core.identite.facteurs.inventaire import FacteurLu
from ent_core.identite.lecture_session import SessionReconnue
from ent_core.web.api.schemas_comptes import FacteurRendu, LienDeConnexionRendu, MonServiceRendu
from ent_core.web.federation.mes_services import ouverts
from ent_core.web.portail.facteurs import retirer
from ent_core.web.requete import contexte_courant, requete, session_courante
from ent_core.web.ressources import Ressources
from ent_core.web.routes import connecte, exige

__all__ = ["ressources"]

ressources = Ressources("api_moi_compte", __name__, "Le compte de la personne connectée")


@dataclass(frozen=True, slots=True)
class _MonService:
    service: ServiceTiers
    recoit: Sequence[str]
    appris_le: datetime | None


@ressources.route("/moi/facteurs")
@ressources.response(200, FacteurRendu(many=True), description="Seconds facteurs, le plus ancien d'abord")
@connecte()
def lire_facteurs() -> list[FacteurLu]:
    """Ses seconds facteurs en service ; ni clé, ni code."""
    return inventaire.lister(session_courante(), _moi().compte_id)


@ressources.route("/moi/facteurs/<uuid:facteur_id>", methods=["DELETE"])
@ressources.response(200, FacteurRendu(many=True), description="Ceux qui restent")
@connecte(reauthentification=True)
def retirer_facteur(facteur_id: UUID) -> list[FacteurLu]:
    """Retire un second facteur et déconnecte les autres appareils ; le dernier se garde, s'il en faut un."""
    retirer(facteur_id)
    return inventaire.lister(session_courante(), _moi().compte_id)


@ressources.route("/moi/liens")
@ressources.response(200, LienDeConnexionRendu(many=True), description="Le plus récent d'abord")
@connecte()
def lire_liens() -> list[Lien]:
    """Les fournisseurs d'identité par lesquels on entre."""
    return liens.lister(session_courante(), _moi().personne_id)


@ressources.route("/moi/services")
@ressources.response(200, MonServiceRendu(many=True), description="Services ouverts à ce titre")
@exige("noyau.mes_services")
def lire_mes_services() -> list[_MonService]:
    """Les services où l'on entre par l'ENT, ce que chacun apprend, et quand il l'a appris."""
    session, contexte = session_courante(), contexte_courant()
    appris = de_la_personne(session, contexte.personne_id)
    return [
        _MonService(connu.service, recu_par(connu.service), appris.get(connu.service.cle))
        for connu in ouverts(session, contexte)
    ]


def _moi() -> SessionReconnue:
    reconnue = requete().reconnue
    if reconnue is None:
        raise Unauthorized
    return reconnue
