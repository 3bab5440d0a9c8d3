"""Ce qu'un traitement enregistre, lu dans ses tables et ses colonnes déclarées."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from ent_core.contrat.donnees import Categorie, Donnee
from ent_core.donnees.base import Base, declaration
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.vie_privee.publication import phrases
from ent_core.vie_privee.registre import Registre

__all__ = ["ColonneLue", "Contenu", "contenus", "fichiers"]

_SENSIBLES = frozenset({Categorie.SANTE, Categorie.SENSIBLE})


@dataclass(frozen=True, slots=True)
class ColonneLue:
    """Une donnée déclarée, et où elle se trouve."""

    table: str
    nom: str
    donnee: Donnee

    def __str__(self) -> str:
        marques = [
            *(("texte libre",) if self.donnee.libre else ()),
            *(("chiffrée",) if self.donnee.chiffree else ()),
            *((f"clés : {', '.join(map(_dire, self.donnee.cles))}",) if self.donnee.cles else ()),
        ]
        return _dire(self.nom) + (f" ({', '.join(marques)})" if marques else "")


@dataclass(frozen=True, slots=True)
class Contenu:
    """Les tables et les colonnes d'un traitement.

    :param tables: nom → ce qu'une ligne est, d'après sa documentation.
    :param colonnes: données, dans l'ordre des tables.
    :param cloisonnement: comment les établissements y sont séparés.
    :param ajout_seul: tables que l'application ne peut que compléter.
    """

    tables: Mapping[str, str]
    colonnes: tuple[ColonneLue, ...]
    cloisonnement: tuple[str, ...]
    ajout_seul: tuple[str, ...]

    @property
    def enregistrements(self) -> list[str]:
        """Une phrase par table."""
        return [f"{_dire(nom)} : {dit}" if dit else _dire(nom) for nom, dit in self.tables.items()]

    @property
    def categories(self) -> list[Categorie]:
        """Catégories présentes, dans l'ordre de leur déclaration."""
        presentes = {colonne.donnee.categorie for colonne in self.colonnes}
        return [categorie for categorie in Categorie if categorie in presentes]

    @property
    def chiffrees(self) -> list[str]:
        """Colonnes chiffrées."""
        return [_dire(c.nom) for c in self.colonnes if c.donnee.chiffree]

    @property
    def restreintes(self) -> list[str]:
        """Colonnes que tous les destinataires ne lisent pas."""
        return [
            f"{_dire(c.nom)} : réservé à {phrases.roles(c.donnee.pour)}"
            for c in self.colonnes
            if c.donnee.pour
        ]

    def lignes(self, *, sensibles: bool = False) -> list[str]:
        """« identité : nom, prenom, naissance », une ligne par catégorie.

        :param sensibles: les seules catégories sensibles.
        """
        rendues = []
        for categorie in self.categories:
            if sensibles and categorie not in _SENSIBLES:
                continue
            noms = dict.fromkeys(str(c) for c in self.colonnes if c.donnee.categorie is categorie)
            rendues.append(f"{categorie} : {', '.join(noms)}")
        return rendues


def contenus(registre: Registre) -> dict[str, Contenu]:
    """Contenu de chaque traitement, par clé.

    :param registre: déclarations de l'instance.
    """
    dites = _documentations()
    return {cle: _contenu(tables, dites) for cle, tables in fichiers(registre).items()}


def fichiers(registre: Registre) -> dict[str, list[Table]]:
    """Tables de chaque traitement, par clé, dans l'ordre de leur nom.

    :param registre: déclarations de l'instance.
    """
    tables: dict[str, list[Table]] = {cle: [] for cle in registre.traitements}
    for _, table in sorted(registre.tables.items()):
        declaree = declaration(table)
        if declaree is not None and declaree.traitement in tables:
            tables[declaree.traitement].append(table)
    return tables


def colonnes(tables: Iterable[Table]) -> list[ColonneLue]:
    """Données déclarées, dans l'ordre des tables.

    :param tables: tables d'un traitement.
    """
    lues: list[tuple[Table, Column[Any]]] = [(table, c) for table in tables for c in table.columns]
    return [
        ColonneLue(table.name, colonne.name, donnee)
        for table, colonne in lues
        if isinstance(donnee := declaration_colonne(colonne), Donnee)
    ]


def _contenu(tables: Sequence[Table], dites: Mapping[str, str]) -> Contenu:
    declarees = [(table.name, declaree) for table in tables if (declaree := declaration(table)) is not None]
    separees = [n for n, d in declarees if d.cloisonnement is not None and d.cloisonnement.par_uai]
    communes = {
        n: d.cloisonnement.motif
        for n, d in declarees
        if d.cloisonnement is not None and not d.cloisonnement.par_uai
    }
    cloisonnement = []
    if separees:
        noms = ", ".join(map(_dire, separees))
        cloisonnement.append(f"chaque établissement ne voit que ses lignes, la base le tient : {noms}")
    cloisonnement += [f"{_dire(nom)} : commun à l'académie, car {motif}" for nom, motif in communes.items()]
    return Contenu(
        {table.name: dites.get(table.name, "") for table in tables},
        tuple(colonnes(tables)),
        tuple(cloisonnement),
        tuple(_dire(nom) for nom, d in declarees if d.ajout_seul),
    )


def _documentations() -> dict[str, str]:
    """Première phrase de la documentation de chaque classe, par table ; le code y devient des mots."""
    dites = {}
    for trace in Base.registry.mappers:
        texte = " ".join((trace.class_.__doc__ or "").split("\n\n")[0].split())
        phrase = texte.split(". ")[0].rstrip(".")
        dites[str(trace.local_table)] = re.sub(r"``(.+?)``", lambda code: f"« {_dire(code[1])} »", phrase)
    return dites


def _dire(nom: str) -> str:
    return nom.replace("_", " ")
