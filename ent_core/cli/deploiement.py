"""``ent brique deploiement`` : où une brique est servie, où elle attend, où elle s'ouvrira."""

from __future__ import annotations

import click

from ent_core.chargement.deploiement import Deploiement, EtapeOuverture
from ent_core.chargement.deploiement import deploiement as lire
from ent_core.cli.ouverture import brique_chargee, ouvrir
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json

__all__ = ["deploiement"]


@click.command()
@click.argument("nom")
@click.option(
    "--etape", type=click.Choice([etape.value for etape in EtapeOuverture]), help="Cette étape seulement."
)
@option_json
def deploiement(nom: str, etape: str | None, en_json: bool) -> None:
    """Montre le déploiement d'une brique : pilotes, dates, préalables qui manquent, école par école."""
    with ouvrir() as ouverture, ouverture.base.academie(f"commande : déploiement de {nom}") as session:
        brique_chargee(ouverture, nom)
        lu = lire(session, ouverture.activation, nom, ouverture.horloge.aujourd_hui())
    lignes = [ligne for ligne in lu.lignes if etape in (None, ligne.etape.value)]
    if en_json:
        ecrire_json(
            {
                "brique": nom,
                "comptes": {cle.value: nombre for cle, nombre in lu.comptes.items()},
                "pilotes": lu.pilotes,
                "academie": {"ouverte": lu.generalisee, "du": lu.generalisation},
                "hors_degre": lu.hors_degre,
                "etablissements": [
                    {"uai": e.uai, "nom": e.nom, "etape": e.etape.value, "pilote": e.pilote,
                     "du": e.debut, "au": e.dernier, "restent": e.restent}
                    for e in lignes
                ],
            }
        )  # fmt: skip
        return
    click.echo(_resume(lu))
    ecrire_tableau(
        f"Déploiement de « {nom} »",
        ("uai", "nom", "état", "pilote", "du", "au", "préalables qui restent"),
        [
            (
                e.uai,
                e.nom,
                e.etape.value,
                "oui" if e.pilote else "",
                e.debut,
                e.dernier,
                " ; ".join(e.restent),
            )
            for e in lignes
        ],
        en_json=False,
        vide="Aucun établissement.",
    )


def _resume(lu: Deploiement) -> str:
    comptes = ", ".join(f"{etape.value} : {nombre}" for etape, nombre in lu.comptes.items() if nombre)
    academie = f"toute l'académie, dès le {lu.generalisation:%d/%m/%Y}" if lu.generalisation else (
        "toute l'académie" if lu.generalisee else "pas de décision pour toute l'académie"
    )  # fmt: skip
    hors = f" ; hors degré : {lu.hors_degre}" if lu.hors_degre else ""
    return f"{comptes or 'aucun établissement'} ; pilotes : {lu.pilotes} ; {academie}{hors}."
