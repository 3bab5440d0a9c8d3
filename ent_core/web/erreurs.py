"""Les erreurs montrées à une personne (page) ou à un programme (``problem+json``), jamais de trace."""

from __future__ import annotations

import logging
import secrets
from typing import cast

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import DataError, OperationalError, TimeoutError
from werkzeug.exceptions import HTTPException

from ent_core.identite.cadence import TropDeDemandes
from ent_core.socle.erreurs import AccesRefuse, BaseIndisponible, DonneeInvalide, ErreurEnt
from ent_core.web.voies import par_un_lien

__all__ = ["est_api", "installer", "montrer", "reference"]

_journal = logging.getLogger("ent.web")

_TITRES = {
    400: "La demande n'est pas comprise",
    401: "Vous n'êtes pas connecté",
    403: "Cette page ne vous est pas ouverte",
    404: "Cette page n'existe pas",
    405: "Cette adresse ne s'ouvre pas ainsi",
    409: "L'état a changé entre-temps",
    413: "Le fichier est trop gros",
    422: "La saisie n'est pas acceptée",
    429: "Trop d'essais",
    503: "Le service est momentanément indisponible",
}
_EXPLICATIONS = {
    404: (
        "L'adresse est fausse, ou la page n'est pas ouverte dans votre établissement.",
        "Vérifiez l'adresse, ou revenez à l'accueil.",
    ),
    405: ("Cette adresse reçoit un formulaire.", "Revenez à la page précédente et recommencez."),
    413: ("Le fichier dépasse la taille permise.", "Choisissez un fichier plus petit."),
}
_LIEN_MORT = (
    "Ce calendrier ne s'ouvre plus par ce lien : il est faux, retiré ou échu, ou le calendrier n'est plus"
    " ouvert. Dans l'ENT, « Mon compte », « Calendriers reliés » en donne un autre."
)
_BASE_MUETTE = (
    "L'ENT ne peut pas lire ses données pour l'instant : rien de ce que vous demandiez n'a été fait.",
    "Réessayez dans une minute. Si cela dure, donnez le code ci-dessous à votre établissement.",
)
_IMPREVU = (
    "Une panne imprévue s'est produite de notre côté.",
    "Réessayez dans une minute. Si elle revient, donnez le code ci-dessous.",
)


def est_api() -> bool:
    """Vrai si la requête vise l'API."""
    return request.path.startswith("/api/")


def installer(application: Flask) -> None:
    """Branche le rendu des erreurs.

    :param application: application Flask.
    """
    application.register_error_handler(ErreurEnt, montrer)
    application.register_error_handler(HTTPException, _erreur_http)
    for panne in (BaseIndisponible, OperationalError, TimeoutError):
        application.register_error_handler(panne, _erreur_base)
    application.register_error_handler(DataError, _erreur_de_valeur)
    application.register_error_handler(Exception, _erreur_imprevue)


def montrer(erreur: ErreurEnt) -> Response:
    """Page, ou ``problem+json``, d'une erreur prévue.

    :param erreur: ce qui s'est passé, et le remède.
    """
    lieu = "" if isinstance(erreur, AccesRefuse) else erreur.lieu
    reponse = _repondre(
        erreur.statut_http, f"{erreur.message} {lieu}".strip(), erreur.remede, reference(erreur.code)
    )
    if isinstance(erreur, TropDeDemandes):
        reponse.headers["Retry-After"] = str(erreur.attente)
    return reponse


def _erreur_http(erreur: HTTPException) -> Response:
    statut = erreur.code or 500
    if statut < 400 and erreur.response is not None:
        return cast(Response, erreur.response)
    message, remede = _EXPLICATIONS.get(statut, (_TITRES.get(statut, "La demande a échoué") + ".", ""))
    reponse = _repondre(statut, message, remede, reference(f"ENT-{statut}"), getattr(erreur, "data", None))
    if statut == 405 and (permises := getattr(erreur, "valid_methods", None)):
        reponse.headers["Allow"] = ", ".join(permises)
    return reponse


def _erreur_base(erreur: Exception) -> Response:
    """Base muette, coupée, ou dont toutes les connexions servent : le remède de l'hébergeur va au journal."""
    code = reference(BaseIndisponible.code)
    _journal.error("base_indisponible", extra={"reference": code, "cause": type(erreur).__name__})
    reponse = _repondre(503, *_BASE_MUETTE, code)
    reponse.headers["Retry-After"] = "60"
    return reponse


def _erreur_de_valeur(erreur: DataError) -> Response:
    """PostgreSQL ne garde pas le caractère nul : la saisie est fautive, ce n'est pas une panne."""
    if "NUL" not in str(erreur.orig):
        return _erreur_imprevue(erreur)
    return montrer(
        DonneeInvalide(
            "un caractère de votre demande ne s'écrit pas.", remede="revenir en arrière, puis le retirer."
        )
    )


def _erreur_imprevue(erreur: Exception) -> Response:
    code = reference("ENT-500")
    _journal.error(
        "erreur_imprevue",
        exc_info=(type(erreur), erreur, erreur.__traceback__),
        extra={"reference": code, "point": request.endpoint},
    )
    return _repondre(500, *_IMPREVU, code)


def reference(code: str) -> str:
    """Code à donner au secours : celui de l'erreur, et de quoi la distinguer.

    :param code: code de l'erreur.
    """
    return f"{code} · {secrets.token_hex(2).upper()}"


def _repondre(
    statut: int, message: str, remede: str, reference: str, details: dict[str, object] | None = None
) -> Response:
    titre = _TITRES.get(statut, "Une panne s'est produite")
    if par_un_lien():
        statut, texte = _en_texte(statut, message, remede)
        reponse = Response(texte, mimetype="text/plain")
    elif est_api():
        probleme: dict[str, object] = {"type": "about:blank", "title": titre, "status": statut}
        probleme["detail"] = message
        if remede:
            probleme["remede"] = remede
        if details and "messages" in details:
            probleme["erreurs"] = details["messages"]
        reponse = jsonify(probleme | {"reference": reference})
        reponse.mimetype = "application/problem+json"
    else:
        page = render_template(
            "erreur.html", titre=titre, message=message, remede=remede, code=reference, theme="auto"
        )
        reponse = Response(page, mimetype="text/html")
    reponse.status_code = statut
    if statut == 503:
        reponse.headers["Retry-After"] = "10"
    return reponse


def _en_texte(statut: int, message: str, remede: str) -> tuple[int, str]:
    """Ce que lit un agenda : un refus, quel qu'il soit, ne dit ni ce qui existe ni pourquoi."""
    if statut == 429 or statut >= 500:
        return statut, f"{message} {remede}".strip()
    return 404, _LIEN_MORT
