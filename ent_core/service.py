"""Le point d'entrée des serveurs WSGI : une application par processus, configurée par l'environnement."""

from __future__ import annotations

import gc
import sys

from flask import Flask

from ent_core.application import create_app, prevenir_les_briques
from ent_core.donnees.connexion import adresses
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle import journal
from ent_core.socle.configuration import charger
from ent_core.socle.erreurs import ErreurEnt

__all__ = ["application"]


def application() -> Flask:
    """Assemble l'application de ce processus.

    :raises ConfigurationInvalide: configuration fautive.
    :raises SystemExit: une vérification a échoué ; ce qui ne va pas est écrit, sans trace.
    """
    configuration = charger()
    journal.configurer(configuration.journaux.format, configuration.journaux.niveau)
    with adresses(configuration) as trouvees:
        base = BaseDeDonnees(trouvees.application, connexions=configuration.serveur.connexions)
    try:
        assemblee = create_app(configuration, base)
        prevenir_les_briques(assemblee)
    except ErreurEnt as refus:
        sys.stderr.write(f"Erreur {refus}\n")
        sys.exit(refus.code_de_sortie)
    # Ce qui est né au démarrage vit autant que le processus : le ramasse-miettes n'a pas à y repasser.
    gc.collect()
    gc.freeze()
    return assemblee
