"""Sortir aussi de chez le fournisseur : proposé après la sortie de l'ENT, jamais attendu."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.liens import SessionChezLui
from ent_core.web.federation.marques import marquer, relire
from ent_core.web.federation.plans import adresse_de_retour, adresse_publique, entree, poser_temoin_court
from ent_core.web.instance import instance
from ent_core.web.routes import public

__all__ = ["retenir"]

_TEMOIN, _USAGE = "ent_sortie", "sortie_chez_lui"
_DUREE = timedelta(minutes=10)
_TAILLE = 3400


def retenir(reponse: Response, chez_lui: SessionChezLui | None) -> Response:
    """Garde, dix minutes et dans ce seul navigateur, de quoi se déconnecter chez le fournisseur.

    Scellé : l'ENT signera ce que ce témoin nomme, et ne doit faire sortir personne d'autre.

    :param reponse: réponse de la déconnexion.
    :param chez_lui: ce que la session en savait ; rien pour une session locale.
    """
    if chez_lui is None:
        return reponse
    preuve = chez_lui.preuve if len(chez_lui.preuve) <= _TAILLE else ""
    # Une marque ne porte pas de point ; un jeton en a, et n'a pas de tilde.
    marque = marquer(_USAGE, f"{chez_lui.fournisseur}:{preuve}".replace(".", "~"))
    return poser_temoin_court(reponse, _TEMOIN, marque, int(_DUREE.total_seconds()), "/")


@entree.app_context_processor
def fournisseur_quitte() -> dict[str, object]:
    """Nom et adresse du fournisseur où la personne est peut-être encore connectée."""
    if _TEMOIN not in request.cookies:
        return {"reste_chez": None}
    cle, preuve = _retenu()
    chez = [
        c for c in instance().entrees.tous
        if c.cle == cle and c.fournisseur.deconnexion and c.propose_la_sortie(preuve)
    ]  # fmt: skip
    if not chez:
        return {"reste_chez": None}
    return {"reste_chez": (chez[0].fournisseur.nom, url_for("entree.sortir", cle=cle))}


@entree.get("/<cle>/sortir")
@public("sortir aussi de chez le fournisseur, une fois sorti de l'ENT")
def sortir(cle: str) -> Response:
    suite = adresse_publique(url_for("ent.connexion"))
    quitte, preuve = _retenu()
    adresse = ""
    if quitte == cle:
        try:
            adresse = instance().entrees.client(cle).sortie(preuve, suite, adresse_de_retour(cle))
        except (EntreeRefusee, PartenaireInjoignable):
            adresse = ""  # un fournisseur en panne n'empêche personne de partir
    return poser_temoin_court(redirect(adresse or url_for("ent.connexion")), _TEMOIN, "", 0, "/")


def _retenu() -> tuple[str, str]:
    relue = relire(_USAGE, request.cookies.get(_TEMOIN, ""), _DUREE)
    cle, _, preuve = relue[0].replace("~", ".").partition(":") if relue else ("", "", "")
    return cle, preuve
