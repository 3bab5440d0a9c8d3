"""``ent configuration`` : vérifier, montrer, donner un modèle."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from ent_core.cli.ouverture import lire_configuration
from ent_core.cli.sortie import ecrire_json, option_json
from ent_core.socle.configuration import Configuration

__all__ = ["configuration"]

_SECRETS = ("cle_secrete", "url", "proprietaire", "mot_de_passe", "secret")


@click.group()
def configuration() -> None:
    """La configuration de l'instance."""


@configuration.command()
@option_json
def verifier(en_json: bool) -> None:
    """Lit le fichier et l'environnement ; nomme toute clé inconnue et la plus proche."""
    lue = lire_configuration()
    if en_json:
        ecrire_json(_sans_secret(msgspec.to_builtins(lue)))
    else:
        click.echo("La configuration est correcte.")


@configuration.command()
def modele() -> None:
    """Écrit un fichier TOML complet, avec les valeurs par défaut, prêt à modifier."""
    click.echo("# Configuration de l'ENT. Toute clé omise garde la valeur écrite ici.")
    _ecrire_section("", msgspec.to_builtins(Configuration()))


def _ecrire_section(nom: str, valeurs: dict[str, Any]) -> None:
    if nom:
        click.echo(f"\n[{nom}]")
    for cle, valeur in valeurs.items():
        if not isinstance(valeur, dict):
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
