"""Entrer et sortir : connexion, première connexion, entrée en un clic de la démonstration."""

from __future__ import annotations

import math
import re

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.identite import connexion, sessions
from ent_core.identite.connexion import Origine, Ouverture, Refus
from ent_core.socle.erreurs import DonneeInvalide, ErreurEnt
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.portail.demonstration import entrer_en_demo, personnages
from ent_core.web.requete import poser_temoin, requete, session_courante, temoin
from ent_core.web.routes import public
from ent_core.web.suite import suite_locale

__all__: list[str] = []

_APPAREIL = "ent_appareil"
_UN_AN = 31_536_000
_CODE = re.compile(r"\s*\w{4}(?:[-\s]\w{4}){3}\s*")
_ENTREE = "il faut pouvoir entrer"


@portail.get("/connexion")
@public(_ENTREE)
def connexion_page() -> str | Response:
    if requete().reconnue is not None:
        return redirect(suite_locale(request.args.get("suite")))
    return _page_connexion(suite=request.args.get("suite", ""))


@portail.post("/connexion", endpoint="connexion")
@public(_ENTREE)
def se_connecter() -> str | Response | tuple[str, int]:
    if personnage := request.form.get("personnage"):
        return _accueillir(entrer_en_demo(instance(), personnage, _origine()))
    identifiant, secret = request.form.get("identifiant", ""), request.form.get("mot_de_passe", "")
    ent = instance()
    resultat = connexion.se_connecter(ent.base, ent.horloge, ent.coffre, identifiant, secret, _origine())
    if not isinstance(resultat, Refus):
        return _accueillir(resultat)
    if _CODE.fullmatch(secret) and not resultat.attente:
        # La forme d'un code : la personne a sans doute sa lettre sous les yeux.
        return _page_activation(identifiant=identifiant, code=secret.strip())
    return _refuser(
        _page_connexion(identifiant=identifiant, erreur=resultat.message, suite=_suite()), resultat
    )


@portail.get("/activation")
@public("première connexion, avec le code reçu sur papier (SDET-AUTH-10)")
def activation() -> str:
    return _page_activation()


@portail.post("/activation")
@public("première connexion, avec le code reçu sur papier (SDET-AUTH-10)")
def activer() -> str | Response | tuple[str, int]:
    ent, f = instance(), request.form
    saisie = {"identifiant": f.get("identifiant", ""), "code": f.get("code", "")}
    nouveau = f.get("nouveau", "")
    if nouveau != f.get("confirmation"):
        return _page_activation(**saisie, erreurs={"confirmation": "Les deux saisies diffèrent."}), 422
    try:
        resultat = connexion.activer_compte(
            ent.base, ent.horloge, ent.coffre, saisie["identifiant"], saisie["code"], nouveau, _origine()
        )
    except DonneeInvalide as refus:
        return _page_activation(**saisie, erreurs={"nouveau": _phrase(refus)}), 422
    if isinstance(resultat, Refus):
        return _refuser(_page_activation(**saisie, erreurs={"code": resultat.message}), resultat)
    flash("Votre compte est activé.", "succes")
    return _accueillir(resultat)


@portail.post("/deconnexion")
@public("sortir doit toujours réussir")
def deconnexion() -> Response:
    sessions.fermer(session_courante(), instance().horloge, request.cookies.get(temoin(), ""))
    reponse = redirect(url_for("ent.connexion"))
    reponse.delete_cookie(temoin(), path="/", secure=instance().configuration.serveur.securise)
    reponse.headers["Clear-Site-Data"] = '"cache"'
    flash("Vous êtes déconnecté.", "succes")
    return reponse


def _refuser(page: str, refus: Refus) -> Response:
    """401, ou 429 avec le temps à attendre."""
    reponse = make_response(page, 429 if refus.attente else 401)
    if refus.attente:
        reponse.headers["Retry-After"] = str(math.ceil(refus.attente.total_seconds()))
    return reponse


def _accueillir(ouverture: Ouverture) -> Response:
    """Pose les témoins ; le choix de l'établissement vient ensuite s'il y en a plusieurs."""
    reponse = poser_temoin(redirect(suite_locale(_suite())), ouverture.jeton)
    if ouverture.temoin:
        securise = instance().configuration.serveur.securise
        reponse.set_cookie(
            _APPAREIL, ouverture.temoin, max_age=_UN_AN, httponly=True, secure=securise, samesite="Lax"
        )
    return reponse


def _page_connexion(*, identifiant: str = "", erreur: str = "", suite: str = "") -> str:
    return render_template(
        "connexion.html",
        identifiant=identifiant,
        erreur=erreur,
        suite=suite,
        personnages=personnages(instance()) if instance().configuration.demo else [],
    )


def _page_activation(*, identifiant: str = "", code: str = "", erreurs: dict[str, str] | None = None) -> str:
    return render_template("activer_compte.html", identifiant=identifiant, code=code, erreurs=erreurs or {})


def _origine() -> Origine:
    return Origine(
        adresse=request.remote_addr or "",
        appareil=_appareil(request.user_agent.string),
        temoin=request.cookies.get(_APPAREIL, ""),
    )


def _appareil(agent: str) -> str:
    """« Firefox sur Android » : assez pour se reconnaître, pas de quoi suivre quelqu'un."""
    navigateurs = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
    systemes = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
        ("Mac OS", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
    )  # fmt: skip
    navigateur = next((nom for marque, nom in navigateurs if marque in agent), "Navigateur")
    systeme = next((nom for marque, nom in systemes if marque in agent), "appareil inconnu")
    return f"{navigateur} sur {systeme}"


def _suite() -> str:
    return request.form.get("suite", "")


def _phrase(erreur: ErreurEnt) -> str:
    message = erreur.message[:1].upper() + erreur.message[1:]
    return f"{message} {erreur.remede[:1].upper()}{erreur.remede[1:]}"
