"""Compter les refus des pages : une permission absente, un autre établissement. Jamais qui."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response, current_app, g, request

from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import role_de
from ent_core.contrat.uai import UAI
from ent_core.donnees.sauvetage import Refus, compter_refus
from ent_core.web.instance import instance
from ent_core.web.requete import Requete
from ent_core.web.routes import exigence_de

__all__ = ["installer"]


def installer(application: Flask) -> None:
    """Compte après chaque réponse, une fois que la requête a rendu sa connexion.

    :param application: application Flask ; à installer avant ``requete``, dont la fin doit passer d'abord.
    """
    application.after_request(_compter)


def _compter(reponse: Response) -> Response:
    if reponse.status_code in (403, 404) and "ent_requete" in g:
        compter_refus(instance().base.moteur, list(_refus(g.ent_requete, reponse.status_code)))
    return reponse


def _refus(courante: Requete, statut: int) -> Iterator[Refus]:
    contexte, point = courante.contexte, request.endpoint
    if contexte is None or point is None:
        return
    role = role_de(contexte.profil, None) or ""
    exigence = exigence_de(current_app.view_functions[point], request.method)
    if statut == 403 and courante.portee is None and exigence and exigence.permission:
        yield Refus("permission", exigence.permission, role, contexte.uai)
    demande = (request.view_args or {}).get("uai") or request.values.get("uai") or ""
    ailleurs = UAI.fullmatch(str(demande)) and demande != contexte.uai
    if ailleurs and courante.portee is not Portee.ACADEMIE:
        yield Refus("ecole", point, role, contexte.uai)
