"""Après la déconnexion : quels services ont été prévenus, et lesquels n'ont pas pu l'être."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import render_template, url_for
from sqlalchemy.orm import Session

from ent_core.chargement.services import services_declares
from ent_core.federation.parties import PartieLue, de_la_session
from ent_core.federation.services import connus
from ent_core.socle.erreurs import Introuvable
from ent_core.web.federation.marques import marquer, relire
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import session_courante
from ent_core.web.routes import public

__all__ = ["page_de_sortie"]

_USAGE, _DUREE = "sortie", timedelta(minutes=15)


def page_de_sortie(session: Session, session_id: UUID | None) -> str:
    """Adresse de la page qui suit une déconnexion : la connexion, ou les services à prévenir.

    :param session: session de la requête.
    :param session_id: session que l'on vient de fermer, s'il y en avait une.
    """
    parties = de_la_session(session, session_id) if session_id else []
    if not parties:
        return url_for("ent.connexion")
    return url_for("ent.services_quittes", marque=marquer(_USAGE, str(session_id)))


@portail.get("/deconnexion/services/<marque>")
@public("la personne vient de sortir : son navigateur seul a cette adresse, un quart d'heure")
def services_quittes(marque: str) -> str:
    relue = relire(_USAGE, marque, _DUREE)
    if relue is None:
        raise Introuvable("cette page n'existe plus.", remede="se reconnecter, si besoin.")
    parties = de_la_session(session_courante(), UUID(relue[0]))
    ent = instance()
    noms = {
        connu.service.cle: connu.service.nom
        for connu in connus(session_courante(), services_declares(ent.chargement, ent.configuration))
    }
    return render_template("federation/services_quittes.html", lignes=_ranger(parties), noms=noms)


def _ranger(parties: list[PartieLue]) -> dict[str, list[str]]:
    """Services par sort, le plus préoccupant d'abord."""
    sorts: dict[str, list[str]] = {}
    for etat in ("injoignable", "a_prevenir", "sans_avis", "prevenue"):
        if trouves := [partie.service for partie in parties if partie.etat == etat]:
            sorts[etat] = trouves
    return sorts
