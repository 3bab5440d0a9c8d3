"""``ent personne exporter`` et ``effacer``, ``ent restauration rejouer`` : les droits des personnes."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from ent_core.chargement.droits import Guichet
from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir, uai_saisi
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.identite.journal import consigner
from ent_core.socle.erreurs import DonneeInvalide, OperationRefusee
from ent_core.vie_privee.droits import demandes
from ent_core.vie_privee.droits.avis import RECOURS
from ent_core.vie_privee.droits.effacement import Efface
from ent_core.vie_privee.droits.verdict import Fondement, Verdict, examiner, exiger_connue

__all__ = ["COMMANDES", "effacer", "exporter", "restauration"]


@click.command()
@click.argument("identifiant", type=click.UUID)
@click.option(
    "--vers", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Fichier ZIP à écrire."
)
@click.option(
    "--uai", metavar="UAI", callback=uai_saisi, help="Les données de cet établissement ; par défaut, de tous."
)
@click.option("--demande", type=click.UUID, help="Demande dont la relecture dit quels textes remettre.")
@option_json
def exporter(identifiant: UUID, vers: Path, uai: str | None, demande: UUID | None, en_json: bool) -> None:
    """Écrit la copie de tout ce que l'ENT enregistre sur une personne.

    Les textes libres, qui peuvent nommer quelqu'un d'autre, n'y sont que s'ils ont été relus.
    """
    if demande and not uai:
        raise DonneeInvalide("une demande est d'un établissement.", remede="ajouter --uai.")
    if vers.exists():
        raise OperationRefusee("ce fichier existe déjà.", remede="donner un autre nom.", lieu=str(vers))
    brouillon = vers.with_name(f".{vers.name}.tmp")
    with ouvrir() as ouverture:
        guichet = Guichet(ouverture.configuration, ouverture.chargement, ouverture.horloge)
        try:
            with (
                ouverture.base.academie("commande : exporter une personne") as session,
                brouillon.open("xb") as sortie,
            ):
                brouillon.chmod(0o600)
                voulue = demandes.trouver(session, uai, demande) if demande and uai else None
                if voulue is not None and voulue.personne_id != identifiant:
                    raise DonneeInvalide("cette demande concerne une autre personne.", remede="la vérifier.")
                exiger_connue(session, identifiant)
                bilan = guichet.exporter(session, identifiant, sortie, uai=uai, demande=voulue)
                consigner(
                    session, ouverture.horloge, "personne.exportee", uai=uai, objet=str(identifiant),
                    details={"lignes": sum(bilan.lignes.values()), "a_relire": len(bilan.a_relire)},
                )  # fmt: skip
            brouillon.replace(vers)
        finally:
            brouillon.unlink(missing_ok=True)
    if en_json:
        ecrire_json(
            {"fichier": str(vers), "lignes": bilan.lignes, "remis": bilan.remis, "retenus": bilan.retenus,
             "a_relire": [[r.table, r.ligne, r.colonne] for r in bilan.a_relire]}
        )  # fmt: skip
        return
    click.echo(f"{vers} : {sum(bilan.lignes.values())} ligne(s), {vers.stat().st_size} octets.")
    ecrire_tableau(
        "Textes laissés de côté, à relire", ("table", "ligne", "colonne"),
        [(r.table, r.ligne, r.colonne) for r in bilan.a_relire], en_json=False,
        vide="Aucun texte n'attend de relecture.",
    )  # fmt: skip


@click.command()
@click.argument("identifiant", type=click.UUID)
@click.option(
    "--fondement", type=click.Choice([f.value for f in Fondement]), required=True,
    help="Pourquoi l'on efface avant le terme (RGPD, article 17.1).",
)  # fmt: skip
@click.option(
    "--traitement", "traitements", multiple=True, metavar="CLE", help="À répéter ; par défaut, tous."
)
@click.option(
    "--uai", metavar="UAI", callback=uai_saisi, help="Les lignes de cet établissement ; par défaut, de tous."
)
@click.option("--simulation", is_flag=True, help="Dire ce qui serait effacé ou gardé, sans rien changer.")
@option_json
def effacer(
    identifiant: UUID, fondement: str, traitements: tuple[str, ...], uai: str | None, simulation: bool,
    en_json: bool,
) -> None:  # fmt: skip
    """Efface ce qui peut l'être sur une personne, et dit pourquoi le reste est gardé. Sans retour.

    Commencer par --simulation. L'effacement s'inscrit au livre : une sauvegarde restaurée le refera.
    """
    choisi = Fondement(fondement)
    with ouvrir() as ouverture:
        guichet = Guichet(ouverture.configuration, ouverture.chargement, ouverture.horloge)
        with ouverture.base.academie("commande : examiner un effacement") as session:
            verdicts = examiner(
                session, guichet.registre, identifiant, choisi, traitements=traitements, uai=uai
            )
        efface = None
        if not simulation and any(v.efface for v in verdicts):
            efface = guichet.effacer(ouverture.base, identifiant, choisi, traitements=traitements, uai=uai)
    if en_json:
        ecrire_json(_en_json(verdicts, efface, simulation=simulation))
        return
    ecrire_tableau(
        "Simulation : rien n'est changé" if simulation else "Effacement",
        ("traitement", "lignes", "sort"),
        [(v.intitule, v.total, "effacé" if v.efface else f"gardé : {v.motif}") for v in verdicts],
        en_json=False, vide="Rien n'est enregistré sur cette personne.",
    )  # fmt: skip
    if efface:
        click.echo(
            f"{sum(efface.supprimees.values())} ligne(s) supprimée(s),"
            f" {sum(efface.anonymisees.values())} rendue(s) anonyme(s),"
            f" {sum(efface.videes.values())} qui ne la désignent plus. Inscription {efface.id}."
        )
    if any(not v.efface for v in verdicts):
        click.echo(f"À joindre au refus. {RECOURS}")


@click.group(cls=Groupe)
def restauration() -> None:
    """Rouvrir après avoir restauré une sauvegarde."""


@restauration.command()
@click.option("--simulation", is_flag=True, help="Dire ce qui serait refait, sans rien changer.")
@click.option(
    "--douteux", type=click.Choice(["refaire", "abandonner"]),
    help="Sort des effacements annoncés dont une panne a caché la fin.",
)  # fmt: skip
@option_json
def rejouer(simulation: bool, douteux: str | None, en_json: bool) -> None:
    """Refait sur une base restaurée les effacements que le livre connaît et qu'elle ignore.

    À lancer avant de servir : le livre est dans le dossier des données, avec la clé de l'instance.
    """
    with ouvrir() as ouverture:
        guichet = Guichet(ouverture.configuration, ouverture.chargement, ouverture.horloge)
        with ouverture.base.academie("commande : effacements à refaire") as session:
            absents = guichet.manquants(session)
        if absents.douteux and douteux is None and not simulation:
            raise OperationRefusee(
                f"{len(absents.douteux)} effacement(s) sont annoncés au livre sans que leur fin soit connue.",
                remede="relire le journal des actes, puis donner --douteux refaire ou --douteux abandonner.",
                lieu=", ".join(str(i.id) for i in absents.douteux),
            )
        voulus = (*absents.faits, *(absents.douteux if douteux == "refaire" else ()))
        refaits = {} if simulation else guichet.rejouer(ouverture.base, voulus)
        if douteux == "abandonner" and not simulation:
            for inscription in absents.douteux:
                guichet.livre.confirmer(inscription.id, "abandon")
    lignes = [(str(i.id), i.le[:10], "à refaire" if simulation else _dire(refaits[i.id])) for i in voulus]
    ecrire_tableau(
        "Effacements à refaire" if simulation else "Effacements refaits",
        ("inscription", "du", "sort"), lignes, en_json=en_json,
        vide="La base connaît tous les effacements du livre.",
    )  # fmt: skip


def _dire(efface: Efface | None) -> str:
    return "la personne n'est pas revenue" if efface is None else f"refait, {efface.total} ligne(s)"


def _en_json(verdicts: list[Verdict], efface: Efface | None, *, simulation: bool) -> dict[str, object]:
    return {
        "simulation": simulation,
        "verdicts": [
            {"traitement": v.traitement, "efface": v.efface, "lignes": dict(v.lignes), "motif": v.motif}
            for v in verdicts
        ],
        "inscription": str(efface.id) if efface else None,
        "supprimees": efface.supprimees if efface else {},
        "anonymisees": efface.anonymisees if efface else {},
        "videes": efface.videes if efface else {},
    }


COMMANDES = (exporter, effacer)
"""Commandes attachées au groupe « personne »."""
