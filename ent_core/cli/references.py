"""Les pages de référence, tirées du code : ce qui s'y lit est ce qui s'exécute."""

from __future__ import annotations

import dataclasses
import enum
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import FunctionType, NoneType, UnionType
from typing import Any, get_args

import click
import msgspec

import ent_core.brique as facade
from ent_core.chargement.decouverte import charger
from ent_core.cli import ent
from ent_core.cli.codes import codes, erreurs
from ent_core.contrat import crochets as module_crochets
from ent_core.contrat.roles import FONCTIONS_PROFILS, LIBELLES_PROFILS, LIBELLES_ROLES, Role, role_de
from ent_core.socle import configuration

__all__ = ["Documentation", "documentation", "pages"]

_ENTETE = "<!-- Page générée par « ent docs generer » : ne pas la modifier à la main. -->\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Documentation:
    """Ce que dit une chaîne de documentation.

    :param texte: tout ce qui précède les paramètres.
    :param parametres: nom → ce qu'il est.
    :param autres: valeurs rendues et erreurs levées, dans l'ordre.
    """

    texte: str
    parametres: dict[str, str]
    autres: tuple[tuple[str, str], ...]


def documentation(objet: Any) -> Documentation:
    """Lit la chaîne de documentation d'un objet.

    :param objet: module, classe ou fonction.
    """
    texte = inspect.cleandoc(objet.__doc__ or "")
    debut = re.search(r"^:\w+", texte, re.MULTILINE)
    avant, champs = (texte[: debut.start()], texte[debut.start() :]) if debut else (texte, "")
    lus = re.findall(r"^:(\w+)([^:]*):[ \n]+(.*?)(?=^:|\Z)", champs, re.MULTILINE | re.DOTALL)
    valeurs = [(genre, nom.strip(), re.sub(r"\s+", " ", dit).strip()) for genre, nom, dit in lus]
    return Documentation(
        _code(re.sub(r"(?<!\n)\n(?!\n)", " ", avant).strip()),
        {nom: _code(dit) for genre, nom, dit in valeurs if genre == "param"},
        tuple((nom or genre, _code(dit)) for genre, nom, dit in valeurs if genre in ("raises", "returns")),
    )


def pages() -> dict[str, str]:
    """Toutes les pages : nom de fichier → texte."""
    redigees: dict[str, Callable[[], Iterable[str]]] = {
        "anomalies.md": _anomalies,
        "commandes.md": _commandes,
        "configuration.md": _configuration,
        "crochets.md": _crochets,
        "facade.md": _facade,
        "permissions.md": _permissions,
        "roles.md": _roles,
    }
    return {nom: _ENTETE + "\n".join(rediger()).rstrip() + "\n" for nom, rediger in redigees.items()}


def _code(texte: str) -> str:
    """Du code à la manière de reStructuredText vers Markdown."""
    return texte.replace("``", "`")


def _tableau(entetes: Sequence[str], lignes: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(entetes) + " |"
    yield "|" + "---|" * len(entetes)
    for ligne in lignes:
        yield "| " + " | ".join(valeur.replace("|", "\\|").replace("\n", " ") for valeur in ligne) + " |"
    yield ""


# --- Crochets et façade ------------------------------------------------------------------------


def _crochets() -> Iterator[str]:
    yield f"# Crochets\n\n{documentation(module_crochets).texte}\n"
    for titre, fonctions in _phases():
        yield f"## {titre}\n"
        for fonction in fonctions:
            dit = documentation(fonction)
            yield f"### `{fonction.__name__}`\n\n```python\n{_signature(fonction)}\n```\n\n{dit.texte}\n"
            yield from (f"- `{nom}` : {texte}" for nom, texte in dit.parametres.items())
            if dit.parametres:
                yield ""


def _phases() -> Iterator[tuple[str, list[FunctionType]]]:
    """Crochets du module, sous les titres que ses commentaires leur donnent."""
    source = inspect.getsource(module_crochets)
    morceaux = re.split(r"^# --- (.+?) -+$", source, flags=re.MULTILINE)[1:]
    for titre, corps in zip(morceaux[::2], morceaux[1::2], strict=True):
        noms = re.findall(r"^def (ent_\w+)", corps, re.MULTILINE)
        yield titre, [getattr(module_crochets, nom) for nom in noms]


def _signature(fonction: Any) -> str:
    return f"def {fonction.__name__}{inspect.signature(fonction)}".replace("'", "")


def _facade() -> Iterator[str]:
    yield f"# Façade des briques\n\n{documentation(facade).texte}\n"
    yield "Dans ses essais, une brique peut aussi importer `ent_core.essais`.\n"
    groupes: dict[str, list[tuple[str, Any]]] = {}
    for nom in facade.__all__:
        objet = getattr(facade, nom)
        groupes.setdefault(_genre(objet), []).append((nom, objet))
    for genre in sorted(groupes):
        yield f"## {genre}\n"
        for nom, objet in groupes[genre]:
            yield from _nom_de_facade(nom, objet)


def _genre(objet: Any) -> str:
    if isinstance(objet, type):
        if issubclass(objet, Exception):
            return "Erreurs"
        return "Énumérations" if issubclass(objet, enum.Enum) else "Classes"
    return "Fonctions et décorateurs" if callable(objet) else "Valeurs"


def _nom_de_facade(nom: str, objet: Any) -> Iterator[str]:
    yield f"### `{nom}`\n"
    if isinstance(objet, FunctionType):
        yield f"```python\n{_signature(objet)}\n```\n"
    if not callable(objet):
        yield f"Vaut `{objet!r}`.\n"
        return
    dit = documentation(objet)
    yield f"{dit.texte}\n"
    if isinstance(objet, type) and issubclass(objet, enum.Enum):
        valeurs = [(m.name, str(m.value)) for m in objet]
        yield from _tableau(
            ("nom", "valeur"), [(f"`{nom}`", f"`{v}`" if v.isidentifier() else v) for nom, v in valeurs]
        )
        return
    noms = [c.name for c in dataclasses.fields(objet)] if dataclasses.is_dataclass(objet) else []
    lignes = [f"- `{p}` : {dit.parametres[p]}" if p in dit.parametres else f"- `{p}`" for p in noms]
    lignes += [f"- `{p}` : {texte}" for p, texte in dit.parametres.items() if p not in noms]
    lignes += [f"- `{p}` : {texte}" for p, texte in dit.autres]
    yield from lignes
    if lignes:
        yield ""


# --- Rôles et permissions ------------------------------------------------------------------------


def _roles() -> Iterator[str]:
    yield "# Rôles\n\nUn rôle se déduit du profil et de la fonction, ou s'attribue localement.\n"
    fonctions: dict[str, list[str]] = {}
    for fonction, profil in sorted(FONCTIONS_PROFILS.items()):
        role = role_de(profil, fonction)
        fonctions.setdefault(role.value if role else "", []).append(f"{profil.value}/{fonction}")
    for code in LIBELLES_PROFILS:
        role = role_de(code, None)
        fonctions.setdefault(role.value if role else "", []).insert(0, f"{code} sans fonction")
    yield from _tableau(
        ("rôle", "code", "profil et fonction dont il se déduit"),
        [
            (LIBELLES_ROLES[role], f"`{role.value}`", ", ".join(fonctions.get(role.value, ["local"])))
            for role in Role
        ],
    )
    yield "## Profils nationaux\n"
    lignes = [(f"`{code}`", libelle) for code, libelle in LIBELLES_PROFILS.items()]
    yield from _tableau(("profil", "libellé"), lignes)


def _permissions() -> Iterator[str]:
    yield "# Permissions du noyau\n"
    yield "Qui n'est pas nommé n'a rien. Une permission délégable peut l'être par le chef d'établissement.\n"
    for permission in charger([]).briques[0].permissions:
        delegable = " Délégable." if permission.delegable else ""
        yield f"## `{permission.cle}`\n\n{permission.libelle}.{delegable}\n"
        yield from _tableau(
            ("rôle", "périmètre"),
            [(LIBELLES_ROLES[role], str(portee)) for role, portee in permission.roles.items()],
        )


# --- Configuration et commandes ------------------------------------------------------------------


_PAR_CLE = ("fournisseurs", "services")
"""Sections qui portent une clé choisie par l'administrateur."""


def _configuration() -> Iterator[str]:
    yield "# Configuration\n"
    yield f"{documentation(configuration).texte}\n"
    yield "`ent configuration modele` écrit un fichier complet ; `ent configuration verifier` le relit.\n"
    racine = configuration.Configuration
    simples, sections = [], []
    for champ in msgspec.structs.fields(racine):
        structure = _structure(champ.type)
        sections.append((champ.name, structure)) if structure else simples.append(champ)
    yield from _reglages("En tête du fichier", racine, simples, "ENT_{cle}")
    for nom, structure in sections:
        titre = {"bascules": f"`[[{nom}]]`", **dict.fromkeys(_PAR_CLE, f"`[{nom}.<clé>]`")}.get(nom)
        variable = "" if titre else f"ENT_{nom}_{{cle}}"
        yield from _reglages(titre or f"`[{nom}]`", structure, _champs(structure), variable)


def _structure(annotation: Any) -> Any:
    for candidat in (annotation, *get_args(annotation)):
        if isinstance(candidat, type) and (
            issubclass(candidat, msgspec.Struct) or dataclasses.is_dataclass(candidat)
        ):
            return candidat
    return None


def _champs(structure: Any) -> Iterable[Any]:
    """Réglages d'une section, qu'elle soit du noyau ou du contrat (une classe de données)."""
    if issubclass(structure, msgspec.Struct):
        return msgspec.structs.fields(structure)
    types = inspect.get_annotations(structure, eval_str=True)
    return [
        msgspec.structs.FieldInfo(
            champ.name,
            champ.name,
            types[champ.name],
            msgspec.NODEFAULT if champ.default is dataclasses.MISSING else champ.default,
            msgspec.NODEFAULT if champ.default_factory is dataclasses.MISSING else champ.default_factory,
        )
        for champ in dataclasses.fields(structure)
        if champ.name != "secret"  # ne s'écrit pas dans le fichier
    ]


def _reglages(titre: str, structure: Any, champs: Iterable[Any], variable: str) -> Iterator[str]:
    dit = documentation(structure)
    alias = {chemin: nom for nom, chemin in configuration._ALIAS.items()}
    yield f"## {titre}\n\n{dit.texte}\n"
    lignes = []
    for champ in champs:
        section = titre.strip("`[]") if variable.count("_") > 1 else None
        nom = alias.get((section or "", champ.name)) or variable.format(cle=champ.name).upper()
        lignes.append(
            (
                f"`{champ.name}`",
                _type(champ.type),
                _defaut(champ),
                f"`{nom}`" if nom else "",
                dit.parametres.get(champ.name, ""),
            )
        )
    yield from _tableau(("clé", "type", "par défaut", "variable", "sens"), lignes)


def _type(annotation: Any) -> str:
    noms = {str: "texte", int: "entier", float: "nombre", bool: "vrai ou faux", NoneType: "rien"}
    if isinstance(annotation, UnionType):
        return " ou ".join(_type(a) for a in get_args(annotation) if a is not NoneType)
    if getattr(annotation, "__origin__", None) is tuple:
        return f"liste de {_type(get_args(annotation)[0])}s"
    if getattr(annotation, "__origin__", None) is dict:
        return "tables, par brique"
    return noms.get(annotation, "date" if annotation.__name__ == "date" else annotation.__name__)


def _defaut(champ: Any) -> str:
    if champ.default_factory is not msgspec.NODEFAULT:
        return "vide"
    if champ.default is msgspec.NODEFAULT:
        return "à donner"
    if champ.default is None or champ.default == "" or champ.default == ():
        return "vide"
    return f"`{str(champ.default).lower() if isinstance(champ.default, bool) else champ.default}`"


def _commandes() -> Iterator[str]:
    yield "# Commandes\n\nCodes de sortie : 0 fait, 1 refusé, 2 mauvais usage ou configuration, 3 base,"
    yield "4 adresse ou port d'écoute refusé, 5 une personne doit confirmer, 130 interrompu."
    yield "« ent importer » donne aussi les siens.\n"
    yield from _commande(click.Context(ent, info_name="ent"), ent)


def _commande(contexte: click.Context, commande: click.Command) -> Iterator[str]:
    chemin = contexte.command_path
    aide = re.sub(r"\s+", " ", inspect.cleandoc(commande.help or "")).strip()
    yield f"{'#' * min(2 + chemin.count(' '), 4)} `{chemin}`\n\n{aide}\n"
    if not isinstance(commande, click.Group):
        yield f"```\n{' '.join([chemin, *commande.collect_usage_pieces(contexte)])}\n```\n"
    options = [p for p in commande.params if isinstance(p, click.Option)]
    lignes = [
        (f"`{', '.join((*o.opts, *o.secondary_opts))}{'' if o.is_flag else ' ' + _valeur(o, contexte)}`",
         f"{(o.help or '').strip()}{_par_defaut(o)}")
        for o in options
    ]  # fmt: skip
    if lignes:
        yield from _tableau(("option", "sens"), lignes)
    if isinstance(commande, click.Group):
        for nom in commande.list_commands(contexte):
            sous = commande.get_command(contexte, nom)
            if sous is not None and not sous.hidden:
                yield from _commande(click.Context(sous, contexte, info_name=nom), sous)


def _valeur(option: click.Option, contexte: click.Context) -> str:
    if isinstance(option.type, click.Choice):
        return option.metavar or "|".join(map(str, option.type.choices))
    return option.make_metavar(contexte)


def _par_defaut(option: click.Option) -> str:
    if not option.show_default or callable(option.default) or option.default is None:
        return ""
    return f" Par défaut : {option.default}."


# --- Anomalies -----------------------------------------------------------------------------------


def _anomalies() -> Iterator[str]:
    yield "# Anomalies et erreurs\n"
    yield "`ent verifier` et `ent brique verifier` montrent toutes les anomalies d'un coup ; seule une erreur"
    yield "empêche de démarrer. « … » tient la place de ce que le message nomme.\n"
    for code, cas in codes().items():
        yield f"## `{code}`\n"
        for message, remede in cas:
            dit = _marquer(f"{message[:1].upper()}{message[1:]}")
            yield f"- {dit}.  \n  Que faire : {_marquer(remede)}.\n"
    yield "## Erreurs montrées aux personnes\n"
    yield from _tableau(
        ("code", "statut HTTP", "sens"),
        [(f"`{code}`", str(statut), _code(sens)) for code, statut, sens in erreurs()],
    )


def _marquer(texte: str) -> str:
    """Met en code ce qui en est : appels, clés, noms soulignés."""
    return re.sub(r"@?\b\w+=?\([^()]*\)|@\w+|\b\w*_\w+\b(?:…)?|\[\w+\] \w+|\b\w+\.\w+\b", r"`\g<0>`", texte)
