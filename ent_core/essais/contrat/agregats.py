"""Aucun agrégat par agent : ce qui compte, dans les sources et dans les statistiques, ne compte personne.

L'auteur d'un acte est gardé pour la procédure (CARNET-14) ; le compter serait surveiller un agent (SURV-03).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.donnees import Lien
from ent_core.donnees.base import declaration

__all__ = ["agregats_par_agent", "colonnes_d_auteur"]

_FONCTIONS = frozenset({"count", "sum", "avg", "rank", "dense_rank", "row_number"})
"""Fonctions de ``sqlalchemy.func`` qui comptent ou classent."""

_GROUPENT = frozenset({"group_by", "Counter", "groupby", "defaultdict"})


def colonnes_d_auteur(brique: BriqueChargee) -> frozenset[str]:
    """Colonnes des tables de la brique qui disent qui a agi.

    :param brique: brique éprouvée.
    """
    return frozenset(
        sujet.colonne
        for table in brique.tables
        if (declaree := declaration(table)) is not None
        for sujet in declaree.sujets
        if sujet.lien is Lien.AUTEUR
    )


def agregats_par_agent(paquet: Path, brique: BriqueChargee) -> Iterator[tuple[str, str]]:
    """Ce qui compte et cite un auteur : où, et quelle colonne.

    :param paquet: dossier du paquet importable.
    :param brique: brique éprouvée.
    """
    auteurs = colonnes_d_auteur(brique)
    for statistique in brique.statistiques:
        for dimension in statistique.dimensions:
            if dimension.colonne in auteurs:
                yield f"statistique {statistique.cle}", dimension.colonne
    for fichier in sorted(paquet.rglob("*.py")):
        chemin = fichier.relative_to(paquet)
        if {"tests", "migrations"} & set(chemin.parts):
            continue
        for nom, unite in _unites(ast.parse(fichier.read_text(encoding="utf-8"))):
            if any(map(_compte, ast.walk(unite))):
                for colonne in sorted({c for noeud in ast.walk(unite) for c in _cites(noeud)} & auteurs):
                    yield f"{chemin.with_suffix('').as_posix()}:{nom}", colonne


def _unites(module: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Chaque fonction, chaque énoncé bâti à l'import ; une classe se regarde méthode par méthode."""
    for noeud in module.body:
        match noeud:
            case ast.ClassDef(name=vue, body=corps):
                yield from (
                    (f"{vue}.{dedans.name}", dedans)
                    for dedans in corps
                    if isinstance(dedans, ast.FunctionDef)
                )
            case ast.FunctionDef(name=nom) | ast.Assign(targets=[ast.Name(id=nom)]):
                yield nom, noeud
            case ast.AnnAssign(target=ast.Name(id=nom)):
                yield nom, noeud


def _compte(noeud: ast.AST) -> bool:
    match noeud:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="func"), attr=nom)):
            return nom in _FONCTIONS
        case ast.Call(func=ast.Attribute(attr=nom) | ast.Name(id=nom)):
            return nom in _GROUPENT
    return False


def _cites(noeud: ast.AST) -> Iterator[str]:
    match noeud:
        case ast.Attribute(attr=nom):
            yield nom
        case ast.Constant(value=str(nom)):
            yield nom
