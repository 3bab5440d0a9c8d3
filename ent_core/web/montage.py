"""Le montage : gabarits, sécurité, requête, pages du noyau, pages et API des briques."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Blueprint as BlueprintSmorest

from ent_core.web import admin, api, erreurs, observabilite, portail, rendu, requete, securite
from ent_core.web.instance import Instance
from ent_core.web.portail import acces, accueil, composants, compte, informations

__all__ = ["monter"]

_MODULES = (acces, accueil, compte, composants, informations)
"""Modules qui ajoutent leurs routes au portail ; les nommer ici les fait importer."""


def monter(application: Flask, ent: Instance) -> None:
    """Assemble l'application web ; l'ordre compte : la sécurité avant les pages.

    :param application: application Flask.
    :param ent: instance.
    """
    rendu.installer(application, ent.configuration.produit)
    erreurs.installer(application)
    observabilite.installer(application)
    securite.installer(application, securise=ent.configuration.serveur.securise)
    requete.installer(application)
    application.register_blueprint(portail.portail)
    application.register_blueprint(admin.administration)
    ressources = api.creer_api(application)
    for brique in ent.chargement.briques:
        if not hasattr(brique.greffon, "ent_routes"):
            continue
        for pages in brique.greffon.ent_routes():
            if isinstance(pages, BlueprintSmorest):
                api.enregistrer(application, ressources, pages)
            else:
                application.register_blueprint(pages)
