"""``ent registre exporter``, ``montrer``, ``notices`` : ce qui tourne, dit au délégué et aux personnes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.orm import Session

from ent_core.chargement.publication import Publication
from ent_core.cli.minimisation import minimisation
from ent_core.cli.ouverture import ouvrir
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.publication import historique
from ent_core.vie_privee.publication.assemblage import RegistrePublie
from ent_core.vie_privee.publication.exports import FORMATS, exporter, nom_de_fichier
from ent_core.vie_privee.publication.notices import Lecteurs, Notice
from ent_core.vie_privee.publication.sous_traitance import FORMATS_SOUS_TRAITANT
from ent_core.vie_privee.registre import Registre

__all__ = ["COMMANDES", "exporter_", "montrer", "notices", "sous_traitant"]

_option_uai = click.option("--uai", metavar="UAI", help="Établissement ; par défaut, toute l'académie.")


@click.command("exporter")
@click.option(
    "--format", "format_", type=click.Choice(sorted(FORMATS)), default="ods", show_default=True,
    help="Classeur sur le modèle de la CNIL, tableur, JSON, ou page lisible hors ligne.",
)  # fmt: skip
@click.option(
    "--vers", type=click.Path(path_type=Path), help="Fichier ou dossier ; « - » pour la sortie standard.",
)  # fmt: skip
@_option_uai
def exporter_(format_: str, vers: Path | None, uai: str | None) -> None:
    """Écrit le registre des traitements dans un fichier."""
    with _publication("exporter le registre", uai) as (_, _, publie):
        contenu = exporter(publie, format_)
        nom = nom_de_fichier(publie, format_)
    if vers == Path("-"):
        sys.stdout.buffer.write(contenu)
        return
    fichier = vers / nom if vers and vers.is_dir() else vers or Path(nom)
    fichier.write_bytes(contenu)
    mesure = publie.mesure
    click.echo(f"{fichier} : {len(publie.fiches)} traitements.")
    click.echo(
        f"{mesure.code} rubriques sur {mesure.total} viennent du code"
        f" ({mesure.part_du_code:.0%}) ; {mesure.vides} à compléter."
    )


@click.command("montrer")
@click.argument("cle", required=False)
@_option_uai
@option_json
def montrer(cle: str | None, uai: str | None, en_json: bool) -> None:
    """Montre les traitements, ou la fiche de l'un d'eux et son histoire."""
    with _publication("montrer le registre", uai) as (session, _, publie):
        changements = historique.changements(session, cle) if cle else []
    if cle is None:
        ecrire_tableau(
            "Traitements", ("clé", "version", "traitement", "conservation", "à compléter"),
            [
                (f.cle, f.version, f.intitule, "".join(f["active"].valeurs), sum(r.vide for r in f.rubriques))
                for f in publie.fiches
            ],
            en_json=en_json, vide="Aucun traitement.",
        )  # fmt: skip
        return
    fiche = publie.fiche(cle)
    if fiche is None:
        raise Introuvable(
            f"le traitement « {cle} » n'est pas dans ce registre.",
            remede="« ent registre montrer » les liste ; vérifier que la brique est ouverte.",
        )
    if en_json:
        ecrire_json(
            {
                "cle": fiche.cle,
                "rubriques": {
                    r.cle: {"valeurs": r.valeurs, "provenance": r.provenance} for r in fiche.rubriques
                },
                "changements": [{"le": c.quand, "version": c.version, "quoi": c.quoi} for c in changements],
            }
        )
        return
    click.echo(f"{fiche.intitule} ({fiche.cle}, version {fiche.version})")
    for partie, rubriques in fiche.parties():
        click.echo(f"\n{partie}")
        for r in rubriques:
            click.echo(f"  {r.intitule} [{r.provenance}]")
            for valeur in r.valeurs or ("à compléter",):
                click.echo(f"    {valeur}")
    for c in changements:
        click.echo(f"\n{c.quand:%d/%m/%Y}, version {c.version} : {' '.join(c.quoi)}")


@click.command("notices")
@click.option(
    "--pour", type=click.Choice([lecteurs.value for lecteurs in Lecteurs]), default=Lecteurs.FAMILLES.value,
    show_default=True, help="À qui la notice s'adresse.",
)  # fmt: skip
@_option_uai
@option_json
def notices(pour: str, uai: str | None, en_json: bool) -> None:
    """Montre ce qui est dit aux personnes de leurs données."""
    with _publication("montrer une notice", uai) as (session, redacteur, publie):
        notice = redacteur.notice(publie, session, Lecteurs(pour))
    if en_json:
        ecrire_json(_en_donnees(notice))
        return
    click.echo(f"{notice.etablissement or publie.academie}, pour les {pour}")
    for brique in notice.briques:
        click.echo(f"\n{brique.titre}")
        for t in brique.traitements:
            click.echo(f"\n  {t.intitule}")
            for titre, lignes in (
                ("Ce que l'école enregistre", t.quoi), ("Pourquoi", t.pourquoi), ("Qui le voit", t.qui),
                *((("À qui c'est transmis", t.dehors),) if t.dehors else ()),
                ("Combien de temps", t.duree), ("Vos droits", [d.phrase for d in t.droits if d.ouvert]),
            ):  # fmt: skip
                click.echo(f"    {titre}")
                for ligne in lignes:
                    click.echo(f"      - {ligne}")
        if not brique.traitements:
            click.echo("  N'enregistre rien sur vous.")


@click.command("sous-traitant")
@click.option(
    "--format", "format_", type=click.Choice(sorted(FORMATS_SOUS_TRAITANT)), default="csv", show_default=True,
    help="Tableur ou JSON.",
)  # fmt: skip
@click.option(
    "--vers", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Fichier à écrire."
)
def sous_traitant(format_: str, vers: Path) -> None:
    """Écrit le registre de l'académie comme sous-traitant des chefs d'établissement (article 30.2)."""
    with _publication("registre du sous-traitant", None) as (session, redacteur, publie):
        registre = redacteur.sous_traitance(session, publie.jour)
    vers.write_bytes(FORMATS_SOUS_TRAITANT[format_][1](registre))
    click.echo(f"{vers} : {len(registre.responsables)} responsables, {len(registre.categories)} catégories.")


COMMANDES = (exporter_, montrer, notices, sous_traitant, minimisation)
"""Ce que le groupe ``ent registre`` ajoute de ce module."""


@contextmanager
def _publication(motif: str, uai: str | None) -> Iterator[tuple[Session, Publication, RegistrePublie]]:
    with ouvrir() as ouverture, ouverture.base.academie(f"commande : {motif}") as session:
        registre = Registre.reunir(brique.declaration() for brique in ouverture.chargement.briques)
        redacteur = Publication(ouverture.configuration, ouverture.chargement, ouverture.activation, registre)
        jour = ouverture.horloge.aujourd_hui()
        yield session, redacteur, redacteur.registre_de(session, uai.upper() if uai else None, jour)


def _en_donnees(notice: Notice) -> dict[str, object]:
    return {
        "pour": notice.lecteurs,
        "etablissement": notice.etablissement or None,
        "traitements": [
            {
                "cle": t.cle, "intitule": t.intitule, "quoi": t.quoi, "pourquoi": t.pourquoi, "qui": t.qui,
                "dehors": t.dehors, "duree": t.duree, "droits": [d.phrase for d in t.droits if d.ouvert],
            }
            for t in notice.traitements
        ],
    }  # fmt: skip
