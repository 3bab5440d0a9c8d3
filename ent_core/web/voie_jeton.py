"""Le jeton d'un service relié : il lit l'API au nom de la personne, dans ce qu'elle lui a accordé.

Une route s'ouvre si elle dit ce qu'elle lit, et si le jeton couvre tout ce qu'elle dit ; les droits de la
personne s'y ajoutent, tels qu'ils sont maintenant. Un jeton lit, il n'écrit jamais, et n'ouvre aucune page.
Une route publique n'en demande pas : celles du fournisseur d'identité lisent le leur elles-mêmes.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Flask, Response, request
from sqlalchemy.orm import Session

from ent_core.chargement.services import services_declares
from ent_core.contrat.services import OptionsOidc
from ent_core.donnees.session import noter_portage
from ent_core.federation.fournisseur_oidc import jetons
from ent_core.federation.fournisseur_oidc.jetons import AccesDelegue
from ent_core.federation.fournisseur_oidc.usages import premiere_du_jour
from ent_core.federation.services import connus, empeche, fermes_ici
from ent_core.identite import cadence
from ent_core.identite.journal import consigner
from ent_core.identite.titres import Titre, titre_en_vigueur
from ent_core.socle.erreurs import ErreurEnt
from ent_core.web.erreurs import est_api, montrer
from ent_core.web.instance import Instance
from ent_core.web.routes import Exigence
from ent_core.web.voies import LECTURES, VoieDeRequete, voie_de

__all__ = ["LECTURES_PAR_MINUTE", "JetonRefuse", "PorteeInsuffisante", "installer", "reconnaitre"]

LECTURES_PAR_MINUTE = 600
"""Lectures d'un service au nom d'une personne : dix par seconde, ce qu'aucune page n'a à demander."""

_SCHEMA = len("Bearer")


class JetonRefuse(ErreurEnt):
    """Le jeton est inconnu, expiré ou retiré, ou la personne ne peut plus rien ouvrir : même réponse."""

    code = "ENT-JETON"
    statut_http = 401


class PorteeInsuffisante(ErreurEnt):
    """Le jeton est bon, mais ne couvre pas ce qui est demandé.

    :param portees: traitements à demander ; vide, aucun jeton n'ouvre cette route.
    """

    code = "ENT-PORTEE"
    statut_http = 403

    def __init__(self, message: str, *, remede: str, portees: frozenset[str] = frozenset()) -> None:
        super().__init__(message, remede=remede)
        self.portees = portees


def reconnaitre(ent: Instance, session: Session, exigence: Exigence) -> Titre | None:
    """La personne au nom de qui le service lit ; ``None`` pour une route publique.

    :param ent: instance.
    :param session: session de la requête, encore neuve.
    :param exigence: ce que la route demande.
    :raises JetonRefuse: jeton qui ne vaut rien, ou adresse qui n'est pas de l'API.
    :raises PorteeInsuffisante: écriture, route fermée aux jetons, ou traitement que le jeton ne couvre pas.
    :raises TropDeDemandes: le service a déjà trop lu dans la minute, au nom de cette personne.
    """
    if exigence.motif:
        return None
    acces = _acces(ent, request.headers["Authorization"][_SCHEMA:].strip()) if est_api() else None
    titre = (
        titre_en_vigueur(session, ent.horloge, acces.compte_id, acces.uai, acces.profil) if acces else None
    )
    if acces is None or titre is None:
        raise JetonRefuse(
            "ce jeton n'ouvre rien ici : il est faux, expiré ou retiré.",
            remede="en demander un autre ; un jeton n'ouvre que l'API, aucune page.",
        )
    if not exigence.traitements or request.method not in LECTURES:
        raise PorteeInsuffisante(
            "cette ressource ne s'ouvre à aucun service relié.",
            remede="ne lire que les ressources dont la description de l'API donne les portées.",
        )
    if manque := exigence.traitements - acces.portees:
        raise PorteeInsuffisante(
            f"ce jeton ne couvre pas {', '.join(sorted(manque))}.",
            remede="demander ces portées à la personne, si le service les a déclarées.",
            portees=exigence.traitements,
        )
    noter_portage(session, traitements=exigence.traitements)
    return titre


def _acces(ent: Instance, jeton: str) -> AccesDelegue | None:
    """Ce que vaut un jeton, si son service est toujours ouvert à ce titre, dans ce qu'il déclare aujourd'hui.

    Il se lit avant que l'établissement soit connu, hors de la transaction de la requête.
    """
    with ent.base.academie("jeton d'un service relié") as session:
        premiere = premiere_du_jour(session, ent.horloge, jeton)
        acces = jetons.acces(session, ent.horloge, jeton)
        if acces is None:
            return None
        cible = ent.coffre.sceller("cadence.jeton", acces.service, str(acces.compte_id))
        cadence.mesurer(session, ent.horloge, cible, LECTURES_PAR_MINUTE)
        tous = connus(session, services_declares(ent.chargement, ent.configuration))
        connu = next((c for c in tous if c.service.cle == acces.service), None)
        if connu is None or not isinstance(connu.service.options, OptionsOidc):
            return None
        jour, fermes = ent.horloge.aujourd_hui(), fermes_ici(session, acces.uai)
        briques = ent.activation.etat(session, acces.uai, jour).actives if connu.brique else frozenset()
        if empeche(connu, acces.uai, acces.profil, jour, fermes, briques):
            return None
        if premiere:
            consigner(
                session, ent.horloge, "service.lecture", uai=acces.uai, acteur=acces.personne_id,
                objet=acces.service,
            )  # fmt: skip
    return replace(acces, portees=acces.portees & set(connu.service.options.portees))


def installer(application: Flask) -> None:
    """Branche les refus, et celui des écritures avant que le jeton de formulaire soit demandé.

    :param application: application Flask ; à installer avant ``securite``.
    """
    application.register_error_handler(JetonRefuse, _refuser)
    application.register_error_handler(PorteeInsuffisante, _refuser)

    @application.before_request
    def refuser_d_ecrire() -> None:
        ecrit = est_api() and request.method not in (*LECTURES, "OPTIONS")
        if ecrit and voie_de(Exigence()) is VoieDeRequete.JETON:
            raise PorteeInsuffisante("un jeton lit, il n'écrit pas.", remede="agir dans l'ENT, sous son nom.")


def _refuser(erreur: JetonRefuse | PorteeInsuffisante) -> Response:
    reponse = montrer(erreur)
    motif = "invalid_token"
    if isinstance(erreur, PorteeInsuffisante):
        motif = "insufficient_scope"
        if erreur.portees:
            motif = f'{motif}", scope="{" ".join(sorted(erreur.portees))}'
    reponse.headers["WWW-Authenticate"] = f'Bearer error="{motif}"'
    return reponse
