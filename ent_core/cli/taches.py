"""``ent taches`` : exécuter les travaux différés, voir la file, rejouer ce qui est mort."""

from __future__ import annotations

import json

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir
from ent_core.cli.sortie import dire, ecrire_tableau, option_json
from ent_core.donnees import file_taches
from ent_core.identite.journal import consigner
from ent_core.socle import journal

__all__ = ["taches"]


@click.group(cls=Groupe)
def taches() -> None:
    """Les travaux différés et périodiques."""


@taches.command()
@click.option("--une-fois", is_flag=True, help="Honorer les rendez-vous échus, vider la file, puis sortir.")
@click.option(
    "--simultanes", type=click.IntRange(1, 32), default=1, show_default=True,
    help="Travaux menés en même temps.",
)  # fmt: skip
def executer(une_fois: bool, simultanes: int) -> None:
    """Exécute les travaux jusqu'à l'arrêt.

    SIGTERM et Ctrl-C laissent finir les travaux en cours ; un second signal coupe.
    """
    from ent_core.chargement import ouvrier
    from ent_core.chargement.retrait import retirees
    from ent_core.chargement.taches import toutes_les_taches
    from ent_core.chargement.verification import exiger_sans_erreur
    from ent_core.donnees.session import BaseDeDonnees
    from ent_core.vie_privee.controle_base import controler_base

    with ouvrir() as ouverture:
        configuration = ouverture.configuration
        journal.configurer(configuration.journaux.format, configuration.journaux.niveau)
        toutes = toutes_les_taches(ouverture.chargement, configuration)
        exiger_sans_erreur(
            controler_base(
                ouverture.base.moteur, ouverture.chargement.distributions, retirees(ouverture.base)
            )
        )
        base = BaseDeDonnees(
            ouverture.adresses.application, connexions=ouvrier.connexions_voulues(simultanes)
        )
        base.chiffreur = ouverture.base.chiffreur
        base.archive = ouverture.base.archive
        base.poste = ouverture.base.poste
        try:
            ouvrier.executer(base, toutes, ouverture.horloge, simultanes=simultanes, une_fois=une_fois)
        finally:
            base.fermer()


@taches.command()
@option_json
def etat(en_json: bool) -> None:
    """Montre les travaux de chaque tâche."""
    from ent_core.chargement.taches import tableau_des_taches, toutes_les_taches

    with ouvrir() as ouverture, ouverture.base.academie("travaux : état de la file") as session:
        toutes = toutes_les_taches(ouverture.chargement, ouverture.configuration)
        lignes = tableau_des_taches(session, toutes, ouverture.horloge.maintenant())
    ecrire_tableau(
        "Travaux",
        ("tache", "en_attente", "en_cours", "reussis", "morts", "abandonnes", "prochain"),
        [
            (
                ligne.comptes.tache,
                ligne.comptes.en_attente,
                ligne.comptes.en_cours,
                ligne.comptes.reussis,
                ligne.comptes.morts,
                ligne.comptes.abandonnes,
                ligne.prochain,
            )
            for ligne in lignes
        ],
        en_json=en_json,
        vide="Aucune tâche.",
    )


@taches.command()
@option_json
def morts(en_json: bool) -> None:
    """Liste les travaux morts."""
    with ouvrir() as ouverture, ouverture.base.academie("travaux : liste des morts") as session:
        trouves = file_taches.lister_morts(session)
    ecrire_tableau(
        "Travaux morts",
        ("id", "tache", "arguments", "essais", "exception", "instant"),
        [
            (
                mort.id,
                mort.tache,
                mort.arguments if en_json else json.dumps(mort.arguments),
                mort.essais,
                mort.exception,
                mort.instant,
            )
            for mort in trouves
        ],
        en_json=en_json,
        vide="Aucun travail mort.",
    )


@taches.command()
@click.argument("numero", metavar="ID", type=int)
@option_json
def rejouer(numero: int, en_json: bool) -> None:
    """Remet un travail mort dans la file."""
    with ouvrir() as ouverture, ouverture.base.academie("travaux : rejouer") as session:
        tache = file_taches.rejouer(session, numero)
        consigner(session, ouverture.horloge, "travail.rejoue", objet=str(numero), details={"tache": tache})
    dire(f"Le travail {numero} ({tache}) est remis dans la file.", en_json, id=numero, tache=tache)


@taches.command()
@click.argument("numero", metavar="ID", type=int)
@option_json
def abandonner(numero: int, en_json: bool) -> None:
    """Renonce à un travail mort : il ne sera plus montré."""
    with ouvrir() as ouverture, ouverture.base.academie("travaux : abandonner") as session:
        tache = file_taches.abandonner(session, numero)
        consigner(
            session, ouverture.horloge, "travail.abandonne", objet=str(numero), details={"tache": tache}
        )
    dire(f"Le travail {numero} ({tache}) est abandonné.", en_json, id=numero, tache=tache)
