"""``ent configuration`` : vérifier, montrer, donner un modèle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import lire_configuration
from ent_core.cli.sortie import ecrire_json, option_json
from ent_core.donnees.connexion import adresse_donnee
from ent_core.socle.configuration import Configuration, fichier_lu

__all__ = ["configuration"]

_SECRETS = ("cle_secrete", "url", "proprietaire", "mot_de_passe", "secret")


@click.group(cls=Groupe)
def configuration() -> None:
    """La configuration de l'instance."""


@configuration.command()
@click.argument("fichier", required=False, type=click.Path(path_type=Path, dir_okay=False))
@option_json
def verifier(fichier: Path | None, en_json: bool) -> None:
    """Lit FICHIER et l'environnement ; nomme une clé inconnue et la plus proche.

    Sans FICHIER, celui que lirait l'ENT : --configuration, ENT_CONFIGURATION, sinon ent.toml.
    """
    lue = lire_configuration(fichier)
    for adresse, variable in (
        (lue.base.url, "ENT_BASE"),
        (lue.base.proprietaire, "ENT_BASE_PROPRIETAIRE"),
        (lue.archive.url, "ENT_ARCHIVE"),
    ):
        if adresse:
            adresse_donnee(adresse, variable)
    if en_json:
        ecrire_json(_sans_secret(msgspec.to_builtins(lue)))
        return
    lu = fichier_lu(fichier or click.get_current_context().find_root().obj)
    click.echo(f"La configuration est correcte : {lu or 'aucun fichier, l’environnement seul'}.")
    click.echo("« ent verifier » regarde aussi les briques, leurs réglages et la base.")


@configuration.command()
def modele() -> None:
    """Écrit un fichier TOML complet, avec les valeurs par défaut, prêt à modifier."""
    click.echo("# Configuration de l'ENT. Toute clé omise garde la valeur écrite ici.")
    _ecrire_section("", msgspec.to_builtins(Configuration()))


def _ecrire_section(nom: str, valeurs: dict[str, Any]) -> None:
    if nom:
        click.echo(f"\n[{nom}]")
    for cle, valeur in valeurs.items():
        if valeur is None:
            click.echo(f"# {cle} : à donner au besoin, voir docs/reference/configuration.md")
        elif not isinstance(valeur, dict):
            click.echo(f"{cle} = {_toml(valeur)}")
    for cle, valeur in valeurs.items():
        if isinstance(valeur, dict) and valeur:
            _ecrire_section(f"{nom}.{cle}" if nom else cle, valeur)


def _toml(valeur: Any) -> str:
    if isinstance(valeur, bool):
        return str(valeur).lower()
    if isinstance(valeur, str):
        return '"' + valeur.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(list(valeur)) if isinstance(valeur, list | tuple) else str(valeur)


def _sans_secret(valeurs: Any) -> Any:
    if isinstance(valeurs, dict):
        return {
            cle: "•••" if cle in _SECRETS and valeur else _sans_secret(valeur)
            for cle, valeur in valeurs.items()
        }
    return valeurs
