"""``ent carnet imprimer …`` : les mêmes documents que la page « Papier », dans un fichier."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import BinaryIO

import click
from ent_core.brique import (
    Contexte,
    Horloge,
    Introuvable,
    OuvrirEcole,
    Role,
    consigner,
    contexte_de_commande,
    divisions,
    ecrire_json,
    option_json,
)
from sqlalchemy.orm import Session

from ent_carnet.commandes.options import etablissement
from ent_carnet.commandes.options import jour as option_jour
from ent_carnet.services import editions
from ent_carnet.services.editions import Edition

__all__ = ["imprimer"]

_SORTIE = click.option(
    "--sortie",
    type=click.File("wb"),
    required=True,
    metavar="FICHIER",
    help="Fichier PDF à écrire ; « - » pour la sortie standard.",
)
_Imprimer = Callable[[Session, Contexte, Horloge], Edition]


@click.group()
def imprimer() -> None:
    """Le papier : pack de panne, carnets de la semaine."""


@imprimer.command("panne")
@etablissement
@option_jour
@_SORTIE
@option_json
@click.pass_obj
def _panne(ouvrir: OuvrirEcole, uai: str, jour: date | None, sortie: BinaryIO, en_json: bool) -> None:
    """Feuilles d'appel de toutes les classes, pour cinq jours à partir de ce jour."""

    def faire(session: Session, contexte: Contexte, _horloge: Horloge) -> Edition:
        return editions.feuilles_de_panne(session, contexte, jour or contexte.jour)

    _ecrire(ouvrir, uai, sortie, faire, en_json=en_json)


@imprimer.command("carnets")
@etablissement
@click.option("--division", "code", metavar="CODE", help="Code d'une division ; par défaut, toutes.")
@click.option("--tous", is_flag=True, help="Toutes les familles, et non celles qui gardent le papier.")
@option_jour
@_SORTIE
@option_json
@click.pass_obj
def _carnets(
    ouvrir: OuvrirEcole, uai: str, code: str | None, tous: bool, jour: date | None, sortie: BinaryIO,
    en_json: bool,
) -> None:  # fmt: skip
    """Carnets de la semaine de ce jour, une feuille par élève et par foyer."""

    def faire(session: Session, contexte: Contexte, horloge: Horloge) -> Edition:
        trouvees = [d.id for d in divisions(session, contexte.uai, contexte.annee) if d.code == code]
        if code is not None and not trouvees:
            raise Introuvable(
                f"aucune division n'a le code « {code} » cette année.",
                remede="« ent carnet imprimer carnets » sans --division les imprime toutes.",
            )
        return editions.carnets(
            session, contexte, jour or contexte.jour, horloge.maintenant(),
            division_id=trouvees[0] if code is not None else None, tous=tous,
        )  # fmt: skip

    _ecrire(ouvrir, uai, sortie, faire, en_json=en_json)


def _ecrire(ouvrir: OuvrirEcole, uai: str, sortie: BinaryIO, faire: _Imprimer, *, en_json: bool) -> None:
    with ouvrir(uai, "commande : imprimer le carnet") as (session, horloge):
        contexte = contexte_de_commande(session, horloge, {Role.DIRECTION})
        edition = editions.exiger(faire(session, contexte, horloge))
        consigner(
            session, horloge, "carnet.papier_imprime", uai=contexte.uai, acteur=contexte.personne_id,
            objet=edition.nom.rpartition(".")[0], details={"nombre": edition.nombre},
        )  # fmt: skip
        sortie.write(edition.contenu)
    a_l_ecran = sortie.name == "<stdout>"
    if en_json:
        dit = {"fichier": sortie.name, "document": edition.nom, "feuilles": edition.nombre}
        ecrire_json(dit, erreur=a_l_ecran)
    else:
        click.echo(f"{edition.nombre} feuilles dans {sortie.name}.", err=a_l_ecran)
