"""Mes services : où l'on entre par l'ENT, ce que chacun apprend de soi, et quand il l'a appris."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for
from sqlalchemy.orm import Session

from ent_core.chargement.services import services_declares
from ent_core.contrat.interface import Contexte
from ent_core.contrat.services import OptionsSaml, ServiceTiers
from ent_core.federation.parties import de_la_personne
from ent_core.federation.services import ServiceConnu, connus, fermes_ici, recu_par
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import exige

__all__ = ["ServiceAffiche", "ouverts"]


@dataclass(frozen=True, slots=True)
class ServiceAffiche:
    """Un service, dans les mots de la personne.

    :param recoit: ce qu'il apprend d'elle.
    :param adresse: par où on l'ouvre.
    :param appris_le: dernière fois qu'il l'a appris ; absent, jamais depuis soixante jours.
    """

    service: ServiceTiers
    recoit: tuple[str, ...]
    adresse: str
    appris_le: datetime | None


@portail.get("/mes-services")
@exige("noyau.mes_services")
def mes_services() -> str:
    contexte, session = contexte_courant(), session_courante()
    appris = de_la_personne(session, contexte.personne_id)
    affiches = [
        ServiceAffiche(
            connu.service, recu_par(connu.service), _adresse(connu.service), appris.get(connu.service.cle)
        )
        for connu in ouverts(session, contexte)
    ]
    return render_template("federation/mes_services.html", services=affiches)


def _adresse(service: ServiceTiers) -> str:
    """Celle du service ; ou, s'il l'admet, une page d'ici qui lui dit d'emblée qui vient."""
    if isinstance(service.options, OptionsSaml) and service.options.ouvrable:
        return url_for("saml.lancer", cle=service.cle)
    return service.adresse


def ouverts(session: Session, contexte: Contexte) -> Sequence[ServiceConnu]:
    """Services ouverts à une personne, à son titre du moment.

    :param session: session de l'établissement.
    :param contexte: qui regarde.
    """
    ent, fermes = instance(), fermes_ici(session, contexte.uai)
    return [
        connu
        for connu in connus(session, services_declares(ent.chargement, ent.configuration))
        if connu.actif
        and connu.service.cle not in fermes
        and (not connu.brique or connu.brique in contexte.briques)
        and connu.service.ouvert_a(contexte.uai, contexte.profil, contexte.jour)
    ]
