"""``ent registre minimisation`` : les données déclarées que personne ne lit depuis un an."""

from __future__ import annotations

import dataclasses

import click

from ent_core.cli.ouverture import ouvrir
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.vie_privee.minimisation.rapport import etablir
from ent_core.vie_privee.registre import Registre

__all__ = ["minimisation"]


@click.command("minimisation")
@option_json
def minimisation(en_json: bool) -> None:
    """Dit quelles données personne n'a lues depuis un an : à ne plus recueillir, ou à justifier."""
    with ouvrir() as ouverture, ouverture.base.academie("commande : minimisation") as session:
        registre = Registre.reunir(brique.declaration() for brique in ouverture.chargement.briques)
        rapport = etablir(session, registre, ouverture.horloge.aujourd_hui())
    if en_json:
        ecrire_json(dataclasses.asdict(rapport))
        return
    ecrire_tableau(
        "Données que personne ne lit", ("traitement", "table", "colonne", "dernière lecture"),
        [(c.traitement, c.table, c.colonne, str(c.lue_le or "jamais")) for c in rapport.oubliees],
        en_json=False, vide="Aucune, d'après l'observation.",
    )  # fmt: skip
    click.echo(
        f"{rapport.observees} donnée(s) observée(s) depuis le {rapport.depuis or 'passage de la nuit'} ;"
        f" {rapport.trop_tot} pas encore lue(s), depuis moins d'un an."
    )
