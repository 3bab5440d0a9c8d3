"""Le fournisseur OpenID Connect, côté navigateur : autoriser un service, lui accorder de lire, en sortir."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.chargement.services import services_declares
from ent_core.contrat.interface import Contexte
from ent_core.federation import emission
from ent_core.federation.emission import Empechement
from ent_core.federation.fournisseur_oidc import codes
from ent_core.federation.fournisseur_oidc.accords import accordees, accorder
from ent_core.federation.fournisseur_oidc.demande import (
    Demande,
    DemandeSansRetour,
    adresse_de_retour,
    controler,
    destinataire,
)
from ent_core.federation.fournisseur_oidc.echange import ServeurOidc
from ent_core.federation.fournisseur_oidc.identite import numero_de_session
from ent_core.federation.fournisseur_oidc.portees import PROLONGER, soumises
from ent_core.federation.fournisseur_oidc.refus import RefusOidc
from ent_core.federation.fournisseur_oidc.sortie import DemandeDeSortie, lire_demande
from ent_core.federation.services import MotifService, connus, empeche, fermes_ici, recu_par
from ent_core.identite import sessions
from ent_core.identite.sessions import SessionReconnue
from ent_core.web.federation.marques import marquer, relire
from ent_core.web.federation.passages import faire_entrer, faire_prouver, mener, prouvee_depuis
from ent_core.web.federation.plans import adresse_publique
from ent_core.web.federation.refus import refuser
from ent_core.web.federation.services_relies import dire_les_portees
from ent_core.web.federation.sortie import page_de_sortie
from ent_core.web.instance import instance
from ent_core.web.requete import requete, session_courante, temoin
from ent_core.web.routes import connecte, public

__all__ = ["oidc", "parametres", "serveur"]

oidc = Blueprint("oidc", __name__, url_prefix="/oidc")
"""Pages que suit le navigateur d'une personne."""

_PREUVE = timedelta(minutes=10)
_DEPUIS, _ACCORD = "oidc.depuis", "oidc.accord"


def serveur() -> ServeurOidc:
    """L'instance, telle que le domaine la voit, avec les services de cet instant."""
    ent = instance()
    services = connus(session_courante(), services_declares(ent.chargement, ent.configuration))
    return ServeurOidc(ent.horloge, ent.coffre, adresse_publique(""), services)


def parametres() -> Mapping[str, Sequence[str]]:
    """Paramètres de l'adresse ; un paramètre répété a plusieurs valeurs. La marque n'en est pas."""
    return {nom: request.args.getlist(nom) for nom in request.args if nom != "depuis"}


@oidc.get("/autorisation")
@public("un service y envoie la personne, qui se connecte si elle ne l'est pas")
def autoriser() -> Response:
    return _conduire("")


@oidc.post("/accord")
@connecte()
def decider() -> Response:
    """La personne a lu ce que le service demande ; la marque dit que c'est elle, et non une autre."""
    reconnue, marque = requete().reconnue, relire(_ACCORD, request.form.get("marque", ""), _PREUVE)
    lue = marque is not None and reconnue is not None and marque[0] == str(reconnue.id)
    return _conduire(request.form.get("decision", "") if lue else "")


@oidc.get("/sortie")
@public("un service y envoie la personne qui veut sortir ; sans preuve qu'il la connaît, elle le confirme")
def sortir() -> Response:
    ent, reconnue = serveur(), requete().reconnue
    try:
        demande = lire_demande(session_courante(), ent, parametres())
    except DemandeSansRetour as refus:
        return refuser("retour", service=refus.service, statut=400)
    if reconnue is None:
        return redirect(demande.retour or url_for("ent.connexion"))
    if demande.sid and demande.sid == numero_de_session(ent.coffre, demande.service, reconnue.id):
        return _quitter(demande)
    action = f"{url_for('oidc.confirmer_la_sortie')}?{urlencode(parametres(), doseq=True)}"
    return make_response(render_template("federation/sortir.html", action=action))


@oidc.post("/sortie/confirmer")
@public("sortir doit toujours réussir")
def confirmer_la_sortie() -> Response:
    try:
        return _quitter(lire_demande(session_courante(), serveur(), parametres()))
    except DemandeSansRetour as refus:
        return refuser("retour", service=refus.service, statut=400)


def _conduire(decision: str) -> Response:
    """La demande est-elle sûre ? Alors toute faute revient au service ; sinon, on ne renvoie nulle part."""
    ent = serveur()
    try:
        connu, retour = destinataire(parametres(), ent.services)
    except DemandeSansRetour as refus:
        return refuser("retour" if refus.service else "inconnu", service=refus.service, statut=400)
    try:
        return _repondre(
            ent, controler(parametres(), connu, retour, instance().registre.traitements), decision
        )
    except RefusOidc as refus:
        etats = request.args.getlist("state")
        adresse = adresse_de_retour(
            retour, ent.emetteur, etats[0] if len(etats) == 1 else "", error=refus.erreur,
            error_description=refus.detail,
        )  # fmt: skip
        return mener(connu.service.nom, adresse, affirme=False)


def _repondre(ent: ServeurOidc, demande: Demande, decision: str) -> Response:
    reconnue, contexte = requete().reconnue, requete().contexte
    empechement = emission.peut_emettre(reconnue) if reconnue else Empechement.SECOND_FACTEUR
    if reconnue is None or contexte is None or empechement is Empechement.SECOND_FACTEUR:
        _exiger_la_parole(demande, "interaction_required" if reconnue else "login_required")
        return faire_entrer(reconnue, _suite())
    cause = empechement or _ferme(demande, contexte)
    if cause is not None:
        _exiger_la_parole(demande, "access_denied")
        return refuser(cause.value, service=demande.connu.service.cle, suite=_suite())
    if not _assez_prouvee(demande, reconnue):
        _exiger_la_parole(demande, "login_required")
        return faire_prouver(_suite())
    if page := _demander_l_accord(demande, reconnue, contexte, decision):
        return page
    code = codes.donner(session_courante(), ent.horloge, demande, reconnue)
    if code is None:
        return refuser("compte", service=demande.connu.service.cle)
    adresse = adresse_de_retour(demande.retour, ent.emetteur, demande.etat, code=code)
    return mener(demande.connu.service.nom, adresse)


def _exiger_la_parole(demande: Demande, erreur: str) -> None:
    """Le service ne veut pas que la personne voie rien : il apprend pourquoi ce n'est pas possible."""
    if demande.muette:
        raise RefusOidc(erreur, "la personne doit agir, et prompt=none l'interdit")


def _ferme(demande: Demande, contexte: Contexte) -> MotifService | None:
    fermes = fermes_ici(session_courante(), contexte.uai)
    return empeche(demande.connu, contexte.uai, contexte.profil, contexte.jour, fermes, contexte.briques)


def _assez_prouvee(demande: Demande, reconnue: SessionReconnue) -> bool:
    """La preuve est assez récente, ou donnée depuis que ce service l'a demandée : l'instant en est scellé."""
    marque = relire(_DEPUIS, request.args.get("depuis", ""), _PREUVE)
    if marque is not None and prouvee_depuis(reconnue, marque[1]):
        return True
    if demande.a_prouver:
        return False
    age = instance().horloge.maintenant() - (reconnue.prouvee_le or reconnue.creee_le)
    return demande.age_maximal is None or age <= timedelta(seconds=demande.age_maximal)


def _demander_l_accord(
    demande: Demande, reconnue: SessionReconnue, contexte: Contexte, decision: str
) -> Response | None:
    """La page où la personne décide ; ``None`` si elle a dit oui, ou si rien ne passe la déclaration."""
    service, voulues = demande.connu.service, soumises(demande.portees)
    if decision == "refuser":
        raise RefusOidc("access_denied", "la personne a refuse")
    if decision == "accorder":
        if voulues:
            accorder(
                session_courante(), instance().horloge, compte_id=reconnue.compte_id,
                personne_id=reconnue.personne_id, uai=contexte.uai, service=service.cle, portees=voulues,
            )  # fmt: skip
        return None
    manquent = voulues and voulues - accordees(session_courante(), reconnue.compte_id, service.cle)
    if not manquent and "consent" not in demande.prompt:
        return None
    _exiger_la_parole(demande, "consent_required")
    return make_response(
        render_template(
            "federation/accord.html",
            service=service,
            recoit=recu_par(service),
            lit=dire_les_portees(instance(), voulues),
            prolonge=PROLONGER in voulues,
            action=f"{url_for('oidc.decider')}?{request.query_string.decode('ascii', 'replace')}",
            marque=marquer(_ACCORD, str(reconnue.id)),
        )
    )


def _suite() -> str:
    """Chemin local qui refait la même demande, et retient quand elle a été faite."""
    depuis = request.args.get("depuis") or marquer(_DEPUIS)
    return f"{url_for('oidc.autoriser')}?{urlencode({**parametres(), 'depuis': depuis}, doseq=True)}"


def _quitter(demande: DemandeDeSortie) -> Response:
    quittee = requete().reconnue
    sessions.fermer(session_courante(), instance().horloge, request.cookies.get(temoin(), ""))
    if demande.retour:
        nom = next(c.service.nom for c in serveur().services if c.service.cle == demande.service)
        reponse = mener(nom, demande.retour, affirme=False)
    else:
        reponse = redirect(page_de_sortie(session_courante(), quittee.id if quittee else None))
    reponse.delete_cookie(temoin(), path="/", secure=instance().configuration.serveur.securise)
    partage = quittee is not None and quittee.partagee
    reponse.headers["Clear-Site-Data"] = '"cache", "storage"' if partage else '"cache"'
    return reponse
