"""Le fournisseur OpenID Connect, côté serveur : jetons, informations, clés, découverte. Aucune page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.donnees.session import Portage
from ent_core.federation.fournisseur_oidc import cles
from ent_core.federation.fournisseur_oidc.clients import AppelDeService, nomme
from ent_core.federation.fournisseur_oidc.decouverte import document
from ent_core.federation.fournisseur_oidc.echange import ServeurOidc, echanger, infos
from ent_core.federation.fournisseur_oidc.refus import RefusOidc
from ent_core.federation.fournisseur_oidc.retrait import decrire, eteindre_jeton
from ent_core.identite import freinage
from ent_core.identite.freinage import Cibles
from ent_core.identite.journal import consigner
from ent_core.identite.reseau import reseau_de
from ent_core.web.federation.oidc import serveur
from ent_core.web.federation.plans import adresse_publique
from ent_core.web.instance import instance
from ent_core.web.requete import session_courante
from ent_core.web.routes import public

__all__ = ["oidc_serveur"]

oidc_serveur = Blueprint("oidc_serveur", __name__)
"""Adresses qu'un service appelle lui-même, ou vers lesquelles il fait poster sans rien y changer."""

_SERVICE = "le service s'y prouve par son secret, ou par la preuve de sa demande"
_JETON = "le service y présente un jeton d'accès"
_OUVERT = "document public, que tout service doit pouvoir lire"
_DOMAINE = 'realm="ENT"'


@oidc_serveur.post("/oidc/autorisation")
@oidc_serveur.post("/oidc/sortie", endpoint="sortir")
@public("un service peut poster sa demande ; elle est refaite en adresse, sans rien changer ici")
def autoriser() -> ReponseWerkzeug:
    page = "oidc.sortir" if request.endpoint == "oidc_serveur.sortir" else "oidc.autoriser"
    champs = urlencode(request.form.to_dict(flat=False), doseq=True)
    return redirect(f"{url_for(page)}?{champs}", 303)


@oidc_serveur.post("/oidc/jeton")
@public(_SERVICE)
def jeton() -> Response:
    return _servir(lambda session, ent: jsonify(echanger(session, ent, _appel())))


@oidc_serveur.post("/oidc/revocation")
@public(_SERVICE)
def revoquer() -> Response:
    def agir(session: Session, ent: ServeurOidc) -> Response:
        eteindre_jeton(session, ent, _appel())
        return Response(status=200)

    return _servir(agir)


@oidc_serveur.post("/oidc/introspection")
@public(_SERVICE)
def examiner() -> Response:
    return _servir(lambda session, ent: jsonify(decrire(session, ent, _appel())))


@oidc_serveur.route("/oidc/infos", methods=["GET", "POST"])
@public(_JETON)
def informer() -> Response:
    return _servir(lambda session, ent: jsonify(infos(session, ent, _jeton_presente())))


@oidc_serveur.get("/oidc/cles")
@public(_OUVERT)
def publier() -> Response:
    reponse = _servir(lambda session, ent: jsonify(cles.publiques(session, ent.horloge, ent.coffre)))
    reponse.headers["Cache-Control"] = "public, max-age=3600"
    return reponse


@oidc_serveur.get("/.well-known/openid-configuration")
@public(_OUVERT)
def decouvrir() -> Response:
    reponse = jsonify(document(adresse_publique(""), _adresses()))
    reponse.headers["Cache-Control"] = "public, max-age=3600"
    return reponse


def _servir(agir: Callable[[Session, ServeurOidc], Response]) -> Response:
    """Agit dans sa propre transaction, validée même sur un refus : un code rejoué éteint ses jetons."""
    ent = serveur()
    session_courante().commit()
    refus: RefusOidc | None = None
    with instance().base.academie("services tiers : réponse à un service") as session:
        try:
            return agir(session, ent)
        except RefusOidc as erreur:
            refus = erreur
    return _refuser(refus)


def _refuser(refus: RefusOidc) -> Response:
    statut, attente = refus.statut, 0
    if refus.erreur == "invalid_client" and (attente := _freiner()):
        statut = 429
    reponse = jsonify({"error": refus.erreur, "error_description": refus.detail})
    reponse.status_code = statut
    if refus.erreur == "invalid_client":
        reponse.headers["WWW-Authenticate"] = f"Basic {_DOMAINE}"
    if refus.erreur == "invalid_token":
        reponse.headers["WWW-Authenticate"] = f'Bearer {_DOMAINE}, error="invalid_token"'
    if attente:
        reponse.headers["Retry-After"] = str(attente)
    return reponse


def _freiner() -> int:
    """Compte un secret faux ; rend les secondes à attendre. Un secret juste n'attend jamais."""
    ent, client = instance(), nomme(_appel())
    reseau = reseau_de(request.remote_addr or "")
    cibles = Cibles(ent.coffre.sceller("freinage.service", client[:40], reseau))
    if attente := freinage.passer(ent.base, ent.horloge, cibles):
        return int(attente.total_seconds()) + 1
    if any(client == connu.service.cle for connu in serveur().services):
        session_courante().commit()
        with ent.base.unite(Portage("services tiers : refus")) as session:
            consigner(session, ent.horloge, "service.client_refuse", objet=client)
    return 0


def _appel() -> AppelDeService:
    return AppelDeService(
        {nom: request.form.getlist(nom) for nom in request.form}, request.headers.get("Authorization", "")
    )


def _jeton_presente() -> str:
    """Jeton de l'en-tête, ou du corps d'un POST ; jamais de l'adresse, que les journaux gardent."""
    sorte, _, valeur = request.headers.get("Authorization", "").partition(" ")
    if sorte.lower() == "bearer":
        return valeur.strip()
    return request.form.get("access_token", "")


def _adresses() -> dict[str, Any]:
    points = {
        "authorization_endpoint": "oidc.autoriser",
        "token_endpoint": "oidc_serveur.jeton",
        "userinfo_endpoint": "oidc_serveur.informer",
        "jwks_uri": "oidc_serveur.publier",
        "revocation_endpoint": "oidc_serveur.revoquer",
        "introspection_endpoint": "oidc_serveur.examiner",
        "end_session_endpoint": "oidc.sortir",
    }
    return {nom: adresse_publique(url_for(point)) for nom, point in points.items()}
