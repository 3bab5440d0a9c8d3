"""Le point d'entrée des serveurs WSGI : une application par processus, configurée par l'environnement."""

from __future__ import annotations

from flask import Flask

from ent_core.application import create_app
from ent_core.donnees.connexion import adresses
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle import journal
from ent_core.socle.configuration import charger

__all__ = ["application"]


def application() -> Flask:
    """Assemble l'application de ce processus.

    :raises ConfigurationInvalide: configuration fautive.
    :raises AnomaliesTrouvees: une vérification a échoué.
    """
    configuration = charger()
    journal.configurer(configuration.journaux.format, configuration.journaux.niveau)
    with adresses(configuration) as trouvees:
        base = BaseDeDonnees(trouvees.application, connexions=configuration.base.connexions)
    return create_app(configuration, base)
