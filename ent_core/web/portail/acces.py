"""Entrer et sortir : connexion, première connexion, entrée en un clic de la démonstration."""

from __future__ import annotations

import math
import re
import secrets

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.liens import chez_le_fournisseur
from ent_core.identite import connexion, sessions
from ent_core.identite.connexion import Origine, Ouverture, Refus
from ent_core.identite.secrets import CoffreSature
from ent_core.socle.erreurs import DonneeInvalide, ErreurEnt
from ent_core.web.federation.choix import choisir
from ent_core.web.federation.depart import retenir
from ent_core.web.federation.sortie import page_de_sortie
from ent_core.web.instance import instance
from ent_core.web.lieu import lieu_des_cles
from ent_core.web.portail import portail
from ent_core.web.portail.avis import prevenir_d_un_appareil
from ent_core.web.portail.demonstration import entrer_en_demo, personnages
from ent_core.web.requete import poser_temoin, requete, session_courante, temoin
from ent_core.web.routes import public
from ent_core.web.suite import suite_locale

__all__ = ["accueillir", "origine", "page_connexion", "phrase", "refuser"]

_APPAREIL = "ent_appareil"
_UN_AN = 31_536_000
_CODE = re.compile(r"\s*\w{4}(?:[-\s]\w{4}){3}\s*")
_ENTREE = "il faut pouvoir entrer"
_FOULE = "Trop de personnes se connectent en ce moment. Réessayez dans quelques secondes."


@portail.get("/connexion")
@public(_ENTREE)
def connexion_page() -> str | Response:
    if requete().reconnue is not None:
        return redirect(suite_locale(request.args.get("suite")))
    suite = request.args.get("suite", "")
    return choisir(suite) or page_connexion(suite=suite)


@portail.post("/connexion", endpoint="connexion")
@public(_ENTREE)
def se_connecter() -> str | Response | tuple[str, int]:
    if personnage := request.form.get("personnage"):
        return accueillir(entrer_en_demo(instance(), personnage, origine()))
    identifiant, secret = request.form.get("identifiant", ""), request.form.get("mot_de_passe", "")
    ent = instance()
    try:
        with ent.coffre.admettre():
            session_courante().commit()  # rien n'est tenu pendant le calcul d'une empreinte
            resultat = connexion.se_connecter(
                ent.base, ent.horloge, ent.coffre, identifiant, secret, origine()
            )
    except CoffreSature:
        return _saturer(page_connexion(identifiant=identifiant, erreur=_FOULE, suite=_suite()))
    if not isinstance(resultat, Refus):
        prevenir_d_un_appareil(resultat)
        return accueillir(resultat)
    if _CODE.fullmatch(secret) and not resultat.attente:
        # La forme d'un code : la personne a sans doute sa lettre sous les yeux.
        return _page_activation(identifiant=identifiant, code=secret.strip())
    return refuser(page_connexion(identifiant=identifiant, erreur=resultat.message, suite=_suite()), resultat)


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
        with ent.coffre.admettre():
            session_courante().commit()
            resultat = connexion.activer_compte(
                ent.base, ent.horloge, ent.coffre, saisie["identifiant"], saisie["code"], nouveau, origine()
            )
    except DonneeInvalide as refus:
        return _page_activation(**saisie, erreurs={"nouveau": phrase(refus)}), 422
    except CoffreSature:
        return _saturer(_page_activation(**saisie, erreurs={"identifiant": _FOULE}))
    if isinstance(resultat, Refus):
        return refuser(_page_activation(**saisie, erreurs={"code": resultat.message}), resultat)
    flash("Votre compte est activé.", "succes")
    return accueillir(resultat)


@portail.post("/deconnexion")
@public("sortir doit toujours réussir")
def deconnexion() -> Response:
    quittee = requete().reconnue
    chez_lui = chez_le_fournisseur(session_courante(), quittee.id) if quittee else None
    sessions.fermer(session_courante(), instance().horloge, request.cookies.get(temoin(), ""))
    reponse = redirect(page_de_sortie(session_courante(), quittee.id if quittee else None))
    reponse.delete_cookie(temoin(), path="/", secure=instance().configuration.serveur.securise)
    partage = quittee is not None and quittee.partagee
    reponse.headers["Clear-Site-Data"] = '"cache", "storage"' if partage else '"cache"'
    if reponse.location == url_for("ent.connexion"):  # l'autre page le dit en titre
        flash("Vous êtes déconnecté.", "succes")
    return retenir(reponse, chez_lui)


def _saturer(page: str) -> Response:
    """503 : la file est pleine. Un délai différent pour chacun, sans quoi tous reviendraient ensemble."""
    reponse = make_response(page, 503)
    reponse.headers["Retry-After"] = str(3 + secrets.randbelow(8))
    return reponse


def refuser(page: str, refus: Refus) -> Response:
    """401, ou 429 avec le temps à attendre.

    :param page: page qui le dit.
    :param refus: refus, et le temps à attendre.
    """
    reponse = make_response(page, 429 if refus.attente else 401)
    if refus.attente:
        reponse.headers["Retry-After"] = str(math.ceil(refus.attente.total_seconds()))
    return reponse


def accueillir(ouverture: Ouverture, suite: str | None = None) -> Response:
    """Pose les témoins ; le choix de l'établissement vient ensuite s'il y en a plusieurs.

    :param ouverture: session ouverte.
    :param suite: adresse où aller ensuite ; par défaut, celle du formulaire.
    """
    reponse = poser_temoin(redirect(suite_locale(_suite() if suite is None else suite)), ouverture.jeton)
    if ouverture.temoin and not _poste_partage():
        securise = instance().configuration.serveur.securise
        reponse.set_cookie(
            _APPAREIL, ouverture.temoin, max_age=_UN_AN, httponly=True, secure=securise, samesite="Lax"
        )
    return reponse


def page_connexion(*, identifiant: str = "", erreur: str = "", suite: str = "") -> str:
    return render_template(
        "connexion.html",
        identifiant=identifiant,
        erreur=erreur,
        suite=suite,
        autres_entrees=bool(instance().entrees.tous),
        cles=lieu_des_cles(instance()) is not None,
        personnages=personnages(instance()) if instance().configuration.demo else [],
    )


def _page_activation(*, identifiant: str = "", code: str = "", erreurs: dict[str, str] | None = None) -> str:
    return render_template("activer_compte.html", identifiant=identifiant, code=code, erreurs=erreurs or {})


def origine() -> Origine:
    """D'où vient la requête en cours."""
    return Origine(
        adresse=request.remote_addr or "",
        appareil=_appareil(request.user_agent.string),
        temoin=request.cookies.get(_APPAREIL, ""),
        partagee=_poste_partage(),
    )


def _poste_partage() -> bool:
    """La personne dit qu'un autre se servira de ce poste : il n'est pas reconnu, la session est courte."""
    return request.form.get("partage") == "1"


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


def phrase(erreur: ErreurEnt) -> str:
    """Ce qui ne va pas et que faire, pour la page d'un formulaire.

    :param erreur: refus d'une saisie.
    """
    message = erreur.message[:1].upper() + erreur.message[1:]
    return f"{message} {erreur.remede[:1].upper()}{erreur.remede[1:]}"
