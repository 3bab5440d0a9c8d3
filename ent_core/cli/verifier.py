"""``ent verifier`` : toutes les anomalies d'un coup, chacune avec son remède."""

from __future__ import annotations

import sys

import click

from ent_core.chargement.absentes import dire_les_absentes
from ent_core.chargement.decouverte import charger
from ent_core.chargement.retrait import retirees
from ent_core.chargement.verification import verifier_declarations
from ent_core.cli.ouverture import lire_configuration
from ent_core.cli.sortie import ecrire_anomalies, option_json
from ent_core.contrat.resultats import Anomalie, Niveau
from ent_core.donnees.connexion import adresses
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import AnomaliesTrouvees
from ent_core.vie_privee.controle_base import controler_base

__all__ = ["verifier"]


@click.command()
@option_json
@click.option("--sans-base", is_flag=True, help="Ne vérifier que le code et la configuration.")
def verifier(en_json: bool, sans_base: bool) -> None:
    """Vérifie configuration, briques, déclarations, base, routes ; une erreur donne le code de sortie 1."""
    configuration = lire_configuration()
    chargement = charger(configuration.briques.chargees)
    anomalies = verifier_declarations(chargement, configuration)
    if not sans_base and not _erreurs(anomalies):
        with adresses(configuration) as trouvees:
            base = BaseDeDonnees(trouvees.application)
            try:
                anomalies += controler_base(base.moteur, chargement.distributions, retirees(base))
                if not _erreurs(anomalies):
                    anomalies += dire_les_absentes(base, chargement)
                    anomalies += _routes(configuration, base)
            finally:
                base.fermer()
    ecrire_anomalies(anomalies, en_json=en_json)
    if _erreurs(anomalies):
        sys.exit(1)


def _routes(configuration: Configuration, base: BaseDeDonnees) -> list[Anomalie]:
    """Assemble l'application : c'est elle qui vérifie ses routes."""
    from ent_core.application import create_app

    try:
        create_app(configuration, base)
    except AnomaliesTrouvees as trouvees:
        return list(trouvees.anomalies)
    return []


def _erreurs(anomalies: list[Anomalie]) -> bool:
    return any(anomalie.niveau is Niveau.ERREUR for anomalie in anomalies)
