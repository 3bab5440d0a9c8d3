"""``ent gar`` : ouvrir et fermer l'envoi au GAR, exporter, relire une archive.

Codes de sortie : 0 tout est là ; 4 l'archive est prête, et des fiches n'y sont pas ; 5 rien n'est publié, une
personne doit confirmer une baisse ; un autre code : rien n'est publié, et le message dit pourquoi.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, ouvrir
from ent_core.cli.sortie import confirmer, dire, ecrire_json, ecrire_tableau, option_json, progression

__all__ = ["INCOMPLET", "gar"]

INCOMPLET = 4
"""L'archive est prête ; des fiches ou des mentions n'y sont pas."""

_CHEMIN = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group(cls=Groupe)
def gar() -> None:
    """Le GAR : transmettre l'annuaire des établissements qui l'ont ouvert.

    Codes de sortie : 0 tout est là ; 4 l'archive est prête, et des fiches n'y sont pas ; 5 rien n'est publié,
    une personne doit confirmer ; un autre code : rien n'est publié.
    """


@gar.command("exporter")
@click.option(
    "--uai",
    "uais",
    multiple=True,
    metavar="UAI",
    help="Un établissement, pour un essai ; se répète. Une telle archive ne se transmet pas.",
)
@click.option(
    "--dossier",
    type=click.Path(path_type=Path, file_okay=False),
    help="Où écrire l'archive ; par défaut [gar] dossier.",
)
@click.option("--simulation", is_flag=True, help="Tout faire, sans rien publier ni rien retenir.")
@click.option("--accepter-baisse", is_flag=True, help="Confirmer une baisse au-delà du seuil.")
@option_json
def exporter_(
    uais: tuple[str, ...], dossier: Path | None, simulation: bool, accepter_baisse: bool, en_json: bool
) -> None:
    """Exporte, pour le GAR, les établissements qui l'ont ouvert."""
    from ent_core.federation.gar.baisses import BaisseTropForte
    from ent_core.federation.gar.export import DemandeGar, dossier_de

    if uais and dossier is None and not simulation:
        raise click.UsageError(
            "avec --uai, donner --dossier : une archive partielle, transmise, retirerait du GAR tous les"
            " autres établissements."
        )
    with ouvrir() as ouverture:
        demande = DemandeGar(
            dossier or dossier_de(ouverture.configuration),
            tuple(sorted({uai.upper() for uai in uais})),
            simulation=simulation,
            accepter_baisse=accepter_baisse,
        )
        try:
            rapport = _exporter(ouverture, demande)
        except BaisseTropForte as arret:
            confirmer(arret, "Exporter malgré tout ?")
            rapport = _exporter(ouverture, replace(demande, accepter_baisse=True))
    _dire(rapport, demande.dossier, simulation=simulation, en_json=en_json)
    if rapport.total_anomalies:
        sys.exit(INCOMPLET)


@gar.command("verifier")
@click.argument("fichier", type=_CHEMIN)
@click.option("--schema", type=_CHEMIN, help="Schéma du GAR (.xsd), si vous l'avez : il est appliqué aussi.")
@option_json
def verifier_(fichier: Path, schema: Path | None, en_json: bool) -> None:
    """Relit une archive : empreinte, noms, ordre, longueurs, clés et renvois ; code 1 au moindre défaut."""
    from ent_core.federation.gar.verification import verifier

    trouve = verifier(fichier, schema=schema)
    if en_json:
        ecrire_json({"fichiers": trouve.fichiers, "noeuds": dict(trouve.noeuds), "defauts": trouve.defauts})
    else:
        for defaut in trouve.defauts:
            click.echo(f"! {defaut}")
        dit = "L'archive suit le format." if not trouve.defauts else f"{len(trouve.defauts)} défaut(s)."
        click.echo(f"{trouve.fichiers} fichier(s), {trouve.noeuds.total()} nœud(s). {dit}")
    if trouve.defauts:
        sys.exit(1)


@gar.command("ouvrir")
@click.argument("uais", nargs=-1, required=True, metavar="UAI...")
@option_json
def ouvrir_(uais: tuple[str, ...], en_json: bool) -> None:
    """Ouvre l'envoi d'établissements, à leur demande."""
    _decider(uais, ouvert=True, en_json=en_json)


@gar.command("fermer")
@click.argument("uais", nargs=-1, required=True, metavar="UAI...")
@option_json
def fermer_(uais: tuple[str, ...], en_json: bool) -> None:
    """Ferme l'envoi d'établissements : au prochain envoi, le GAR oublie leurs personnes."""
    _decider(uais, ouvert=False, en_json=en_json)


@gar.command("etat")
@option_json
def etat_(en_json: bool) -> None:
    """Montre où en est chaque établissement qui s'est prononcé."""
    from ent_core.federation.gar.suivi import etats

    with ouvrir() as ouverture, ouverture.base.academie("GAR : état") as session:
        lignes = [
            (e.uai, "ouvert" if e.ouvert else "fermé", e.exporte_le, e.eleves, e.personnels, e.ecartes,
             e.incompletes, e.retenu_le)
            for e, _ in etats(session, limite=10_000, page=1)
        ]  # fmt: skip
    colonnes = ("uai", "envoi", "exporte_le", "eleves", "personnels", "ecartes", "incompletes", "retenu_le")
    ecrire_tableau("GAR", colonnes, lignes, en_json=en_json, vide="Aucun établissement ne s'est prononcé.")


def _decider(uais: tuple[str, ...], *, ouvert: bool, en_json: bool) -> None:
    from ent_core.federation.gar.suivi import decider

    vises = [uai.upper() for uai in uais]
    with ouvrir() as ouverture, ouverture.base.academie("GAR : ouverture ou fermeture") as session:
        for uai in vises:
            decider(session, ouverture.horloge, uai, ouvert=ouvert, acteur=None)
    etat = "ouvert" if ouvert else "fermé"
    dire(f"Envoi {etat} : {', '.join(vises)}.", en_json, etablissements=vises, envoi=etat)


def _exporter(ouverture: Ouverture, demande: Any) -> Any:
    from ent_core.federation.gar.export import exporter

    with progression("GAR") as avancer:
        return exporter(ouverture.base, ouverture.horloge, ouverture.configuration.gar, demande, avancer)


def _dire(rapport: Any, dossier: Path, *, simulation: bool, en_json: bool) -> None:
    from ent_core.federation.gar.anomalies import LIBELLES, REMEDES

    if en_json:
        ecrire_json({**asdict(rapport), "dossier": str(dossier), "simulation": simulation})
        return
    for archive in rapport.archives:
        noeuds = ", ".join(f"{genre} {nombre}" for genre, nombre in archive.noeuds.items())
        click.echo(f"{archive.nom} : {archive.fichiers} fichier(s) ; {noeuds}")
        click.echo(f"    md5 {archive.md5}")
    ecrire_tableau(
        "Établissements",
        ("uai", "élèves", "personnels", "divisions et groupes", "écartées", "incomplètes"),
        [(uai, *asdict(comptes).values()) for uai, comptes in rapport.etablissements.items()],
        en_json=False,
        vide="Aucun établissement : l'archive vide fait oublier ceux qui ont fermé.",
    )
    for a in rapport.anomalies:
        click.echo(
            f"! {a.uai} {a.fichier} {a.personne_id or a.cle} : {LIBELLES[a.motif]} → {REMEDES[a.motif]}"
        )
    if reste := rapport.total_anomalies - len(rapport.anomalies):
        click.echo(f"! et {reste} autre(s), au relevé.")
    if simulation:
        click.echo("Simulation : rien n'est publié.")
    else:
        click.echo(f"Publié dans {dossier} ; relevé : {rapport.releve}.")
