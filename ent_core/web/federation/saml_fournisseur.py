"""L'ENT, fournisseur SAML, sous ``/saml/`` : recevoir une demande, y répondre, recevoir une sortie.

Une demande reçue devient une marque scellée, et la suite n'est plus qu'une adresse de l'ENT : qu'elle soit
venue par une redirection ou par un formulaire d'un autre site, que la personne se connecte ou prouve en
chemin, rien n'en est gardé ici.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from flask import Blueprint, make_response, redirect, request, url_for
from lxml import etree
from werkzeug.wrappers import Response

from ent_core.chargement.services import services_declares
from ent_core.contrat.services import OptionsSaml, Protocole
from ent_core.federation import emission
from ent_core.federation.emission import Empechement
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.fournisseur_saml import sortie
from ent_core.federation.fournisseur_saml.assertion import Destination
from ent_core.federation.fournisseur_saml.assertion import refuser as repondre_non
from ent_core.federation.fournisseur_saml.connexion import (
    Manque,
    Repondeur,
    affirmer,
    contexte_de_preuve,
    demande_de_l_ent,
    inapte,
)
from ent_core.federation.fournisseur_saml.demande import Demande, accepter, ouvrir
from ent_core.federation.fournisseur_saml.emetteur import CHEMIN, Emetteur, emetteur_de
from ent_core.federation.fournisseur_saml.metadonnees import metadonnees
from ent_core.federation.fournisseur_saml.normes import Contexte, Statut
from ent_core.federation.services import MotifService, ServiceConnu, connus, empeche, fermes_ici
from ent_core.identite.sessions import SessionReconnue
from ent_core.socle.erreurs import ConfigurationInvalide, Introuvable
from ent_core.web.federation.marques import marquer, relire
from ent_core.web.federation.passages import (
    envoyer_par_formulaire,
    faire_entrer,
    faire_prouver,
    prouvee_depuis,
)
from ent_core.web.federation.refus import refuser
from ent_core.web.instance import instance
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import public

__all__ = ["postes", "saml"]

saml = Blueprint("saml", __name__, url_prefix=CHEMIN)
"""Pages que suit le navigateur d'une personne."""

postes = Blueprint("saml_postes", __name__, url_prefix=CHEMIN)
"""Adresses où un service fait poster un message, d'un autre site : aucun témoin n'y est attendu."""

_ENTREE = "un service y envoie la personne, qui se connecte si elle ne l'est pas"
_SORTIE = "un service y annonce, par un message signé, que la personne le quitte"
_DEMANDE, _DUREE = "saml.demande", timedelta(minutes=20)
_REGLE = "saml.regle"


@saml.get("/metadonnees")
@public("un service y lit le nom, les adresses et les certificats de l'ENT")
def decrire() -> Response:
    tous = [c.service.options for c in _services() if isinstance(c.service.options, OptionsSaml)]
    document = metadonnees(
        _emetteur(), instance().horloge.maintenant(), demandes_signees=all(o.demande_signee for o in tous)
    )
    reponse = make_response(document)
    reponse.content_type = "application/samlmetadata+xml"
    return reponse


@saml.get("/connexion")
@public(_ENTREE)
def demander() -> Response:
    return _recevoir(request.args, _adresse())


@postes.post("/connexion")
@public(_ENTREE)
def demander_par_formulaire() -> Response:
    return _recevoir(request.form)


@saml.get("/entrer/<marque>")
@public(_ENTREE)
def entrer(marque: str) -> Response:
    relue = relire(_DEMANDE, marque, _DUREE)
    if relue is None:
        return refuser("saml_tard", statut=410)
    return _conduire(_deplier(relue[0]), relue[1], url_for("saml.entrer", marque=marque))


@saml.get("/ouvrir/<cle>")
@public("la personne ouvre, de « Mes services », un service qui l'admet ainsi")
def lancer(cle: str) -> Response:
    demande = next(
        (d for c in _services() if c.service.cle == cle and (d := demande_de_l_ent(c.service))), None
    )
    if demande is None:
        raise Introuvable("ce service ne s'ouvre pas d'ici.", remede="l'ouvrir depuis « Mes services ».")
    return _conduire(demande, instance().horloge.maintenant(), url_for("saml.lancer", cle=cle))


@saml.get("/refus/<marque>")
@public("la page qu'un message refusé, posté d'un autre site, fait montrer")
def montrer_le_refus(marque: str) -> Response:
    relue = relire(_REGLE, marque, _DUREE)
    return refuser("saml", statut=400, regle=relue[0] if relue else "")


@saml.get("/sortie")
@public(_SORTIE)
def sortir() -> Response:
    return _sortir(request.args, _adresse())


@postes.post("/sortie")
@public(_SORTIE)
def sortir_par_formulaire() -> Response:
    return _sortir(request.form)


@saml.errorhandler(ConfigurationInvalide)
@postes.errorhandler(ConfigurationInvalide)
def pas_pret(_erreur: ConfigurationInvalide) -> Response:
    return refuser("saml_absent", statut=503)


def _recevoir(champs: Mapping[str, str], adresse: str = "") -> Response:
    try:
        recu = ouvrir(
            champs.get("SAMLRequest", ""), champs.get("RelayState", ""), "AuthnRequest", adresse=adresse
        )
        admise = accepter(recu, _services(), _emetteur().connexion, instance().horloge.maintenant())
    except EntreeRefusee as refus:
        return _refuser(refus)
    return redirect(url_for("saml.entrer", marque=marquer(_DEMANDE, _plier(admise))), 303)


def _conduire(demande: Demande, depuis: datetime, suite: str) -> Response:
    """La personne peut-elle entrer, ici et maintenant ? Sinon, la faire entrer, ou dire non au service."""
    siens = [c for c in _services() if c.service.cle in demande.services]
    if not siens:
        return refuser("inconnu", hote=demande.entite[:80])
    if (statut := inapte(demande, siens[0].service)) is not None:
        return _dire_non(demande, siens[0], statut)
    reconnue, contexte = requete().reconnue, requete().contexte
    empechement = emission.peut_emettre(reconnue) if reconnue else Empechement.SECOND_FACTEUR
    attendu = empechement in (Empechement.SECOND_FACTEUR, Empechement.CONTEXTE)
    if reconnue is None or contexte is None or attendu:
        return (
            _dire_non(demande, siens[0], Statut.PASSIF) if demande.passive else faire_entrer(reconnue, suite)
        )
    fermes = fermes_ici(session_courante(), contexte.uai)
    jugees = {
        c.service.cle: empeche(c, contexte.uai, contexte.profil, contexte.jour, fermes, contexte.briques)
        for c in siens
    }
    connu = next((c for c in siens if jugees[c.service.cle] is None), siens[0])
    motif: Empechement | MotifService | None = empechement or jugees[connu.service.cle]
    if motif is not None:
        if demande.passive:
            return _dire_non(demande, connu, Statut.REFUSE)
        return refuser(motif.value, service=connu.service.cle, suite=suite)
    if demande.prouver and not prouvee_depuis(reconnue, depuis):
        return _dire_non(demande, connu, Statut.PASSIF) if demande.passive else faire_prouver(suite)
    preuve = contexte_de_preuve(demande, reconnue.niveau)
    if preuve is None:
        return _dire_non(demande, connu, Statut.PREUVE)
    return _affirmer(demande, connu, reconnue, preuve)


def _affirmer(demande: Demande, connu: ServiceConnu, reconnue: SessionReconnue, preuve: Contexte) -> Response:
    ent = instance()
    repondeur = Repondeur(_emetteur(), ent.coffre, ent.horloge)
    # Une réponse réunit ce que la personne est dans toutes les écoles du service.
    requete().base.commit()
    try:
        with ent.base.academie("services tiers : réponse à un service") as session:
            reponse = affirmer(session, repondeur, connu.service, demande, reconnue, preuve)
    except Manque as manque:
        return refuser(manque.cause, service=connu.service.cle)
    return _poster(connu.service.nom, demande.retour, reponse, demande.relais)


def _dire_non(demande: Demande, connu: ServiceConnu, pourquoi: Statut) -> Response:
    vers = Destination(demande.entite, demande.retour, demande.numero)
    reponse = repondre_non(_emetteur(), vers, pourquoi, instance().horloge.maintenant())
    return _poster(connu.service.nom, demande.retour, reponse, demande.relais, affirme=False)


def _sortir(champs: Mapping[str, str], adresse: str = "") -> Response:
    if "SAMLRequest" not in champs:
        return redirect(url_for("ent.connexion"), 303)
    ent, emetteur = instance(), _emetteur()
    instant = ent.horloge.maintenant()
    try:
        recu = ouvrir(champs["SAMLRequest"], champs.get("RelayState", ""), "LogoutRequest", adresse=adresse)
        annonce = sortie.accepter(recu, _services(), emetteur.sortie, instant)
    except EntreeRefusee as refus:
        return _refuser(refus)
    requete().base.commit()
    with ent.base.academie("services tiers : sortie annoncée par un service") as session:
        dit = sortie.conclure(session, ent.horloge, annonce)
    reponse = sortie.repondre(emetteur, annonce, dit, instant)
    if reponse is None:
        return redirect(url_for("ent.connexion"), 303)
    if reponse.adresse:
        return redirect(reponse.adresse, 303)
    return _poster("le service", reponse.vers, reponse.message, annonce.relais, affirme=False)


def _poster(nom: str, vers: str, reponse: etree._Element, relais: str, *, affirme: bool = True) -> Response:
    champs = {"SAMLResponse": base64.b64encode(etree.tostring(reponse)).decode()}
    if relais:
        champs["RelayState"] = relais
    return envoyer_par_formulaire(nom, vers, champs, affirme=affirme)


def _refuser(refus: EntreeRefusee) -> Response:
    """Un formulaire venu d'un autre site n'a pas apporté la session : la page de refus, elle, l'aura."""
    regle = refus.motif.removeprefix("saml.")
    if request.method == "POST":
        return redirect(url_for("saml.montrer_le_refus", marque=marquer(_REGLE, regle)), 303)
    return refuser("saml", statut=400, regle=regle)


def _services() -> list[ServiceConnu]:
    ent = instance()
    tous = connus(session_courante(), services_declares(ent.chargement, ent.configuration))
    return [connu for connu in tous if connu.service.protocole is Protocole.SAML]


def _emetteur() -> Emetteur:
    return emetteur_de(instance().configuration)


def _adresse() -> str:
    """Ce qui suit « ? », tel que le service l'a écrit : c'est ce qu'il a signé."""
    return request.query_string.decode("latin-1") or "?"


def _plier(demande: Demande) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(demande)).decode().rstrip("=")


def _deplier(texte: str) -> Demande:
    return msgspec.json.decode(base64.urlsafe_b64decode(texte + "=" * (-len(texte) % 4)), type=Demande)
