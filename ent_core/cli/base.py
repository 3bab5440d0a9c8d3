"""``ent base`` : migrer, voir l'état."""

from __future__ import annotations

import sys

import click
from alembic.util.exc import CommandError

from ent_core.chargement.retrait import enregistrer_vues
from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import Ouverture, ouvrir
from ent_core.cli.sortie import ecrire_tableau, option_json
from ent_core.donnees.compte_archive import preparer_compte
from ent_core.donnees.migrations import Etat, etats, migrer
from ent_core.socle.erreurs import BaseIndisponible, ConfigurationInvalide
from ent_core.vie_privee.archive.lieu import Archive

__all__ = ["base", "migrer_tout"]


@click.group(cls=Groupe)
def base() -> None:
    """La base de données."""


@base.command("migrer")
@option_json
def migrer_(en_json: bool) -> None:
    """Applique les migrations du noyau et des briques, recompile les droits et le cloisonnement."""
    with ouvrir() as ouverture:
        _ecrire(migrer_tout(ouverture), en_json=en_json)


@base.command()
@option_json
def etat(en_json: bool) -> None:
    """Montre la révision de chaque distribution ; sort avec le code 3 s'il en manque."""
    with ouvrir() as ouverture:
        trouves = etats(ouverture.base.moteur, ouverture.chargement.distributions)
        _ecrire(trouves, en_json=en_json)
    if not all(etat.a_jour for etat in trouves):
        sys.exit(3)


def migrer_tout(ouverture: Ouverture) -> list[Etat]:
    """Migre, puis garde une copie des déclarations de chaque brique.

    :param ouverture: instance ouverte.
    :raises ConfigurationInvalide: le compte propriétaire n'est pas donné.
    :raises BaseIndisponible: la base vient d'une version plus récente.
    """
    if ouverture.adresses.proprietaire is None:
        raise ConfigurationInvalide(
            "le compte de ENT_BASE ne peut pas migrer : il ne possède rien, et c'est voulu.",
            remede="donner aussi ENT_BASE_PROPRIETAIRE, un compte qui peut créer des rôles et des tables.",
            lieu="ENT_BASE_PROPRIETAIRE",
        )
    try:
        trouves = migrer(
            ouverture.adresses.proprietaire,
            ouverture.adresses.application,
            ouverture.chargement.distributions,
        )
    except CommandError as erreur:
        if "Can't locate revision" not in str(erreur):
            raise
        raise BaseIndisponible(
            "la base vient d'une version plus récente que ce programme, qui n'en connaît pas les révisions ;"
            " rien n'y est changé.",
            remede="installer cette version, ou restaurer la sauvegarde faite avant la mise à niveau ; une"
            " démonstration se refait par « ent demo --neuve ».",
        ) from erreur
    archive = ouverture.base.archive
    if isinstance(archive, Archive):
        preparer_compte(ouverture.adresses.proprietaire, archive.ici)
    with ouverture.base.academie("migration : registre des briques") as session:
        enregistrer_vues(session, ouverture.horloge, ouverture.chargement)
    return trouves


def _ecrire(trouves: list[Etat], *, en_json: bool) -> None:
    ecrire_tableau(
        "Migrations",
        ("distribution", "présente", "attendue", "état"),
        [(e.id, e.actuelle or "—", e.attendue or "—", "à jour" if e.a_jour else "à migrer") for e in trouves],
        en_json=en_json,
        vide="Aucune distribution.",
    )
