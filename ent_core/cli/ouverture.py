"""Ouvrir une instance depuis une commande : configuration, base, briques chargées."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import click

from ent_core.chargement.activation import Activation
from ent_core.chargement.archive import archive_de
from ent_core.chargement.coffre import chiffreur_de
from ent_core.chargement.decouverte import Chargement, charger
from ent_core.chargement.relais import Relais
from ent_core.chargement.verification import exiger_sans_erreur, verifier_declarations
from ent_core.donnees.connexion import Adresses, adresses
from ent_core.donnees.session import BaseDeDonnees
from ent_core.socle import configuration as reglages
from ent_core.socle import journal
from ent_core.socle.calendrier import Horloge, HorlogeSysteme
from ent_core.socle.configuration import Configuration

__all__ = ["Ouverture", "lire_configuration", "ouvrir", "uai_saisi"]


def uai_saisi(_contexte: click.Context, _option: click.Parameter, valeur: str | None) -> str | None:
    """Rappel d'une option : un UAI se tape aussi en minuscules.

    :param valeur: ce qui est tapé.
    """
    return valeur.upper() if valeur else None


@dataclass(frozen=True, slots=True)
class Ouverture:
    """Ce dont une commande a besoin."""

    configuration: Configuration
    adresses: Adresses
    base: BaseDeDonnees
    chargement: Chargement
    horloge: Horloge

    @property
    def relais(self) -> Relais:
        """Pour prévenir les briques."""
        return Relais(self.chargement)

    @property
    def activation(self) -> Activation:
        """Décisions d'ouverture des briques."""
        return Activation(self.chargement, self.relais, self.configuration.bascules)


def lire_configuration() -> Configuration:
    """Configuration désignée par la ligne de commande ; branche aussi les journaux."""
    configuration = reglages.charger(click.get_current_context().find_root().obj)
    journal.configurer("texte", configuration.journaux.niveau if configuration.demo else "WARNING")
    return configuration


@contextmanager
def ouvrir(configuration: Configuration | None = None) -> Iterator[Ouverture]:
    """Ouvre la base et charge les briques ; tout est refermé à la sortie.

    :param configuration: par défaut, celle de la ligne de commande.
    :raises AnomaliesTrouvees: une déclaration est fautive.
    """
    voulue = configuration or lire_configuration()
    chargement = charger(voulue.briques.chargees)
    exiger_sans_erreur(verifier_declarations(chargement, voulue))
    with adresses(voulue) as trouvees:
        base = BaseDeDonnees(trouvees.application, connexions=voulue.base.connexions)
        base.chiffreur = chiffreur_de(voulue)
        base.archive = archive_de(voulue, base.url)
        try:
            yield Ouverture(voulue, trouvees, base, chargement, HorlogeSysteme())
        finally:
            base.fermer()
