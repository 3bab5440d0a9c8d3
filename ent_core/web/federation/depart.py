"""Sortir aussi de chez le fournisseur : proposé après la sortie de l'ENT, jamais attendu."""

from __future__ import annotations

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.liens import SessionChezLui
from ent_core.web.federation.plans import adresse_publique, entree, poser_temoin_court
from ent_core.web.instance import instance
from ent_core.web.routes import public

__all__ = ["retenir"]

_TEMOIN = "ent_sortie"
_DUREE = 600
_TAILLE = 3500


def retenir(reponse: Response, chez_lui: SessionChezLui | None) -> Response:
    """Garde, dix minutes et dans ce seul navigateur, de quoi se déconnecter chez le fournisseur.

    :param reponse: réponse de la déconnexion.
    :param chez_lui: ce que la session en savait ; rien pour une session locale.
    """
    if chez_lui is None:
        return reponse
    preuve = chez_lui.preuve if len(chez_lui.preuve) <= _TAILLE else ""
    return poser_temoin_court(reponse, _TEMOIN, f"{chez_lui.fournisseur}:{preuve}", _DUREE, "/")


@entree.app_context_processor
def fournisseur_quitte() -> dict[str, object]:
    """Nom et adresse du fournisseur où la personne est peut-être encore connectée."""
    cle = request.cookies.get(_TEMOIN, "").partition(":")[0]
    chez = [c for c in instance().entrees.tous if c.cle == cle and c.fournisseur.deconnexion] if cle else []
    if not chez:
        return {"reste_chez": None}
    return {"reste_chez": (chez[0].fournisseur.nom, url_for("entree.sortir", cle=cle))}


@entree.get("/<cle>/sortir")
@public("sortir aussi de chez le fournisseur, une fois sorti de l'ENT")
def sortir(cle: str) -> Response:
    retour = adresse_publique(url_for("ent.connexion"))
    quitte, _, preuve = request.cookies.get(_TEMOIN, "").partition(":")
    adresse = ""
    if quitte == cle:
        try:
            adresse = instance().entrees.client(cle).sortie(preuve, retour)
        except (EntreeRefusee, PartenaireInjoignable):
            adresse = ""  # un fournisseur en panne n'empêche personne de partir
    return poser_temoin_court(redirect(adresse or url_for("ent.connexion")), _TEMOIN, "", 0, "/")
