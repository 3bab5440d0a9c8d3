"""``ent etablissement prealables`` : voir, attester et retirer les préalables d'un établissement."""

from __future__ import annotations

import click

from ent_core.chargement.activation import Activation
from ent_core.cli.ouverture import brique_chargee, ouvrir
from ent_core.cli.sortie import ecrire_json, ecrire_tableau, option_json
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import DonneeInvalide, Introuvable

__all__ = ["prealables"]


@click.command()
@click.argument("uai")
@click.argument("brique", required=False)
@click.option(
    "--attester", "attestees", multiple=True, metavar="CLE", help="Noter qu'il est fait. Répétable."
)
@click.option("--retirer", "retirees", multiple=True, metavar="CLE", help="Revenir dessus. Répétable.")
@option_json
def prealables(
    uai: str, brique: str | None, attestees: tuple[str, ...], retirees: tuple[str, ...], en_json: bool
) -> None:
    """Montre ce qu'un établissement a attesté avant que ses briques servent.

    --attester et --retirer notent, pour le chef d'établissement qui l'a demandé par écrit.
    """
    if (attestees or retirees) and brique is None:
        raise DonneeInvalide("il faut dire de quelle brique.", remede="ajouter son identifiant après l'UAI.")
    code = uai.upper()
    with ouvrir() as ouverture, ouverture.base.academie("commande : préalables") as session:
        if session.get(Etablissement, code) is None:
            raise Introuvable(
                f"l'établissement {code} est inconnu.", remede="« ent etablissement lister » les montre tous."
            )
        activation: Activation = ouverture.activation
        if brique is not None:
            brique_chargee(ouverture, brique)
            service = activation.prealables
            service.attester(session, ouverture.horloge, brique, code, attestees, origine="commande")
            service.retirer(session, ouverture.horloge, brique, code, retirees)
        etats = [
            (nom, etat)
            for nom in ([brique] if brique else activation.briques)
            for etat in activation.prealables.etats(session, nom, code)
        ]
    if en_json:
        ecrire_json(
            [
                {"brique": nom, "cle": e.prealable.cle, "titre": e.prealable.titre,
                 "detail": e.prealable.detail, "atteste_le": e.atteste_le}
                for nom, e in etats
            ]
        )  # fmt: skip
        return
    ecrire_tableau(
        f"Préalables de {code}",
        ("brique", "clé", "préalable", "attesté le"),
        [
            (nom, e.prealable.cle, e.prealable.titre,
             f"{e.atteste_le:%d/%m/%Y}" if e.atteste_le else "à attester")
            for nom, e in etats
        ],
        en_json=False,
        vide="Aucun préalable : ces briques servent dès qu'elles sont ouvertes.",
    )  # fmt: skip
