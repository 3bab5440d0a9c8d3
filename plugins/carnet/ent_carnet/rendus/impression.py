"""Rendre un document imprimé, à la page comme à l'API, et noter qu'il est sorti."""

from __future__ import annotations

from ent_core.brique import consigner, contexte_courant, expediteur, horloge_courante, session_courante
from flask import render_template
from werkzeug.wrappers import Response

from ent_carnet.services.editions import Edition, Gabarits

__all__ = ["gabarits_du_pack", "rendre"]


def rendre(edition: Edition) -> Response:
    """Le document à télécharger ; le journal dit qui, quand, combien de feuilles, et aucun nom.

    :param edition: document, qui n'est pas vide.
    """
    genre, _, extension = edition.nom.rpartition(".")
    contexte = contexte_courant()
    consigner(
        session_courante(),
        horloge_courante(),
        "carnet.papier_imprime",
        uai=contexte.uai,
        acteur=contexte.personne_id,
        objet=genre,
        details={"nombre": edition.nombre},
    )
    reponse = Response(
        edition.contenu, mimetype="application/zip" if extension == "zip" else "application/pdf"
    )
    reponse.headers["Content-Disposition"] = f'attachment; filename="{edition.nom}"'
    return reponse


def gabarits_du_pack() -> Gabarits:
    """Comment s'écrivent les pages du pack de panne, qui s'ouvrent serveur éteint."""
    contexte = contexte_courant()
    commun = {"etablissement": expediteur(session_courante(), contexte.uai), "etabli_le": contexte.jour}
    return (
        lambda une: render_template("carnet/papier/panne_division.html", division=une, **commun),
        lambda toutes: render_template("carnet/papier/panne.html", divisions=toutes, **commun),
    )
