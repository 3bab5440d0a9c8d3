"""Ce que les commandes écrivent : un tableau pour une personne, du JSON pour un programme."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import click

from ent_core.chargement.sortie import ecrire_json, option_json
from ent_core.contrat.resultats import Anomalie
from ent_core.socle.calendrier import FUSEAU

__all__ = [
    "A_CONFIRMER",
    "confirmer",
    "dire",
    "ecrire_anomalies",
    "ecrire_json",
    "ecrire_tableau",
    "option_json",
    "progression",
    "resume",
]

A_CONFIRMER = 5
"""Code de sortie : rien n'est fait, une personne doit confirmer."""


def confirmer(demande: object, question: str) -> None:
    """Demande à la personne, si elle est là ; sinon, dit ce qu'il faut confirmer et sort (code 5).

    :param demande: ce qui est à confirmer, et comment le faire sans personne.
    :param question: question posée ; ne rien répondre vaut non.
    """
    click.echo(f"Confirmation demandée {demande}", err=True)
    if not (sys.stdin.isatty() and _oui(question)):
        sys.exit(A_CONFIRMER)


def _oui(question: str) -> bool:
    """click ne connaît que « y » et « n »."""
    reponse = click.prompt(f"{question} [o/N]", default="", show_default=False, prompt_suffix=" ")
    return str(reponse).strip().lower() in ("o", "oui")


def dire(phrase: str, en_json: bool, **valeurs: Any) -> None:
    """Dit ce qui est fait : une phrase pour une personne, ses valeurs pour un programme.

    :param phrase: ce qui est fait.
    :param en_json: vrai pour du JSON.
    :param valeurs: ce que la phrase dit, par clé.
    """
    if en_json:
        ecrire_json(valeurs)
    else:
        click.echo(phrase)


def ecrire_tableau(
    titre: str, colonnes: Sequence[str], lignes: Sequence[Sequence[Any]], *, en_json: bool, vide: str
) -> None:
    """Écrit une liste, en tableau ou en JSON.

    :param titre: titre du tableau.
    :param colonnes: noms ; ce sont aussi les clés du JSON.
    :param lignes: une suite de valeurs par ligne.
    :param en_json: vrai pour du JSON.
    :param vide: ce qui est dit quand il n'y a rien.
    """
    if en_json:
        ecrire_json([dict(zip(colonnes, ligne, strict=True)) for ligne in lignes])
        return
    if not lignes:
        click.echo(vide)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    tableau = Table(title=titre, title_justify="left", header_style="bold")
    for colonne in colonnes:
        tableau.add_column(colonne)
    for ligne in lignes:
        tableau.add_row(*(escape(_cellule(valeur)) for valeur in ligne))
    Console(width=None if sys.stdout.isatty() else 160).print(tableau)


def _cellule(valeur: Any) -> str:
    """Un jour et une heure se lisent comme en France, à l'heure de Paris ; ce qui manque reste vide."""
    if isinstance(valeur, datetime):
        return f"{valeur.astimezone(FUSEAU):%d/%m/%Y %H:%M}"
    if isinstance(valeur, date):
        return f"{valeur:%d/%m/%Y}"
    return "" if valeur is None else str(valeur)


def ecrire_anomalies(anomalies: Sequence[Anomalie], *, en_json: bool) -> None:
    """Écrit toutes les anomalies : code, lieu, message, remède.

    :param anomalies: anomalies trouvées.
    :param en_json: vrai pour du JSON.
    """
    if en_json:
        ecrire_json(
            [
                {
                    "code": a.code,
                    "niveau": a.niveau.value,
                    "lieu": a.lieu,
                    "message": a.message,
                    "remede": a.remede,
                }
                for a in anomalies
            ]
        )
        return
    for a in anomalies:
        click.echo(f"{a.niveau.value.upper()} {a.code}  {a.lieu}")
        click.echo(f"    {a.message}.")
        click.echo(f"    → {a.remede}.")
    click.echo("Tout est en ordre." if not anomalies else f"{len(anomalies)} anomalie(s).")


@contextmanager
def progression(libelle: str) -> Iterator[Callable[[str, int, int], None]]:
    """Barre de progression sur un terminal, silence ailleurs.

    :param libelle: ce qui se fait.
    :returns: fonction ``(étape, fait, total)``.
    """
    if not sys.stderr.isatty():
        yield lambda _etape, _fait, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    colonnes = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*colonnes, console=Console(stderr=True), transient=True) as barre:
        taches: dict[str, Any] = {}

        def avancer(etape: str, fait: int, total: int) -> None:
            if etape not in taches:
                taches[etape] = barre.add_task(f"{libelle} : {etape}", total=total or None)
            barre.update(taches[etape], completed=fait, total=total or None)

        yield avancer


def resume(valeurs: Mapping[str, Any]) -> str:
    """« 3 créés, 2 modifiés » : les valeurs non nulles, dans l'ordre.

    :param valeurs: libellé → nombre.
    """
    return ", ".join(f"{nombre} {libelle}" for libelle, nombre in valeurs.items() if nombre) or "rien"
