"""Un groupe de commandes qui n'importe un module qu'au moment de l'exécuter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

__all__ = ["GroupeParesseux"]


class GroupeParesseux(click.Group):
    """Groupe dont les commandes sont nommées sans être importées.

    :param commandes: nom → (``module:objet``, résumé d'une ligne).
    :param autrement: cherche une commande que ce groupe ne nomme pas (celles des briques).
    """

    def __init__(
        self,
        *args: Any,
        commandes: Mapping[str, tuple[str, str]],
        autrement: Callable[[str], click.Command | None] = lambda _nom: None,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._paresseuses = dict(commandes)
        self._autrement = autrement

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self._paresseuses, *super().list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self._paresseuses:
            module, _, nom = self._paresseuses[cmd_name][0].partition(":")
            commande: click.Command = getattr(import_module(module), nom)
            return commande
        return super().get_command(ctx, cmd_name) or self._autrement(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            proches = get_close_matches(args[0], self.list_commands(ctx), n=1)
            indice = f" Vouliez-vous dire « {proches[0]} » ?" if proches else ""
            raise click.UsageError(f"La commande « {args[0]} » n'existe pas.{indice}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        lignes = [
            (
                nom,
                self._paresseuses[nom][1]
                if nom in self._paresseuses
                else (self.get_command(ctx, nom) or click.Command(nom)).get_short_help_str(),
            )
            for nom in self.list_commands(ctx)
        ]
        with formatter.section("Commandes"):
            formatter.write_dl(lignes)
