"""Ce que les sources d'une brique montrent : où elle écrit hors des tables, si elle respecte les oppositions.

Une brique qui ouvre un fichier, journalise, met en cache ou diffère un travail laisse des données ailleurs :
son traitement doit le dire par un ``Depot``. Une brique qui demande si une personne s'oppose doit avoir
déclaré que l'on peut s'opposer, et celle qui l'a déclaré doit le demander.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ent_core.chargement.decouverte import BriqueChargee
from ent_core.contrat.donnees import NatureDepot

__all__ = ["Preuves", "fouiller"]

_MODULES: dict[str, NatureDepot] = {
    "logging": NatureDepot.JOURNAUX,
    "smtplib": NatureDepot.MESSAGES,
    "email": NatureDepot.MESSAGES,
    "urllib.request": NatureDepot.SERVICE_TIERS,
    "http.client": NatureDepot.SERVICE_TIERS,
    "socket": NatureDepot.SERVICE_TIERS,
    "httpx": NatureDepot.SERVICE_TIERS,
    "requests": NatureDepot.SERVICE_TIERS,
    "cachelib": NatureDepot.CACHE,
    "diskcache": NatureDepot.CACHE,
    "redis": NatureDepot.CACHE,
    "shelve": NatureDepot.FICHIERS,
    "shutil": NatureDepot.FICHIERS,
    "sqlite3": NatureDepot.FICHIERS,
    "tempfile": NatureDepot.FICHIERS,
}
"""Module importé → endroit où il laisse des données."""

_GESTES: dict[str, NatureDepot] = {
    "open": NatureDepot.FICHIERS,
    "write_bytes": NatureDepot.FICHIERS,
    "write_text": NatureDepot.FICHIERS,
    "lru_cache": NatureDepot.CACHE,
    "cached": NatureDepot.CACHE,
    "differer": NatureDepot.TRAVAUX,
}
"""Fonction ou méthode appelée → endroit où elle laisse des données."""

_OPPOSITION = frozenset({"opposee", "opposees"})
_HORS_DES_TABLES = ("ent_exporter_personne", "ent_effacer_personne")


@dataclass(frozen=True, slots=True)
class Preuves:
    """Ce que les sources montrent.

    :param natures: endroits, autres que les tables, où la brique écrit.
    :param hors_des_tables: elle exporte ou efface elle-même quelque chose : elle tient donc autre chose.
    :param oppositions: nombre d'endroits où elle demande si une personne s'oppose.
    :param papier: elle imprime une feuille pour qui s'oppose.
    """

    natures: frozenset[NatureDepot] = frozenset()
    hors_des_tables: bool = False
    oppositions: int = 0
    papier: bool = False


def fouiller(paquet: Path, brique: BriqueChargee) -> Preuves:
    """Fouille les modules d'une brique, essais et migrations mis à part.

    :param paquet: dossier du paquet importable.
    :param brique: brique chargée, pour ses crochets et ses tâches.
    """
    natures: set[NatureDepot] = set()
    oppositions = 0
    for fichier in sorted(paquet.rglob("*.py")):
        if {"tests", "migrations"} & set(fichier.relative_to(paquet).parts):
            continue
        for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
            natures.update(_natures(noeud))
            oppositions += isinstance(noeud, ast.Call) and _nom(noeud.func) in _OPPOSITION
    if brique.taches:
        natures.add(NatureDepot.TRAVAUX)
    dehors = any(hasattr(brique.greffon, crochet) for crochet in _HORS_DES_TABLES)
    papier = hasattr(brique.greffon, "ent_formulaire_papier")
    return Preuves(frozenset(natures), dehors, oppositions, papier)


def _natures(noeud: ast.AST) -> Iterator[NatureDepot]:
    match noeud:
        case ast.Import(names=noms):
            yield from (_MODULES[nom.name] for nom in noms if nom.name in _MODULES)
        case ast.ImportFrom(module=str(module), names=noms):
            entiers = [module, *(f"{module}.{nom.name}" for nom in noms)]
            yield from (_MODULES[entier] for entier in entiers if entier in _MODULES)
        case ast.Call(func=fonction) if _nom(fonction) in _GESTES:
            yield _GESTES[_nom(fonction)]


def _nom(fonction: ast.expr) -> str:
    if isinstance(fonction, ast.Attribute):
        return fonction.attr
    return fonction.id if isinstance(fonction, ast.Name) else ""
