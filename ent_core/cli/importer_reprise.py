"""Revenir sur un import : annuler une liste, rendre ses liens à un projet renommé."""

from __future__ import annotations

from uuid import UUID

import click

from ent_core.cli.ouverture import ouvrir
from ent_core.cli.sortie import confirmer, dire, ecrire_json, ecrire_tableau, option_json
from ent_core.identite.aaf.projets import renommer_projet
from ent_core.identite.tableur.annulation import Annulation, annuler_liste

__all__ = ["annuler", "renommer"]


@click.command("annuler")
@click.argument("lot", type=click.UUID)
@click.option("--simulation", is_flag=True, help="Dire ce qui serait défait, sans rien défaire.")
@click.option("--oui", is_flag=True, help="Ne pas demander de confirmation.")
@option_json
def annuler(lot: UUID, simulation: bool, oui: bool, en_json: bool) -> None:
    """Annule une liste importée depuis moins de trente jours : tout, ou rien.

    Ce que la liste a créé est ôté, ce qu'elle a changé ou fermé est remis. Si quelque chose en dépend depuis,
    rien n'est fait, et la commande dit quoi. Code de sortie 5 : une personne doit confirmer.
    """
    with ouvrir() as ouverture:
        prevue = annuler_liste(ouverture.base, lot, horloge=ouverture.horloge, simulation=True)
        if not en_json:
            _montrer(prevue)
        if not simulation:
            if not prevue.blocages and not oui:
                confirmer(": relancer avec --oui.", "Annuler cet import ?")
            # Bloquée, elle est refusée ici, avec ce qui la retient.
            prevue = annuler_liste(ouverture.base, lot, horloge=ouverture.horloge)
    if en_json:
        ecrire_json(_en_dict(prevue))
    elif not simulation:
        click.echo(f"L'import {lot} est annulé.")


@click.command("renommer-projet")
@click.argument("ancien")
@click.argument("nouveau")
@option_json
def renommer(ancien: str, nouveau: str, en_json: bool) -> None:
    """Donne au projet NOUVEAU de l'annuaire tout ce que le projet ANCIEN a ouvert.

    ANCIEN et NOUVEAU sont des sources, telles que « ent importer lots » les écrit : AAF:099/ENT2D-COLLEGES.
    """
    with ouvrir() as ouverture:
        nombre = renommer_projet(ouverture.base, ancien, nouveau, horloge=ouverture.horloge)
    dire(
        f"{nombre} établissement(s) passent de « {ancien} » à « {nouveau} ».",
        en_json, ancien=ancien, nouveau=nouveau, etablissements=nombre,
    )  # fmt: skip


def _montrer(annulation: Annulation) -> None:
    ecrire_tableau(
        f"Établissement {annulation.uai} : ce qui serait défait",
        ("objet", "créés, à ôter", "corrigés ou fermés, à remettre"),
        [(e.objet, e.retraits or "", e.modifications + e.ajouts or "") for e in annulation.ecarts],
        en_json=False,
        vide="Rien.",
    )
    if annulation.comptes:
        click.echo(f"! {annulation.comptes} compte(s) jamais activé(s) seraient supprimés.")
    for blocage in annulation.blocages:
        cites = f" (personnes {', '.join(map(str, blocage.personnes))}…)" if blocage.personnes else ""
        click.echo(f"✗ {blocage}{cites}.")


def _en_dict(annulation: Annulation) -> dict[str, object]:
    return {
        "lot": annulation.lot,
        "etablissement": annulation.uai,
        "simulation": annulation.simulation,
        "comptes_supprimes": annulation.comptes,
        "ecarts": [
            {"objet": e.objet, "otes": e.retraits, "remis": e.modifications + e.ajouts}
            for e in annulation.ecarts
        ],
        "blocages": [
            {"objet": b.objet, "motif": b.motif, "nombre": b.nombre, "personnes": list(b.personnes)}
            for b in annulation.blocages
        ],
    }
