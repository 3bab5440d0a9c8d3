"""``ent statistiques`` : lister ce qui est déclaré, figer ce qui est fini, rendre ce qui est figé."""

from __future__ import annotations

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.ouverture import ouvrir, uai_saisi
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json

__all__ = ["statistiques"]


@click.group(cls=Groupe)
def statistiques() -> None:
    """Les statistiques : des nombres protégés, figés une fois par période."""


@statistiques.command("lister")
@option_json
def lister_(en_json: bool) -> None:
    """Liste les statistiques déclarées, et les périodes publiées."""
    from collections import defaultdict

    from sqlalchemy import select

    from ent_core.chargement.statistiques import Statistiques
    from ent_core.vie_privee.statistiques.modeles import PublicationStatistique as Publication

    with ouvrir() as ouverture, ouverture.base.academie("statistiques : lister") as session:
        service = Statistiques(ouverture.chargement, ouverture.activation, ouverture.configuration)
        publiees: dict[str, set[str]] = defaultdict(set)
        for cle, periode in session.execute(select(Publication.statistique, Publication.periode).distinct()):
            publiees[cle].add(periode)
    lignes = []
    for cle in sorted({*service.declarees, *publiees}):
        s = service.declarees.get(cle)
        dit = ("", "brique absente", "", "", "")
        if s is not None:
            par = ", ".join(d.colonne for d in s.dimensions)
            dit = (s.intitule, s.table, par, s.rythme.value, s.portee.value)
        lignes.append((cle, *dit, " ".join(sorted(publiees.get(cle, ())))))
    colonnes = ("cle", "intitule", "table", "dimensions", "rythme", "portee", "publiees")
    ecrire_tableau("Statistiques", colonnes, lignes, en_json=en_json, vide="Aucune brique n'en déclare.")


@statistiques.command("publier")
@click.argument("cle", required=False)
@option_json
def publier(cle: str | None, en_json: bool) -> None:
    """Fige les périodes finies qui ne le sont pas encore ; ce qui est figé ne change plus."""
    from ent_core.chargement.statistiques import Statistiques

    with ouvrir() as ouverture:
        service = Statistiques(ouverture.chargement, ouverture.activation, ouverture.configuration)
        nouvelles = service.figer_les_echues(ouverture.base, ouverture.horloge, cle)
    if en_json:
        ecrire_json({"nouvelles": nouvelles})
        return
    click.echo(f"{nouvelles} publication(s) nouvelle(s).")


@statistiques.command("rendre")
@click.argument("cle")
@click.option("--periode", required=True, help="Année scolaire (2026) ou mois (2026-10).")
@click.option(
    "--etablissement", "uai", callback=uai_saisi, help="Un établissement ; par défaut, l'académie, à 5 près."
)
@option_json
def rendre_(cle: str, periode: str, uai: str | None, en_json: bool) -> None:
    """Montre une statistique figée."""
    from ent_core.vie_privee.statistiques.exports import NON_COMMUNIQUE, en_donnees
    from ent_core.vie_privee.statistiques.periodes import lire_periode
    from ent_core.vie_privee.statistiques.publication import rendre

    with ouvrir() as ouverture, ouverture.base.academie("statistiques : rendre") as session:
        publiee = rendre(session, cle, lire_periode(periode), uai)
    if en_json:
        ecrire_json(en_donnees(publiee))
        return
    lignes = [
        ("  " * ligne.niveau + ligne.intitule, *(NON_COMMUNIQUE if case is None else case for case in cases))
        for ligne, cases in zip(publiee.lignes, publiee.cases, strict=True)
    ]
    colonnes = (publiee.dimensions[0], *publiee.colonnes, "Total")
    ecrire_tableau(f"{publiee.intitule}, {publiee.periode.libelle}", colonnes, lignes, en_json=False, vide="")
