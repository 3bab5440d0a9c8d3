"""Ce que partagent les commandes : l'établissement, un jour, une sortie en JSON."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

import click
from ent_core.brique import Contexte, Role, annee_scolaire, expediteur
from sqlalchemy.orm import Session

__all__ = ["contexte_de_commande", "ecrire_json", "en_json", "etablissement", "jour"]

etablissement = click.option(
    "--etablissement", "uai", required=True, metavar="UAI", help="Code UAI de l'établissement."
)
en_json = click.option("--json", "en_json", is_flag=True, help="Écrire du JSON.")


def _jour(_contexte: click.Context, _option: click.Parameter, saisi: datetime | None) -> date | None:
    return saisi.date() if saisi else None


jour = click.option(
    "--jour",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_jour,
    metavar="AAAA-MM-JJ",
    help="Jour voulu ; par défaut, aujourd'hui.",
)


def ecrire_json(valeur: Any, *, erreur: bool = False) -> None:  # noqa: ANN401 - ce que JSON sait dire
    """Écrit du JSON.

    :param valeur: valeur ; dates et identifiants deviennent du texte.
    :param erreur: sur la sortie d'erreur, quand l'autre porte déjà un document.
    """
    click.echo(json.dumps(valeur, ensure_ascii=False, indent=2, default=str), err=erreur)


def contexte_de_commande(session: Session, uai: str, jour: date) -> Contexte:
    """Qui a la main sur le serveur imprime comme la direction ; aucune personne n'est désignée.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param jour: aujourd'hui.
    """
    return Contexte(
        compte_id=UUID(int=0), personne_id=UUID(int=0), uai=uai,
        etablissement_nom=expediteur(session, uai).nom, profil="", jour=jour, annee=annee_scolaire(jour),
        roles=frozenset({Role.DIRECTION}),
    )  # fmt: skip
