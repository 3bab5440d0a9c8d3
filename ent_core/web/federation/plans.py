"""Les deux familles d'adresses de l'entrée fédérée : celles d'un navigateur, celles d'un serveur."""

from __future__ import annotations

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.demandes import DUREE
from ent_core.web.instance import instance

__all__ = ["EN_ATTENTE", "adresse_de_retour", "adresse_publique", "entree", "garder", "oublier",
           "poser_temoin_court", "rappels"]  # fmt: skip

EN_ATTENTE = "ent_relier"
"""Témoin de l'entrée en attente d'un pas de plus."""

entree = Blueprint("entree", __name__, url_prefix="/entree")
"""Pages que suit le navigateur d'une personne."""

rappels = Blueprint("annonces_de_sortie", __name__, url_prefix="/entree")
"""Adresses qu'un fournisseur appelle lui-même : sa signature y tient lieu de jeton de formulaire."""


def adresse_publique(chemin: str) -> str:
    """Adresse complète d'une page, telle qu'un fournisseur l'a enregistrée.

    :param chemin: chemin de la page, tel que le donne ``url_for``.
    """
    racine = instance().configuration.courriel.adresse_ent or request.host_url
    return f"{racine.rstrip('/')}{chemin}"


def adresse_de_retour(cle: str) -> str:
    """Adresse de retour d'un fournisseur : la sienne, jamais partagée avec un autre.

    :param cle: fournisseur.
    """
    return adresse_publique(url_for("entree.revenir", cle=cle))


def garder(reponse: Response, nom: str, valeur: str, *, croise: bool = False) -> Response:
    """Pose un témoin pour le temps d'une demande.

    :param croise: voir ``poser_temoin_court``.
    """
    return poser_temoin_court(reponse, nom, valeur, int(DUREE.total_seconds()), croise=croise)


def oublier(reponse: Response, nom: str) -> Response:
    """Efface un témoin de l'entrée."""
    return poser_temoin_court(reponse, nom, "", 0)


def poser_temoin_court(
    reponse: Response, nom: str, valeur: str, duree: int, chemin: str = "", *, croise: bool = False
) -> Response:
    """Pose un témoin de l'entrée, ou l'efface.

    :param reponse: réponse qui l'emporte.
    :param duree: secondes ; zéro l'efface.
    :param chemin: par défaut, les seules adresses de l'entrée le reçoivent.
    :param croise: le retour est un formulaire posté depuis un autre site (SAML).
    """
    securise = instance().configuration.serveur.securise
    reponse.set_cookie(
        nom,
        valeur,
        max_age=duree,
        path=chemin or f"{request.script_root}/entree",
        httponly=True,
        secure=securise,
        # Le retour est une navigation venue d'un autre site : le témoin doit suivre.
        samesite="None" if croise and securise else "Lax",
    )
    return reponse
