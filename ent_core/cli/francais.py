"""Les mots de click, en français.

click fait passer ses phrases par ``gettext`` et n'en livre aucune traduction. Un catalogue ``gettext``
serait un fichier binaire, et ne servirait qu'aux machines réglées en français : les phrases sont ici, pour
toutes. Un essai relit les sources de click : une phrase qu'il aurait changée s'y voit.
"""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["PHRASES", "parler_francais"]

PHRASES = {
    # Aide
    "Usage:": "Usage :",
    "Options": "Options\u00a0",
    "Commands": "Commandes",
    "Positional arguments": "Arguments\u00a0",
    "Show this message and exit.": "Montrer cette aide.",
    "Show the version and exit.": "Montrer la version.",
    "default: {default}": "par défaut : {default}",
    "required": "obligatoire",
    "env var: {var}": "variable : {var}",
    "(dynamic)": "(selon le cas)",
    "deprecated": "abandonné",
    "file": "fichier",
    "directory": "dossier",
    "path": "chemin",
    # Mauvais usage
    "Error: {message}": "Erreur : {message}",
    "Try '{command} {option}' for help.": "« {command} {option} » donne l'aide.",
    "Missing command.": "Il manque une commande.",
    "Missing argument": "Il manque l'argument",
    "Missing option": "Il manque l'option",
    "Missing parameter": "Il manque",
    "Missing parameter: {param_name}": "Il manque : {param_name}",
    "Missing {param_type}": "Il manque : {param_type}",
    "Choose from:\n\t{choices}": "Au choix :\n\t{choices}",
    "No such option {name!r}.": "L'option « {name} » n'existe pas.",
    "No such command {name!r}.": "La commande « {name} » n'existe pas.",
    "Did you mean {possibility}?": "Vouliez-vous dire {possibility} ?",
    "(Did you mean one of: {possibilities}?)": "Vouliez-vous dire l'une de celles-ci : {possibilities} ?",
    "Option {name!r} does not take a value.": "L'option « {name} » ne prend pas de valeur.",
    "Option {name!r} requires an argument.": "L'option « {name} » demande une valeur.",
    "Option {name!r} requires {nargs} arguments.": "L'option « {name} » demande {nargs} valeurs.",
    "Argument {name!r} takes {nargs} values.": "L'argument « {name} » prend {nargs} valeurs.",
    "Takes {nargs} values but 1 was given.": "Il faut {nargs} valeurs, une seule est donnée.",
    "Takes {nargs} values but {len} were given.": "Il faut {nargs} valeurs, {len} sont données.",
    "Got unexpected extra argument ({args})": "Cet argument est de trop : {args}.",
    "Got unexpected extra arguments ({args})": "Ces arguments sont de trop : {args}.",
    # Mauvaise valeur
    "Invalid value: {message}": "Valeur refusée : {message}",
    "Invalid value for {param_hint}: {message}": "Valeur refusée pour {param_hint} : {message}",
    "{value!r} is not {choice}.": "« {value} » n'est pas {choice}.",
    "{value!r} is not one of {choices}.": "« {value} » n'en est pas ; au choix : {choices}.",
    "{value!r} is not a valid {number_type}.": "« {value} » n'est pas un {number_type}.",
    "{value} is not in the range {range}.": "{value} sort des bornes : {range}.",
    "{value!r} is not a valid UUID.": "« {value} » n'est pas un identifiant.",
    "{value!r} does not match the format {format}.": "« {value} » n'est pas un jour ; l'écrire ainsi :"
    " 2026-09-01.",
    "{value!r} does not match the formats {formats}.": "« {value} » n'est ni un jour ni un instant ;"
    " les écrire ainsi : 2026-09-01, ou 2026-09-01T14:30.",
    "{name} {filename!r} does not exist.": "{name} introuvable : « {filename} ».",
    "{name} {filename!r} is a file.": "« {filename} » est un fichier, pas un dossier.",
    "{name} {filename!r} is a directory.": "« {filename} » est un dossier, pas un fichier.",
    "{name} {filename!r} is not readable.": "« {filename} » ne peut pas être lu : voir ses droits.",
    "{name} {filename!r} is not writable.": "« {filename} » ne peut pas être écrit : voir ses droits.",
    "{name} {filename!r} is not executable.": "« {filename} » ne peut pas être exécuté : voir ses droits.",
    "Could not open file {filename!r}: {message}": "Le fichier « {filename} » ne s'ouvre pas : {message}",
    "unknown error": "cause inconnue",
    # Questions
    "Do you want to continue?": "Continuer ?",
    "Confirm the action without prompting.": "Confirmer sans poser la question.",
    "Repeat for confirmation": "Encore une fois, pour confirmer",
    "Error: The two entered values do not match.": "Erreur : les deux saisies diffèrent.",
    "Error: invalid input": "Erreur : réponse non comprise",
    "Press any key to continue...": "Appuyer sur une touche…",
    "Aborted!": "Interrompu.",
    "d": "j",
}
"""Phrase de click → phrase dite ; click remplit les accolades. Y manquent celles que seul lit un auteur."""

_MODULES = ("_termui_impl", "core", "decorators", "exceptions", "formatting", "parser", "termui", "types")


def parler_francais() -> None:
    """Remplace les phrases de click, et le nom des types qu'il montre, dans tout le processus."""
    for nom in _MODULES:
        module = import_module(f"click.{nom}")
        for fonction, dite in (("_", _dire), ("ngettext", _accorder)):
            if hasattr(module, fonction):
                setattr(module, fonction, dite)
    click.STRING.name = "texte"
    click.INT.name = "entier"
    click.FLOAT.name = "nombre"
    click.BOOL.name = "oui ou non"
    click.IntRange.name = "entier"
    click.FloatRange.name = "nombre"
    setattr(click.DateTime, "get_metavar", _forme)  # noqa: B010 - une méthode remplacée, ce que mypy défend


def _forme(dates: click.DateTime, param: click.Parameter, ctx: click.Context) -> str:
    """« AAAA-MM-JJ », et non « %Y-%m-%d »."""
    texte = "|".join(dates.formats)
    for code, lettres in (("%Y", "AAAA"), ("%m", "MM"), ("%d", "JJ"), ("%H", "hh"), ("%M", "mm")):
        texte = texte.replace(code, lettres)
    return texte


def _dire(phrase: str) -> str:
    return PHRASES.get(phrase, phrase)


def _accorder(une: str, plusieurs: str, nombre: int) -> str:
    return _dire(une if nombre < 2 else plusieurs)
