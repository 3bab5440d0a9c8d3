"""Ce que partagent les commandes : l'établissement, un jour."""

from __future__ import annotations

from datetime import date, datetime

import click

__all__ = ["etablissement", "jour"]

etablissement = click.option(
    "--etablissement", "uai", required=True, metavar="UAI", help="Code UAI de l'établissement."
)


def _jour(_contexte: click.Context, _option: click.Parameter, saisi: datetime | None) -> date | None:
    return saisi.date() if saisi else None


jour = click.option(
    "--jour",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_jour,
    metavar="AAAA-MM-JJ",
    help="Jour voulu ; par défaut, aujourd'hui.",
)
