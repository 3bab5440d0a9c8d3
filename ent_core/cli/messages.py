"""``ent messages`` : où en sont les envois, refaire ceux qui ont échoué."""

from __future__ import annotations

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir, uai_saisi
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json

__all__ = ["messages"]


@click.group(cls=Groupe)
def messages() -> None:
    """Les messages qui préviennent d'une information, sans jamais dire laquelle."""


@messages.command()
@click.option("--etablissement", "uai", callback=uai_saisi, help="Code UAI ; par défaut, tous.")
@option_json
def etat(uai: str | None, en_json: bool) -> None:
    """Montre les messages de chaque établissement, par état."""
    from ent_core.messages.suivi import comptes

    with ouvrir() as ouverture, ouverture.base.academie("messages : état des envois") as session:
        lus = comptes(session, uai)
    ecrire_tableau(
        "Messages",
        ("etablissement", "en_attente", "retenus", "partis", "annules", "echecs"),
        [(c.uai, c.attente, c.retenus, c.partis, c.annules, c.echecs) for c in lus],
        en_json=en_json,
        vide="Aucun message.",
    )


@messages.command()
@click.option(
    "--etablissement", "uai", required=True, callback=uai_saisi, help="Code UAI de l'établissement."
)
@option_json
def relancer(uai: str, en_json: bool) -> None:
    """Remet à l'envoi les messages en échec d'un établissement ; l'ouvrier les prendra."""
    from ent_core.messages import suivi
    from ent_core.messages.poste import poste_de

    with ouvrir() as ouverture, ouverture.base.ecole(uai, "messages : relancer") as session:
        nombre = suivi.relancer(session, poste_de(session), uai, None, None)
    if en_json:
        ecrire_json({"relances": nombre})
        return
    click.echo(f"{nombre} message(s) remis à l'envoi.")
