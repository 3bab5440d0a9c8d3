"""Ouvrir une instance depuis une commande : configuration, base, briques chargées."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.orm import Session

from ent_core.chargement.activation import Activation
from ent_core.chargement.archive import archive_de
from ent_core.chargement.coffre import chiffreur_de
from ent_core.chargement.decouverte import BriqueChargee, Chargement, charger
from ent_core.chargement.messages import poste_des_messages
from ent_core.chargement.relais import Relais
from ent_core.chargement.verification import exiger_sans_erreur, verifier_declarations
from ent_core.donnees.connexion import Adresses, adresses
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.modeles import Etablissement
from ent_core.socle import configuration as reglages
from ent_core.socle import journal
from ent_core.socle.calendrier import Horloge, HorlogeSysteme
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import Introuvable

__all__ = ["Ouverture", "brique_chargee", "lire_configuration", "ouvrir", "ouvrir_ecole", "uai_saisi"]


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


def brique_chargee(ouverture: Ouverture, nom: str) -> BriqueChargee:
    """Brique chargée, hors noyau.

    :param ouverture: base ouverte, briques chargées.
    :param nom: identifiant.
    :raises Introuvable: elle n'est pas chargée.
    """
    trouvee = ouverture.chargement.brique(nom) if nom != "noyau" else None
    if trouvee is None:
        raise Introuvable(
            f"la brique « {nom} » n'est pas chargée.",
            remede="l'ajouter à [briques] chargees ; « ent brique lister » montre celles qui le sont.",
        )
    return trouvee


def lire_configuration(fichier: Path | None = None) -> Configuration:
    """Configuration désignée par la ligne de commande ; branche aussi les journaux.

    :param fichier: fichier à lire à la place de celui que désigne ``--configuration``.
    """
    configuration = reglages.charger(fichier or click.get_current_context().find_root().obj)
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
        base = BaseDeDonnees(trouvees.application)
        base.chiffreur = chiffreur_de(voulue)
        base.archive = archive_de(voulue, base.url)
        horloge = HorlogeSysteme()
        base.poste = poste_des_messages(chargement, voulue, horloge)
        try:
            yield Ouverture(voulue, trouvees, base, chargement, horloge)
        finally:
            base.fermer()


@contextmanager
def ouvrir_ecole(uai: str, finalite: str) -> Iterator[tuple[Session, Horloge]]:
    """Ouvre un établissement pour la commande d'une brique (``ent_core.brique.OuvrirEcole``).

    :param uai: établissement.
    :param finalite: motif de l'accès.
    :raises Introuvable: établissement inconnu.
    """
    with ouvrir() as ouverture, ouverture.base.ecole(uai.upper(), finalite) as session:
        if session.get(Etablissement, uai.upper()) is None:
            raise Introuvable(
                f"l'établissement {uai} est inconnu.", remede="« ent etablissement lister » les montre tous."
            )
        yield session, ouverture.horloge
