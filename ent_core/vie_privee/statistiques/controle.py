"""Le contrôle des statistiques déclarées : avant qu'une seule ligne ne soit comptée."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Date, DateTime, Enum, Integer, String, Table

from ent_core.contrat.donnees import Categorie, Donnee, Lien, Traitement
from ent_core.contrat.interface import Portee
from ent_core.contrat.resultats import Anomalie
from ent_core.contrat.statistiques import Dimension, Statistique
from ent_core.donnees.base import declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.controle_colonnes import LONGUEUR_CODE
from ent_core.vie_privee.registre import DeclarationBrique

__all__ = ["SEUIL_DEHORS", "concerne", "controler_statistiques", "par_division"]

SEUIL_DEHORS = 5
"""Plus petit effectif d'un nombre qui sort de l'établissement."""

_SEUIL = 3
_MODALITES = 60
_INTERDITES = frozenset(
    {Categorie.IDENTITE, Categorie.IDENTIFIANT, Categorie.COORDONNEES, Categorie.SANTE, Categorie.SENSIBLE}
)
"""Ce par quoi l'on ne répartit pas : ce qui désigne quelqu'un, ce dont le seul total est déjà trop dire."""


def controler_statistiques(
    declarations: Sequence[tuple[DeclarationBrique, Sequence[Statistique]]],
) -> Iterator[Anomalie]:
    """Contrôle toutes les statistiques d'une instance.

    :param declarations: ce que chaque brique déclare de ses données, et ses statistiques.
    """
    cles: set[str] = set()
    tables: set[str] = set()
    for d, statistiques in declarations:
        for s in statistiques:
            lieu = f"brique {d.brique}, statistique {s.cle}"
            if not s.cle.startswith(f"{d.brique}."):
                yield Anomalie(
                    "STATISTIQUE-001",
                    lieu,
                    "sa clé ne commence pas par l'identifiant de la brique",
                    f"la nommer « {d.brique}.… »",
                )
            if s.cle in cles or s.table in tables:
                yield Anomalie(
                    "STATISTIQUE-002",
                    lieu,
                    "sa clé est prise, ou sa table a déjà une statistique : leurs totaux se trahiraient",
                    "une clé par statistique, et une statistique par table ; lui donner deux dimensions",
                )
            cles.add(s.cle)
            tables.add(s.table)
            yield from _controler(d, s, lieu)


def _controler(d: DeclarationBrique, s: Statistique, lieu: str) -> Iterator[Anomalie]:
    traitement = next((t for t in d.traitements if t.cle == s.traitement), None)
    table = next((t for t in d.tables if t.name == s.table), None)
    declaree = declaration(table) if table is not None else None
    if traitement is None or table is None or declaree is None or declaree.traitement != s.traitement:
        yield Anomalie(
            "STATISTIQUE-003",
            lieu,
            f"la table « {s.table} » ne relève pas d'un traitement « {s.traitement} » de cette brique",
            "nommer une table de la brique, et le traitement dont elle relève",
        )
        return
    if declaree.cloisonnement is None or not declaree.cloisonnement.par_uai or concerne(table) is None:
        yield Anomalie(
            "STATISTIQUE-004",
            lieu,
            "sa table n'est pas d'un établissement, ou ne mène pas à la personne concernée",
            "compter une table cloisonnée, dont un sujet est propriétaire par une colonne de la table",
        )
    yield from _portee(s, traitement, table, lieu)
    jour = table.columns.get(s.jour)
    if jour is None or jour.nullable or not isinstance(jour.type, Date | DateTime):
        yield Anomalie(
            "STATISTIQUE-006",
            f"{lieu}, colonne {s.jour}",
            "la colonne qui date n'existe pas, n'est pas une date, ou peut manquer",
            "nommer une colonne de date toujours remplie : le fait tombe dans une seule période",
        )
    if not 1 <= len(s.dimensions) <= 2 or len({x.colonne for x in s.dimensions}) != len(s.dimensions):
        yield Anomalie(
            "STATISTIQUE-007",
            lieu,
            f"{len(s.dimensions)} dimensions : au-delà de deux, la protection ne se calcule plus exactement",
            "donner une ou deux dimensions différentes",
        )
    for dimension in s.dimensions:
        yield from _dimension(table, dimension, f"{lieu}, dimension {dimension.colonne}")


def _portee(s: Statistique, traitement: Traitement, table: Table, lieu: str) -> Iterator[Anomalie]:
    dehors = s.portee is Portee.ACADEMIE
    if s.portee not in (Portee.ETABLISSEMENT, Portee.ACADEMIE) or traitement.seuil < (
        SEUIL_DEHORS if dehors else _SEUIL
    ):
        yield Anomalie(
            "STATISTIQUE-005",
            lieu,
            f"portée « {s.portee} » et seuil {traitement.seuil} ne vont pas ensemble",
            f"portée établissement, seuil d'au moins {_SEUIL} ; ou académie, d'au moins {SEUIL_DEHORS}",
        )
    if dehors and len(s.dimensions) == 2 and par_division(table, s.dimensions[1]):
        yield Anomalie(
            "STATISTIQUE-005",
            lieu,
            "les divisions de toute l'académie en colonnes",
            "mettre la division en première dimension",
        )


def _dimension(table: Table, dimension: Dimension, lieu: str) -> Iterator[Anomalie]:
    colonne = table.columns.get(dimension.colonne)
    if colonne is None:
        yield Anomalie(
            "STATISTIQUE-008", lieu, "cette colonne n'existe pas", "nommer une colonne de la table"
        )
        return
    if par_division(table, dimension):
        if dimension.modalites:
            yield Anomalie(
                "STATISTIQUE-010",
                lieu,
                "des modalités pour une division, qui a celles de l'année",
                "ôter modalites=(…)",
            )
        return
    refus = _refus(table, colonne)
    if refus is not None:
        yield Anomalie(
            "STATISTIQUE-009",
            lieu,
            f"on ne peut pas répartir par cette colonne : {refus}",
            "répartir par un code d'une liste fermée, par un oui ou non, ou par la division",
        )
    yield from _modalites(dimension.modalites, lieu)


def _modalites(modalites: Sequence[tuple[str | int, str]], lieu: str) -> Iterator[Anomalie]:
    codes = [code for code, _ in modalites]
    if not 2 <= len(codes) <= _MODALITES or len(set(codes)) != len(codes) or "" in codes:
        yield Anomalie(
            "STATISTIQUE-010",
            lieu,
            f"{len(codes)} modalités, ou deux fois la même : la liste n'est pas fermée",
            f"donner de 2 à {_MODALITES} valeurs différentes et leur intitulé",
        )


def _refus(table: Table, colonne: Column[Any]) -> str | None:
    """Pourquoi l'on ne peut pas répartir par cette colonne."""
    declaree = declaration_colonne(colonne)
    sujets = {sujet.colonne for sujet in getattr(declaration(table), "sujets", ())}
    vers_personne = any(cle.target_fullname == "personne.id" for cle in colonne.foreign_keys)
    if colonne.name in sujets or vers_personne:
        return "elle désigne une personne : un nombre par personne n'est pas une statistique (SURV-03)"
    if colonne.primary_key:
        return "elle fait partie de la clé de la table"
    if isinstance(declaree, Donnee):
        if declaree.libre or declaree.chiffree or declaree.cles:
            return "c'est un texte libre, un contenu chiffré ou un JSON"
        if declaree.categorie in _INTERDITES:
            return f"sa catégorie est « {declaree.categorie} »"
    type_ = colonne.type
    court = isinstance(type_, String) and (
        isinstance(type_, Enum) or (type_.length is not None and type_.length <= LONGUEUR_CODE)
    )
    if not (court or isinstance(type_, Boolean | Integer)):
        return "ce n'est ni un code court, ni un oui ou non, ni un petit entier"
    return None


def concerne(table: Table) -> str | None:
    """Colonne de la personne dont parle une ligne ; ``None`` si la table n'y mène pas d'elle-même.

    :param table: table déclarée.
    """
    declaree = declaration(table)
    for sujet in declaree.sujets if declaree else ():
        if sujet.lien is Lien.PROPRIETAIRE and not sujet.par:
            return sujet.colonne
    return None


def par_division(table: Table, dimension: Dimension) -> bool:
    """Vrai si cette dimension est la division.

    :param table: table comptée.
    :param dimension: dimension.
    """
    colonne = table.columns.get(dimension.colonne)
    return colonne is not None and any(c.target_fullname == "division.id" for c in colonne.foreign_keys)
