"""Les actes qu'une brique inscrit au journal, lus dans ses sources : chacun doit avoir sa phrase."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ent_core.chargement.decouverte import BriqueChargee

__all__ = ["ActeInscrit", "actes_inscrits", "ecarts_du_journal"]

_RANG = 2
"""Rang de l'acte parmi les arguments de ``consigner``."""


@dataclass(frozen=True, slots=True)
class ActeInscrit:
    """Un appel à ``consigner``.

    :param ou: module et ligne.
    :param actes: noms possibles ; vide, s'ils ne se lisent pas dans le module.
    :param details: détails donnés ; ``None``, s'ils ne s'y lisent pas.
    """

    ou: str
    actes: frozenset[str]
    details: frozenset[str] | None


def actes_inscrits(paquet: Path) -> Iterator[ActeInscrit]:
    """Chaque appel à ``consigner`` d'une brique, essais et migrations mis à part.

    Un nom donné par une variable ou un paramètre se cherche dans le même module.

    :param paquet: dossier du paquet importable.
    """
    for fichier in sorted(paquet.rglob("*.py")):
        chemin = fichier.relative_to(paquet)
        if {"tests", "migrations"} & set(chemin.parts):
            continue
        module = ast.parse(fichier.read_text(encoding="utf-8"))
        fonctions = {f.name: f for f in ast.walk(module) if isinstance(f, ast.FunctionDef)}
        for nom, fonction in fonctions.items():
            for appel in _appels(fonction, "consigner"):
                acte = _argument(appel, _RANG, "acte")
                actes = frozenset(_noms(acte, fonction, fonctions, {nom})) if acte else frozenset()
                yield ActeInscrit(f"{chemin.as_posix()}:{appel.lineno}", actes, _details(appel))


def ecarts_du_journal(paquet: Path, brique: BriqueChargee) -> Iterator[str]:
    """Ce qui manque pour que le journal se lise : phrase absente, inutile, ou détail qu'elle n'a pas.

    :param paquet: dossier du paquet importable.
    :param brique: brique éprouvée.
    """
    dits = {dit.acte: dit for dit in brique.actes}
    vus: set[str] = set()
    for inscription in actes_inscrits(paquet):
        vus |= inscription.actes
        if not inscription.actes:
            yield f"{inscription.ou} : l'acte ne se lit pas ; l'écrire en toutes lettres dans ce module"
        for acte in sorted(inscription.actes):
            dit = dits.get(acte)
            if not acte.startswith(f"{brique.id}."):
                yield f"{inscription.ou} : « {acte} » n'est pas au nom de la brique ({brique.id}.…)"
            elif dit is None:
                yield f"{inscription.ou} : « {acte} » n'a pas de phrase ; l'ajouter à ent_actes_du_journal"
            elif inscription.details is not None and (trop := sorted(dit.details - inscription.details)):
                yield f"{inscription.ou} : la phrase de « {acte} » emploie {trop}, que l'acte ne donne pas"
    for acte in sorted(dits.keys() - vus):
        yield f"ent_actes_du_journal : « {acte} » n'est inscrit nulle part ; ôter sa phrase"


def _appels(dans: ast.AST, nom: str) -> Iterator[ast.Call]:
    for noeud in ast.walk(dans):
        if isinstance(noeud, ast.Call) and isinstance(noeud.func, ast.Name) and noeud.func.id == nom:
            yield noeud


def _argument(appel: ast.Call, rang: int, nom: str) -> ast.expr | None:
    if rang < len(appel.args):
        return appel.args[rang]
    return next((cle.value for cle in appel.keywords if cle.arg == nom), None)


def _noms(
    valeur: ast.expr, dans: ast.FunctionDef, fonctions: Mapping[str, ast.FunctionDef], vues: set[str]
) -> Iterator[str]:
    """Textes qu'une expression peut valoir : constantes, affectations, ce que donnent les appelants."""
    if not isinstance(valeur, ast.Name):
        constantes = (n.value for n in ast.walk(valeur) if isinstance(n, ast.Constant))
        yield from (texte for texte in constantes if isinstance(texte, str))
        return
    for noeud in ast.walk(dans):
        if isinstance(noeud, ast.Assign) and any(_est(cible, valeur.id) for cible in noeud.targets):
            yield from _noms(noeud.value, dans, fonctions, vues)
    parametres = [*dans.args.posonlyargs, *dans.args.args]
    rangs = {p.arg: rang for rang, p in enumerate(parametres)} | {p.arg: 99 for p in dans.args.kwonlyargs}
    if valeur.id not in rangs:
        return
    for nom, appelante in fonctions.items():
        for appel in _appels(appelante, dans.name):
            donnee = _argument(appel, rangs[valeur.id], valeur.id)
            if donnee is not None and nom not in vues:
                yield from _noms(donnee, appelante, fonctions, vues | {nom})


def _est(cible: ast.expr, nom: str) -> bool:
    return isinstance(cible, ast.Name) and cible.id == nom


def _details(appel: ast.Call) -> frozenset[str] | None:
    donnes = _argument(appel, 99, "details")
    if donnes is None:
        return frozenset()
    if not isinstance(donnes, ast.Dict) or not all(isinstance(cle, ast.Constant) for cle in donnes.keys):
        return None
    return frozenset(str(cle.value) for cle in donnes.keys if isinstance(cle, ast.Constant))
