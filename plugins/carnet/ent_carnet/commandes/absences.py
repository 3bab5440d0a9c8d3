"""``ent carnet absences …`` : importer un fichier, compter et sceller une période."""

from __future__ import annotations

from pathlib import Path

import click
from ent_core.brique import OuvrirEcole, Role, contexte_de_commande

from ent_carnet.commandes.options import etablissement
from ent_carnet.regles.csv_absences import decoder
from ent_carnet.services import actes_absences, decompte, import_absences

__all__ = ["absences"]


@click.group()
def absences() -> None:
    """Les absences : importer, compter, sceller."""


@absences.command()
@click.argument("fichier", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@etablissement
@click.option("--confirmer", is_flag=True, help="Écrire ; sans cette option, rien ne change.")
@click.pass_obj
def importer(ouvrir: OuvrirEcole, fichier: Path, uai: str, confirmer: bool) -> None:
    """Importe un fichier CSV : classe ; nom ; prenom ; debut ; fin ; motif."""
    texte = decoder(fichier.read_bytes())
    with ouvrir(uai, "commande : importer des absences") as (session, horloge):
        contexte = contexte_de_commande(session, horloge, {Role.CPE})
        if confirmer:
            lot, apercu = actes_absences.importer(session, contexte, horloge, texte)
            click.echo(f"Lot {lot} : {len(apercu.pretes)} absences importées.")
        else:
            apercu = import_absences.apercevoir(session, contexte.uai, contexte.annee, texte, contexte.jour)
            click.echo(f"{len(apercu.pretes)} absences à importer, de {apercu.eleves} élèves.")
    for erreur in apercu.erreurs:
        click.echo(f"  ligne {erreur.rang} : {erreur.message}", err=True)


@absences.command("decompte")
@etablissement
@click.option("--periode", "rang", type=int, required=True, help="Rang du trimestre ou du semestre.")
@click.option("--sceller", is_flag=True, help="Sceller ; sans cette option, seulement compter.")
@click.pass_obj
def compter(ouvrir: OuvrirEcole, uai: str, rang: int, sceller: bool) -> None:
    """Compte les demi-journées d'une période, ou les scelle ; aucun nom n'est écrit."""
    with ouvrir(uai, "commande : décompte des absences") as (session, horloge):
        contexte = contexte_de_commande(session, horloge, {Role.DIRECTION})
        voulue = decompte.periode(session, contexte.uai, contexte.annee, rang)
        if sceller:
            nombre = actes_absences.sceller(session, contexte, horloge, rang)
            click.echo(f"{voulue.libelle} : {nombre} décomptes scellés.")
            return
        comptes = decompte.compter_eleves(
            session, contexte.uai, contexte.annee, voulue.debut, voulue.fin
        ).values()
        total = sum(compte.total for compte in comptes)
        non_reglees = sum(compte.non_reglees for compte in comptes)
        click.echo(
            f"{voulue.libelle} : {len(comptes)} élèves, {total} demi-journées, {non_reglees} non réglées."
        )
