"""« Services reliés » : ce que la personne laisse lire à d'autres services, et de quoi le leur reprendre."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from ent_core.chargement.services import services_declares
from ent_core.contrat.services import ServiceTiers
from ent_core.federation.fournisseur_oidc.jetons import accords, retirer_accord
from ent_core.federation.services import connus
from ent_core.web.instance import Instance, instance
from ent_core.web.portail import portail
from ent_core.web.requete import horloge_courante, requete, session_courante
from ent_core.web.routes import connecte

__all__ = ["PorteeDite", "ServiceRelie", "compte_de_la_personne", "dire_les_portees", "relies"]

_IDENTITE = ("openid", "profile", "email", "phone", "address")
"""Portées qui disent qui est la personne : la fiche du service dit déjà ce qu'il en apprend."""

_HORS_LIGNE = "offline_access"


@dataclass(frozen=True, slots=True)
class PorteeDite:
    """Un traitement que le service lit, dans les mots du registre."""

    portee: str
    titre: str
    finalite: str


@dataclass(frozen=True, slots=True)
class ServiceRelie:
    """Un service qui tient un accord.

    :param service: sa déclaration ; absente, il n'est plus de l'ENT.
    :param hors_ligne: il lit aussi quand la personne n'est pas connectée.
    :param servi_le: dernière lecture ; absente, jamais depuis soixante jours.
    """

    cle: str
    service: ServiceTiers | None
    lit: tuple[PorteeDite, ...]
    hors_ligne: bool
    accorde_le: datetime
    servi_le: datetime | None

    @property
    def nom(self) -> str:
        """Nom du service, ou son identifiant s'il n'est plus de l'ENT."""
        return self.service.nom if self.service else self.cle


@portail.get("/compte/services")
@connecte()
def services_relies() -> str:
    services = relies(instance(), session_courante(), compte_de_la_personne())
    return render_template("federation/services_relies.html", services=services)


@portail.post("/compte/services/<cle>/retirer")
@connecte()
def retirer_un_service(cle: str) -> Response:
    retirer_accord(session_courante(), horloge_courante(), compte_de_la_personne(), cle)
    flash("Ce service ne lit plus rien en votre nom.", "succes")
    return redirect(url_for("ent.services_relies"))


def compte_de_la_personne() -> UUID:
    """Compte de la personne connectée.

    :raises Unauthorized: la requête ne vient pas d'une session.
    """
    reconnue = requete().reconnue
    if reconnue is None:
        raise Unauthorized
    return reconnue.compte_id


def relies(ent: Instance, session: Session, compte_id: UUID) -> Sequence[ServiceRelie]:
    """Services à qui un compte a accordé quelque chose, le plus récent d'abord. Deux énoncés.

    :param ent: instance.
    :param session: session de la requête.
    :param compte_id: compte.
    """
    tenus = accords(session, compte_id)
    declares = connus(session, services_declares(ent.chargement, ent.configuration)) if tenus else ()
    par_cle = {connu.service.cle: connu.service for connu in declares}
    return [
        ServiceRelie(
            accord.service,
            par_cle.get(accord.service),
            dire_les_portees(ent, accord.portees),
            _HORS_LIGNE in accord.portees,
            accord.accorde_le,
            accord.servi_le,
        )
        for accord in tenus
    ]


def dire_les_portees(ent: Instance, portees: Iterable[str]) -> tuple[PorteeDite, ...]:
    """Traitements que des portées ouvrent, dans les mots du registre.

    :param ent: instance.
    :param portees: portées accordées ou demandées.
    """
    traitements = ent.registre.traitements
    return tuple(
        PorteeDite(cle, traitements[cle].intitule, traitements[cle].finalite)
        if cle in traitements
        else PorteeDite(cle, cle, "Ce traitement n'est plus au registre : il n'ouvre rien.")
        for cle in sorted(portees)
        if cle not in (*_IDENTITE, _HORS_LIGNE)
    )
