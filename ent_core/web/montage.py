"""Le montage : gabarits, sécurité, requête, pages du noyau, pages et API des briques."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.resultats import Anomalie
from ent_core.web import (
    admin,
    affichage,
    api,
    erreurs,
    observabilite,
    portail,
    rendu,
    requete,
    securite,
    suspension,
    voie_jeton,
)
from ent_core.web.federation import (
    arrivees,
    depart,
    entrees,
    fins_de_session,
    mes_liens,
    mes_services,
    preuves,
    relier,
    saml_fournisseur,
    services_relies,
)
from ent_core.web.federation.cas import cas
from ent_core.web.federation.oidc import oidc
from ent_core.web.federation.oidc_serveur import oidc_serveur
from ent_core.web.federation.plans import entree, rappels
from ent_core.web.instance import Instance
from ent_core.web.messages import boite, envois, messages, papier, reglages
from ent_core.web.portail import (
    acces,
    accueil,
    calendriers,
    codes_eleves,
    codes_enfants,
    composants,
    compte,
    facteurs,
    informations,
    protection,
    secours,
    verification,
)
from ent_core.web.routes import ApiBrique, BlueprintBrique, verifier_appartenance
from ent_core.web.vie_privee import refus as compte_des_refus
from ent_core.web.vie_privee import violations_personnes
from ent_core.web.vie_privee.acceptation import acceptation
from ent_core.web.vie_privee.archives import archives
from ent_core.web.vie_privee.conservation import conservation
from ent_core.web.vie_privee.conservation_avis import avis
from ent_core.web.vie_privee.droits import droits
from ent_core.web.vie_privee.droits_effacement import effacements
from ent_core.web.vie_privee.droits_oppositions import oppositions
from ent_core.web.vie_privee.droits_rectification import corrections
from ent_core.web.vie_privee.journaux import journaux
from ent_core.web.vie_privee.mes_donnees import mes_donnees
from ent_core.web.vie_privee.minimisation import installer as observer
from ent_core.web.vie_privee.minimisation import minimisation
from ent_core.web.vie_privee.registre import registre
from ent_core.web.vie_privee.sous_traitance import sous_traitance
from ent_core.web.vie_privee.statistiques import statistiques
from ent_core.web.vie_privee.violations import violations

__all__ = ["monter"]

_MODULES = (
    acces, accueil, boite, calendriers, codes_eleves, codes_enfants, compte, composants, envois, informations,
    mes_services, papier, protection, reglages, secours, services_relies, violations_personnes,
    facteurs, verification, arrivees, depart, entrees, fins_de_session, mes_liens, preuves, relier,
)  # fmt: skip
"""Modules qui ajoutent leurs routes au portail ou à un blueprint ; les nommer ici les fait importer."""


def monter(application: Flask, ent: Instance) -> list[Anomalie]:
    """Assemble l'application web ; l'ordre compte : la sécurité avant les pages.

    :param application: application Flask.
    :param ent: instance.
    :returns: ce que des briques donnent et qui n'a pas été branché.
    """
    rendu.installer(application, ent.configuration.produit)
    erreurs.installer(application)
    observabilite.installer(application)
    voie_jeton.installer(application)
    securite.installer(application, securise=ent.configuration.serveur.securise)
    compte_des_refus.installer(application)
    observer(application, ent)
    requete.installer(application)
    affichage.installer(application)
    suspension.installer(application)
    application.register_blueprint(portail.portail)
    application.register_blueprint(admin.administration)
    application.register_blueprint(entree)
    securite.sans_formulaire(application, rappels)
    application.register_blueprint(rappels)
    application.register_blueprint(cas)
    application.register_blueprint(oidc)
    securite.sans_formulaire(application, oidc_serveur)
    application.register_blueprint(oidc_serveur)
    application.register_blueprint(saml_fournisseur.saml)
    securite.sans_formulaire(application, saml_fournisseur.postes)
    application.register_blueprint(saml_fournisseur.postes)
    application.register_blueprint(acceptation)
    application.register_blueprint(archives)
    application.register_blueprint(conservation)
    application.register_blueprint(avis)
    application.register_blueprint(droits)
    application.register_blueprint(corrections)
    application.register_blueprint(effacements)
    application.register_blueprint(oppositions)
    application.register_blueprint(mes_donnees)
    application.register_blueprint(messages)
    application.register_blueprint(minimisation)
    application.register_blueprint(registre)
    application.register_blueprint(sous_traitance)
    application.register_blueprint(statistiques)
    application.register_blueprint(violations)
    application.register_blueprint(journaux)
    ressources = api.creer_api(application)
    anomalies: list[Anomalie] = []
    for brique in ent.chargement.briques:
        for pages in _blueprints(brique, anomalies):
            refus = list(verifier_appartenance(application, brique.id, pages))
            if refus:
                anomalies += refus
            elif isinstance(pages, ApiBrique):
                api.enregistrer(application, ressources, pages)
            else:
                application.register_blueprint(pages)
    return anomalies


def _blueprints(brique: BriqueChargee, anomalies: list[Anomalie]) -> Iterator[BlueprintBrique | ApiBrique]:
    lieu = f"brique {brique.id}, crochet ent_routes"
    try:
        donnes = list(brique.greffon.ent_routes()) if hasattr(brique.greffon, "ent_routes") else []
    except Exception as erreur:  # noqa: BLE001 - une déclaration qui échoue arrête le démarrage
        anomalies.append(
            Anomalie(
                "BRIQUE-005",
                lieu,
                f"il échoue ({type(erreur).__name__}: {erreur})",
                "une déclaration est pure et sans effet",
            )
        )
        return
    for pages in donnes:
        if isinstance(pages, BlueprintBrique | ApiBrique):
            yield pages
        else:
            anomalies.append(
                Anomalie(
                    "ROUTE-005",
                    f"{lieu}, {getattr(pages, 'name', type(pages).__name__)}",
                    "ce n'est pas un blueprint de brique : ses pages resteraient ouvertes, brique fermée",
                    "employer BlueprintBrique ou ApiBrique",
                )
            )
