"""Se prouver de nouveau par le fournisseur qui a fait entrer : le même, sous le même nom, et à l'instant."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from ent_core.federation.demandes import Demande, ouvrir_demande
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.federation.liens import chez_le_fournisseur
from ent_core.identite.facteurs import epreuve
from ent_core.identite.lecture_session import SessionReconnue
from ent_core.socle.erreurs import Introuvable
from ent_core.web.federation.allers import aller_chez
from ent_core.web.federation.marques import marquer, relire
from ent_core.web.federation.plans import entree
from ent_core.web.federation.refus_d_entree import PORTAGE
from ent_core.web.instance import instance
from ent_core.web.preuve import adopter
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import connecte
from ent_core.web.suite import suite_locale

__all__ = ["juger_la_preuve"]

_USAGE, _DUREE = "preuve_federee", timedelta(minutes=1)
_ECART = timedelta(seconds=60)
"""Écart admis entre l'horloge du fournisseur et celle-ci."""


@entree.get("/<cle>/preuve")
@connecte()
def reprouver(cle: str) -> Response:
    ent, reconnue = instance(), _reconnue()
    chez_lui = chez_le_fournisseur(session_courante(), reconnue.id)
    if chez_lui is None or chez_lui.fournisseur != cle:
        raise Introuvable(
            "vous n'êtes pas entré par ce service de connexion.", remede="revenir à la page précédente."
        )
    suite = request.args.get("suite")
    vers = suite_locale(suite) if suite else url_for("entree.preuve_faite", cle=cle)
    return aller_chez(
        ent.entrees.client(cle), ouvrir_demande(ent.coffre, ent.horloge, cle, vers, preuve=str(reconnue.id))
    )


def juger_la_preuve(demande: Demande, evenement: EvenementAuthentification) -> Response:
    """Compare ce que le fournisseur vient d'affirmer à la session qu'il fallait prouver.

    La réponse d'un fournisseur SAML arrive sans le témoin de session : c'est l'adresse suivante qui l'élève.

    :param demande: demande, qui dit quelle session.
    :param evenement: ce que le fournisseur affirme, preuve faite.
    :raises EntreeRefusee: ce n'est pas la même personne, ou elle ne vient pas de se prouver.
    """
    with instance().base.unite(PORTAGE) as session:
        voulue = chez_le_fournisseur(session, UUID(demande.preuve))
    if voulue is None or (voulue.emetteur, voulue.sujet) != (evenement.emetteur, evenement.sujet):
        raise EntreeRefusee(
            "autre_sujet",
            "vous vous êtes identifié sous un autre compte que celui par lequel vous êtes entré.",
            remede="recommencer avec le bon compte ; votre session, elle, n'a pas changé.",
        )
    if evenement.instant is None or evenement.instant < demande.commencee_le - _ECART:
        raise EntreeRefusee(
            "preuve_ancienne",
            "le service de connexion ne vous a pas redemandé de vous identifier.",
            remede="vous déconnecter, puis entrer de nouveau : vous aurez dix minutes.",
        )
    marque = marquer(_USAGE, demande.preuve)
    return redirect(url_for("entree.prouver", cle=demande.cle, marque=marque, suite=demande.suite))


@entree.get("/<cle>/prouver")
@connecte()
def prouver(cle: str) -> Response:
    ent, courante, reconnue = instance(), requete(), _reconnue()
    relue = relire(_USAGE, request.args.get("marque", ""), _DUREE)
    moyen = ent.entrees.client(cle).fournisseur.protocole
    neuf = (
        epreuve.reprouver(courante.base, ent.horloge, reconnue, courante.jeton, reconnue.compte_id, moyen)
        if relue is not None and relue[0] == str(reconnue.id)
        else None
    )
    if neuf is None:
        raise Introuvable("cette preuve ne vaut plus.", remede="revenir à l'acte, et se prouver de nouveau.")
    adopter(ent, courante, neuf)
    return redirect(suite_locale(request.args.get("suite")))


@entree.get("/<cle>/preuve/faite")
@connecte()
def preuve_faite(cle: str) -> str:
    return render_template("federation/preuve_faite.html", nom=instance().entrees.client(cle).fournisseur.nom)


def _reconnue() -> SessionReconnue:
    reconnue = requete().reconnue
    if reconnue is None:
        raise Unauthorized
    return reconnue
