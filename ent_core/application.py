"""Le démarrage d'une instance : une suite d'étapes, et l'arrêt à la première qui échoue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from ent_core.chargement.activation import Activation
from ent_core.chargement.archive import archive_de
from ent_core.chargement.coffre import anomalies_du_coffre, chiffreur_de
from ent_core.chargement.decouverte import Chargement, charger
from ent_core.chargement.droits import Guichet
from ent_core.chargement.entrees import fournisseurs_de
from ent_core.chargement.messages import poste_des_messages
from ent_core.chargement.relais import Relais
from ent_core.chargement.retrait import retirees
from ent_core.chargement.verification import exiger_sans_erreur, verifier_declarations
from ent_core.contrat.interface import Contexte
from ent_core.donnees.connexion import cle_secrete
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation.entrees import Entrees
from ent_core.identite.secrets import Coffre
from ent_core.roles.habilitations import Habilitations
from ent_core.socle.calendrier import Horloge, HorlogeSysteme
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.controle_base import controler_base
from ent_core.vie_privee.portillon import Portillon
from ent_core.vie_privee.publication import historique
from ent_core.vie_privee.registre import Registre
from ent_core.web import montage
from ent_core.web.avant_ouverture import verifier_liens
from ent_core.web.controle_voies import verifier_voies
from ent_core.web.instance import EXTENSION, Instance
from ent_core.web.portillon import autour_du_crochet
from ent_core.web.routes import verifier_routes

__all__ = ["create_app", "prevenir_les_briques"]


def create_app(
    configuration: Configuration,
    base: BaseDeDonnees,
    *,
    horloge: Horloge | None = None,
    briques: Mapping[str, Any] | None = None,
) -> Flask:
    """Assemble et vérifie une instance ; rien n'est servi tant qu'une anomalie demeure.

    :param configuration: configuration vérifiée.
    :param base: base de l'application, déjà migrée.
    :param horloge: horloge ; par défaut celle du système.
    :param briques: briques données directement, par identifiant (essais).
    :raises AnomaliesTrouvees: toutes les anomalies, chacune avec son remède.
    """
    chargement = charger(configuration.briques.chargees, briques)
    exiger_sans_erreur(verifier_declarations(chargement, configuration))
    exiger_sans_erreur(controler_base(base.moteur, chargement.distributions, retirees(base)))
    horloge = horloge or HorlogeSysteme()
    guichet, chiffreur = Guichet(configuration, chargement, horloge), chiffreur_de(configuration)
    exiger_sans_erreur(guichet.anomalies(base))
    exiger_sans_erreur(anomalies_du_coffre(base, chiffreur.coffre, guichet.registre))
    base.chiffreur = chiffreur
    base.archive = archive_de(configuration, base.url)
    base.poste = poste_des_messages(chargement, configuration, horloge)
    base.facteurs_des_le = configuration.second_facteur.personnels_des_le

    ent = _assembler(configuration, base, horloge, chargement)
    application = Flask("ent_core.web", static_url_path="/statique")
    application.config["SECRET_KEY"] = cle_secrete(configuration)
    if configuration.serveur.mandataires:
        mandataires = configuration.serveur.mandataires
        application.wsgi_app = ProxyFix(  # type: ignore[method-assign] # forme conseillée par Flask
            application.wsgi_app, x_for=mandataires, x_proto=mandataires, x_host=mandataires
        )
    application.extensions[EXTENSION] = ent
    refusees = montage.monter(application, ent)
    exiger_sans_erreur(
        [
            *refusees,
            *verifier_routes(application, dict(ent.permissions)),
            *verifier_voies(application, ent.registre.traitements),
            *verifier_liens(application, chargement),
        ]
    )
    return application


def prevenir_les_briques(application: Flask) -> None:
    """Dit aux briques, avant de servir, ce que le fichier de configuration ou le calendrier a changé.

    Les déclarations qui ont changé entrent d'abord dans l'histoire du registre.
    Une brique qui échoue n'empêche pas de servir : son appel est défait, dit dans les journaux, et refait
    chaque heure par l'ouvrier, où l'échec se voit.

    :param application: application assemblée, base migrée.
    """
    ent: Instance = application.extensions[EXTENSION]
    with ent.base.academie("démarrage : prévenir les briques") as session:
        historique.relever(session, ent.horloge, ent.registre)
        ent.activation.reconcilier(session, ent.horloge)


def _assembler(
    configuration: Configuration, base: BaseDeDonnees, horloge: Horloge, chargement: Chargement
) -> Instance:
    relais = Relais(chargement, autour_du_crochet)
    registre = Registre.reunir(brique.declaration() for brique in chargement.briques)
    base.portillon = Portillon(registre)

    def interdire(contexte: Contexte, permission: str, objet: Any) -> str | None:
        """Un seul refus suffit ; une brique qui échoue à répondre refuse."""
        for _, motif, erreur in relais.demander(
            "ent_interdire", contexte.briques, contexte=contexte, permission=permission, objet=objet
        ):
            if erreur is not None or motif:
                return motif or "une vérification n'a pas pu se faire."
        return None

    return Instance(
        configuration=configuration,
        horloge=horloge,
        base=base,
        chargement=chargement,
        relais=relais,
        activation=Activation(chargement, relais, configuration.bascules),
        habilitations=Habilitations(
            {p.cle: p for brique in chargement.briques for p in brique.permissions}, interdire
        ),
        registre=registre,
        # Un processus par cœur calcule une empreinte à la fois ; un fil reste toujours aux autres pages.
        coffre=Coffre(cle_secrete(configuration), simultanes=1, admis=max(1, configuration.serveur.fils - 1)),
        entrees=Entrees(fournisseurs_de(chargement, configuration), horloge),
    )
