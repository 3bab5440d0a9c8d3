"""Les groupes de commandes : une aide entière, et des modules importés seulement quand on les exécute."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

__all__ = ["Groupe", "GroupeParesseux"]


class Groupe(click.Group):
    """Groupe dont l'aide dit en entier la première phrase de chaque commande, au lieu de la couper.

    Ses sous-groupes en sont aussi.
    """

    group_class = type

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        commande = "[COMMANDE]" if self.invoke_without_command else "COMMANDE"
        self.subcommand_metavar = f"{commande} [ARGUMENTS]..."

    def resumes(self, ctx: click.Context) -> Iterator[tuple[str, str]]:
        """Chaque commande montrée, et ce qu'elle fait.

        :param ctx: contexte de l'aide demandée.
        """
        for nom in self.list_commands(ctx):
            commande = self.get_command(ctx, nom)
            if commande is not None and not commande.hidden:
                yield nom, commande.get_short_help_str(limit=1000)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commandes\u00a0"):
            formatter.write_dl(list(self.resumes(ctx)))


class GroupeParesseux(Groupe):
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

    def resumes(self, ctx: click.Context) -> Iterator[tuple[str, str]]:
        yield from ((nom, resume) for nom, (_, resume) in sorted(self._paresseuses.items()))
