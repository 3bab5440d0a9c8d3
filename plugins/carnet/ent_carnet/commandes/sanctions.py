"""``ent carnet sanctions …`` : ce qui quittera les dossiers, et quand ; aucun nom n'est écrit."""

from __future__ import annotations

from datetime import datetime

import click
from ent_core.brique import OuvrirEcole, ecrire_json, jour_court, option_json

from ent_carnet.commandes.options import etablissement
from ent_carnet.libelles import ETATS, SANCTIONS
from ent_carnet.services import effacements_prevus

__all__ = ["sanctions"]


@click.group()
def sanctions() -> None:
    """Les sanctions : leur effacement."""


@sanctions.command("echeances")
@etablissement
@click.option(
    "--avant",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="AAAA-MM-JJ",
    help="Seulement ce qui s'efface avant ce jour.",
)
@option_json
@click.pass_obj
def _echeances(ouvrir: OuvrirEcole, uai: str, avant: datetime | None, en_json: bool) -> None:
    """Ce qui s'effacera et quand, d'abord le plus proche ; un gel peut le retarder."""
    with ouvrir(uai, "commande : échéances des sanctions") as (session, _):
        prevus = effacements_prevus.lister(session, uai.upper(), avant.date() if avant else None)
    if en_json:
        ecrire_json(
            [
                {
                    "sanction_id": p.id, "annee": p.annee, "etat": p.etat.value,
                    "sanction": p.sanction.value if p.sanction else None,
                    "efface_le": p.efface_le, "a_la_demande": p.a_la_demande,
                }
                for p in prevus
            ]
        )  # fmt: skip
        return
    for p in prevus:
        quand = jour_court(p.efface_le) if p.efface_le else "au terme de la scolarité"
        dit = SANCTIONS[p.sanction] if p.sanction else ETATS[p.etat]
        demande = ", à la demande de la famille" if p.a_la_demande else ""
        click.echo(f"{quand} : {dit} ({p.annee}-{p.annee + 1}), {p.id}{demande}")
    click.echo(f"{len(prevus)} procédures et sanctions au dossier.", err=True)
