"""La commande ``ent``. Rien de lourd n'est importé avant qu'une commande en ait besoin."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ent_core import __version__
from ent_core.cli.francais import parler_francais
from ent_core.cli.groupes import Groupe, GroupeParesseux
from ent_core.socle.erreurs import BaseIndisponible, ErreurEnt

__all__ = ["ent", "principal"]

parler_francais()  # avant la première option : le nom d'un type se fixe à sa création

_COMMANDES = {
    "archive": ("ent_core.cli.archive:archive", "L'archive intermédiaire : demander, lire, verser."),
    "base": ("ent_core.cli.base:base", "Migrer la base et voir son état."),
    "brique": ("ent_core.cli.brique:brique", "Lister, ouvrir, fermer, créer et vérifier des briques."),
    "compte": ("ent_core.cli.compte:compte", "Protéger les comptes, imprimer les lettres d'activation."),
    "configuration": ("ent_core.cli.configuration:configuration", "Vérifier et montrer la configuration."),
    "conservation": ("ent_core.cli.conservation:conservation", "Planifier et prouver les éliminations."),
    "demo": ("ent_core.cli.demo:demo", "Lancer une académie de démonstration."),
    "dev": ("ent_core.cli.servir:dev", "Servir en rechargeant à chaque modification."),
    "docs": ("ent_core.cli.docs:docs", "Refaire les références générées."),
    "etablissement": ("ent_core.cli.etablissement:etablissement", "Lister et voir les établissements."),
    "gar": ("ent_core.cli.gar:gar", "Transmettre l'annuaire au gestionnaire d'accès aux ressources."),
    "importer": ("ent_core.cli.importer:importer", "Importer l'annuaire, une liste ou un emploi du temps."),
    "messages": ("ent_core.cli.messages:messages", "Suivre les messages, refaire les envois en échec."),
    "personne": ("ent_core.cli.personne:personne", "Chercher une personne, gérer son compte."),
    "registre": ("ent_core.cli.registre:registre", "Montrer, exporter, verrouiller et accepter le registre."),
    "restauration": ("ent_core.cli.droits:restauration", "Rouvrir après avoir restauré une sauvegarde."),
    "servir": ("ent_core.cli.servir:servir", "Servir l'ENT."),
    "sso": ("ent_core.cli.sso:sso", "Les services tiers et les fournisseurs d'identité."),
    "statistiques": ("ent_core.cli.statistiques:statistiques", "Figer et rendre les statistiques."),
    "taches": ("ent_core.cli.taches:taches", "Exécuter et suivre les travaux différés."),
    "violations": ("ent_core.cli.violations:violations", "Tenir le registre des violations de données."),
    "verifier": ("ent_core.cli.verifier:verifier", "Tout vérifier avant de démarrer."),
}


def _commandes_de_brique(nom: str) -> click.Command | None:
    """``ent <brique> …`` : les commandes d'une brique installée, si elle en apporte."""
    from ent_core.chargement.decouverte import installees

    point = installees().get(nom)
    crochet = getattr(point.load(), "ent_commandes", None) if point else None
    if crochet is None:
        return None
    return Groupe(
        nom, help=f"Commandes de la brique {nom}.", commands=list(crochet()), callback=_donner_l_ouverture
    )


@click.pass_context
def _donner_l_ouverture(contexte: click.Context) -> None:
    """Ce que les commandes d'une brique reçoivent par ``click.pass_obj``."""
    from ent_core.cli.ouverture import ouvrir_ecole

    contexte.obj = ouvrir_ecole


@click.group(
    cls=GroupeParesseux,
    commandes=_COMMANDES,
    autrement=_commandes_de_brique,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="ent", message="%(prog)s %(version)s")
@click.option(
    "--configuration", "-c", "chemin", type=click.Path(path_type=Path, dir_okay=False),
    help="Fichier TOML ; par défaut ENT_CONFIGURATION, sinon ent.toml.",
)  # fmt: skip
@click.pass_context
def ent(contexte: click.Context, chemin: Path | None) -> None:
    """L'espace numérique de travail, en briques."""
    contexte.obj = chemin


def principal() -> None:
    """Point d'entrée : une erreur prévue s'écrit en français, avec son code de sortie, sans trace."""
    try:
        ent.main(standalone_mode=False)
    except click.exceptions.Exit as fin:
        sys.exit(fin.exit_code)
    except click.Abort:
        click.echo("Interrompu : rien de ce qui était en cours n'est gardé.", err=True)
        sys.exit(130)
    except click.ClickException as erreur:
        erreur.show()
        sys.exit(erreur.exit_code)
    except ErreurEnt as erreur:
        click.echo(f"Erreur {_preciser(erreur)}", err=True)
        sys.exit(erreur.code_de_sortie)
    except BrokenPipeError:
        sys.exit(141)
    except OSError as erreur:
        if erreur.filename is None:
            raise
        click.echo(
            f"Erreur : ce fichier ou ce dossier ne peut être ni lu ni écrit.\nOù : {erreur.filename}\n"
            "Que faire : vérifier qu'il existe, ses droits, et la place du disque.",
            err=True,
        )
        sys.exit(1)


def _preciser(erreur: ErreurEnt) -> ErreurEnt:
    """Une base qui répond et refuse d'ouvrir n'est pas éteinte : le plus souvent, elle n'est pas préparée."""
    if isinstance(erreur, BaseIndisponible) and "FATAL" in str(erreur.__cause__):
        return BaseIndisponible(
            "PostgreSQL répond, mais refuse d'ouvrir la base.",
            remede="si elle est neuve, la préparer par « ent base migrer » ; sinon, vérifier dans ENT_BASE le"
            " compte, le mot de passe et le nom de la base.",
        )
    return erreur
