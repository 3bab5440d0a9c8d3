"""Une instance de l'ENT : tout ce que le démarrage a assemblé, sans état global."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app

from ent_core.chargement.activation import Activation
from ent_core.chargement.decouverte import Chargement
from ent_core.chargement.relais import Relais
from ent_core.contrat.interface import Permission
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation.entrees import Entrees
from ent_core.identite.secrets import Coffre
from ent_core.roles.habilitations import Habilitations
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Configuration
from ent_core.vie_privee.registre import Registre

__all__ = ["EXTENSION", "Instance", "instance"]

EXTENSION = "ent"


@dataclass(frozen=True, slots=True)
class Instance:
    """Les services d'une application ; deux applications d'un même processus ont chacune les leurs."""

    configuration: Configuration
    horloge: Horloge
    base: BaseDeDonnees
    chargement: Chargement
    relais: Relais
    activation: Activation
    habilitations: Habilitations
    registre: Registre
    coffre: Coffre
    entrees: Entrees

    @property
    def permissions(self) -> Mapping[str, Permission]:
        """Table figée des permissions."""
        return self.habilitations.permissions


def instance() -> Instance:
    """L'instance de l'application en cours."""
    trouvee: Instance = current_app.extensions[EXTENSION]
    return trouvee
