"""Entrer par un fournisseur d'identité : partir chez lui, en revenir."""

from __future__ import annotations

from collections.abc import Callable

from flask import make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.client_oidc.refus import refuser
from ent_core.federation.demandes import consommer, nom_du_temoin, ouvrir_demande, reprendre_demande
from ent_core.federation.entrees import Client
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.federation.porte import EnAttente, entrer_par, exiger_inedit
from ent_core.federation.saml.client import ClientSaml
from ent_core.identite.suspensions import ProfilSuspendu
from ent_core.socle.erreurs import Introuvable
from ent_core.web.federation.allers import aller_chez
from ent_core.web.federation.arrivees import arriver
from ent_core.web.federation.choix import TEMOIN
from ent_core.web.federation.plans import (
    EN_ATTENTE,
    adresse_de_retour,
    entree,
    garder,
    oublier,
    poser_temoin_court,
    rappels,
)
from ent_core.web.federation.preuves import juger_la_preuve
from ent_core.web.federation.refus_d_entree import (
    PORTAGE,
    code_d_attente,
    noter_l_entree,
    refuser_l_entree,
)
from ent_core.web.instance import instance
from ent_core.web.portail.acces import accueillir, origine
from ent_core.web.portail.avis import prevenir_d_un_appareil
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import public
from ent_core.web.suite import suite_locale

__all__: list[str] = []

_UN_AN = 31_536_000


@entree.get("/<cle>")
@public("il faut pouvoir entrer")
def partir(cle: str) -> Response:
    ent, suite = instance(), suite_locale(request.args.get("suite"))
    client = ent.entrees.client(cle)
    if requete().reconnue is not None:
        return redirect(suite)
    return aller_chez(client, ouvrir_demande(ent.coffre, ent.horloge, cle, suite))


@entree.get("/<cle>/retour")
@public("il faut pouvoir entrer")
def revenir(cle: str) -> Response:
    client = instance().entrees.client(cle)
    if isinstance(client, ClientSaml):
        return redirect(url_for("entree.partir", cle=cle))
    return _conclure(client, request.args.get("state", ""), _parametres)


@rappels.post("/<cle>/retour")
@public("un fournisseur SAML fait poster sa réponse signée par le navigateur")
def recevoir(cle: str) -> Response:
    """Ce que personne ici n'a demandé fait repartir une demande, sauf d'un fournisseur admis à le faire."""
    client, etat = instance().entrees.client(cle), request.form.get("RelayState", "")
    if isinstance(client, ClientSaml):
        if nom_du_temoin(etat) in request.cookies:
            return _conclure(client, etat, request.form.to_dict)
        if client.fournisseur.idp_initiated:
            return arriver(client, etat)
    return redirect(url_for("entree.partir", cle=cle), 303)


@entree.get("/<cle>/metadonnees")
@public("ce qu'un fournisseur SAML doit savoir de cet ENT")
def metadonnees(cle: str) -> Response:
    client = instance().entrees.client(cle)
    if not isinstance(client, ClientSaml):
        raise Introuvable("ce service de connexion n'a pas de métadonnées.", remede="vérifier l'adresse.")
    reponse = make_response(client.metadonnees(adresse_de_retour(cle)))
    reponse.mimetype = "application/samlmetadata+xml"
    return reponse


def _conclure(client: Client, etat: str, lire: Callable[[], dict[str, str]]) -> Response:
    """La réponse d'un fournisseur, jusqu'à la session ouverte ou prouvée ; son état ne sert qu'une fois."""
    ent, cle = instance(), client.cle
    evenement: EvenementAuthentification | None = None
    temoin = nom_du_temoin(etat)
    # La réserve de connexions est petite : celle de la requête est rendue avant les échanges qui suivent.
    session_courante().commit()
    try:
        demande = reprendre_demande(ent.coffre, ent.horloge, cle, etat, request.cookies.get(temoin, ""))
        with ent.base.unite(PORTAGE) as session:
            if not consommer(session, "entree", etat, demande.expire_le):
                raise refuser("rejeu", "sa réponse a déjà servi")
        evenement = client.conclure(lire(), demande, adresse_de_retour(cle))
        exiger_inedit(ent.base, evenement)
        if demande.preuve:
            return oublier(juger_la_preuve(demande, evenement), temoin)
        resultat = entrer_par(ent.base, ent.horloge, ent.coffre, client.fournisseur, evenement, origine())
    except (EntreeRefusee, PartenaireInjoignable) as refus:
        return oublier(refuser_l_entree(cle, refus, evenement), temoin)
    except ProfilSuspendu:
        noter_l_entree(cle, "profil", "ENT-PROFIL", evenement.attributs.uais if evenement else ())
        raise
    if isinstance(resultat, EnAttente):
        noter_l_entree(cle, "", code_d_attente(resultat.jeton), evenement.attributs.uais)
        suivante = redirect(url_for("entree.preuve", suite=demande.suite))
        return oublier(garder(suivante, EN_ATTENTE, resultat.jeton), temoin)
    prevenir_d_un_appareil(resultat)
    reponse = accueillir(resultat, demande.suite)
    return oublier(poser_temoin_court(reponse, TEMOIN, cle, _UN_AN, "/"), temoin)


def _parametres() -> dict[str, str]:
    """Paramètres de l'adresse de retour ; répété, un paramètre ne dit plus lequel croire."""
    if any(len(valeurs) > 1 for _, valeurs in request.args.lists()):
        raise refuser("reponse", "sa réponse répète un paramètre")
    return request.args.to_dict()
