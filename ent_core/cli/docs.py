"""``ent docs`` : refaire les pages de référence, tirées du code."""

from __future__ import annotations

from pathlib import Path

import click

from ent_core.cli.groupes import Groupe
from ent_core.cli.sortie import ecrire_json, option_json

__all__ = ["docs"]


@click.group(cls=Groupe)
def docs() -> None:
    """La documentation générée."""


@docs.command()
@click.option(
    "--dossier",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("docs/reference"),
    show_default=True,
    help="Dossier des pages.",
)
@option_json
def generer(dossier: Path, en_json: bool) -> None:
    """Refait les pages de référence ; ne touche pas à celles qui sont à jour."""
    from ent_core.cli.references import pages

    dossier.mkdir(parents=True, exist_ok=True)
    changees = []
    for nom, texte in pages().items():
        fichier = dossier / nom
        if not fichier.is_file() or fichier.read_text(encoding="utf-8") != texte:
            fichier.write_text(texte, encoding="utf-8")
            changees.append(nom)
    if en_json:
        ecrire_json({"changees": changees})
    else:
        click.echo(f"Pages refaites : {', '.join(changees)}." if changees else "Tout est à jour.")
