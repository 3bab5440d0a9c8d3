"""Un fournisseur annonce la fin d'une session : par son serveur (OpenID), ou par le navigateur (SAML)."""

from __future__ import annotations

from collections.abc import Mapping

from flask import flash, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.client_oidc.client import ClientOidc
from ent_core.federation.client_oidc.refus import refuser
from ent_core.federation.demandes import consommer
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.liens import fermer_les_sessions, fermer_les_visees
from ent_core.federation.saml.client import ClientSaml
from ent_core.federation.saml.sortie import MessageRecu
from ent_core.web.federation.plans import adresse_de_retour, entree, rappels
from ent_core.web.federation.refus_d_entree import noter_l_entree, refuser_l_entree
from ent_core.web.instance import instance
from ent_core.web.requete import session_courante
from ent_core.web.routes import public

__all__: list[str] = []

_MOTIF = "connexion : sortie annoncée par un fournisseur"


@entree.get("/<cle>/sortie")
@public("un fournisseur SAML annonce une fin de session, par une adresse signée que suit le navigateur")
def apprendre_une_sortie(cle: str) -> Response:
    client = instance().entrees.client(cle)
    if not isinstance(client, ClientSaml):
        return redirect(url_for("ent.connexion"))
    return _par_saml(client, request.args, request.query_string.decode("ascii", "replace"))


@rappels.post("/<cle>/sortie")
@public("un fournisseur annonce la fin d'une session, par un message signé")
def rappeler_sortie(cle: str) -> Response:
    client = instance().entrees.client(cle)
    return _par_saml(client, request.form) if isinstance(client, ClientSaml) else _par_openid(cle)


def _par_openid(cle: str) -> Response:
    """400 à tout ce qui n'est pas recevable, sans dire pourquoi ; le journal, lui, le dit."""
    ent, client = instance(), instance().entrees.client(cle)
    session_courante().commit()
    try:
        if not isinstance(client, ClientOidc):
            raise refuser("sortie", "ce fournisseur n'annonce pas les sorties")
        sortie = client.lire_sortie(request.form.get("logout_token"))
        emetteur = client.fournisseur.emetteur
        with ent.base.academie(_MOTIF) as session:
            if not consommer(session, emetteur, sortie.jti, sortie.expire_le):
                raise refuser("rejeu", "sa réponse a déjà servi")
            if not fermer_les_sessions(session, ent.horloge, emetteur, sortie.sid, sortie.sujet):
                raise refuser("sortie", "aucune session ne correspond")
    except EntreeRefusee as refus:
        noter_l_entree(cle, refus.motif, "", ())
        return make_response("", 400)
    except PartenaireInjoignable:
        return make_response("", 502)
    return make_response("", 200)


def _par_saml(client: ClientSaml, champs: Mapping[str, str], brute: str = "") -> Response:
    """Ferme la session visée et le dit au fournisseur, ou apprend de lui que la sienne est finie."""
    ent, retour, emetteur = instance(), adresse_de_retour(client.cle), client.fournisseur.emetteur
    session_courante().commit()
    try:
        if "SAMLResponse" in champs:
            return _revenir(
                client, client.sortie_confirmee(MessageRecu(champs["SAMLResponse"], brute), retour)
            )
        sortie = client.lire_sortie(MessageRecu(champs.get("SAMLRequest", ""), brute), retour)
        with ent.base.academie(_MOTIF) as session:
            if not consommer(session, emetteur, sortie.identifiant, sortie.expire_le):
                raise refuser("rejeu", "sa réponse a déjà servi")
            _, a_un_autre = fermer_les_visees(session, ent.horloge, emetteur, sortie.sessions, sortie.vise)
    except EntreeRefusee as refus:
        return refuser_l_entree(client.cle, refus, None)
    if a_un_autre:
        noter_l_entree(client.cle, "sortie", "", ())
    etat = champs.get("RelayState", "")
    adresse = client.repondre_a_la_sortie(sortie, etat, retour, faite=not a_un_autre)
    return redirect(adresse or url_for("ent.connexion"), 303)


def _revenir(client: ClientSaml, faite: bool) -> Response:
    nom = client.fournisseur.nom
    if faite:
        flash(f"Vous avez aussi quitté {nom}.", "succes")
    else:
        flash(f"{nom} n'a pas confirmé la déconnexion : fermez ce navigateur.", "info")
    return redirect(url_for("ent.connexion"))
