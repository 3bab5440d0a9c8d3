"""Le contrôle des liens : chaque donnée mène à une personne, chaque règle a de quoi partir.

Et chaque clé étrangère laisse passer la purge : indexée du côté de l'enfant (sans index, effacer mille
parents relit mille fois la table fille) et sans cercle infranchissable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from sqlalchemy import Column, Date, DateTime, ForeignKey, ForeignKeyConstraint, Table, UniqueConstraint, Uuid

from ent_core.contrat.donnees import Depart, Donnee, Lien, Sujet, Traitement
from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import DeclarationTable, declaration
from ent_core.donnees.colonnes import declaration_colonne

__all__ = ["CLOISON", "Index", "controler_cycles", "controler_liens", "purgeable", "sert"]

CLOISON = frozenset({"uai", "annee"})
"""Colonnes de cloisonnement : un index qui ne porte qu'elles ne trouve pas un enfant."""

_DATEES = {Depart.CREATION, Depart.FIN_DE_VALIDITE, Depart.FAIT}
_PERSONNE = "personne"


def purgeable(table: Table) -> bool:
    """Vrai si des lignes de cette table s'effacent au terme d'une règle.

    :param table: table de la ``MetaData`` commune.
    """
    declaree = declaration(table)
    return declaree is not None and declaree.traitement is not None


def controler_liens(
    lieu: str, table: Table, declaree: DeclarationTable, traitement: Traitement | None
) -> Iterator[Anomalie]:
    """Contrôle les sujets, le départ de la règle et les clés étrangères d'une table.

    :param lieu: brique et table, pour le message.
    :param table: table déclarée.
    :param declaree: sa déclaration.
    :param traitement: traitement dont elle relève, s'il est connu.
    """
    personnelle = any(isinstance(declaration_colonne(c), Donnee) for c in table.columns)
    for sujet in declaree.sujets:
        yield from _sujet(lieu, table, sujet)
    if personnelle and not declaree.sujets and not declaree.sans_sujet.strip():
        yield Anomalie(
            "DONNEE-007",
            lieu,
            "elle porte des données personnelles, mais ne mène à aucune personne",
            "remplir __sujets__ (au besoin par sa table parente), ou dire dans __sans_sujet__ pourquoi"
            " il n'y en a pas et qui efface ses lignes",
        )
    if declaree.depart is not None:
        yield from _colonne_de_depart(lieu, table, declaree.depart)
    if personnelle and traitement is not None:
        yield from _depart(lieu, table, declaree, traitement)
    for cle in _cles(table):
        if _vise_une_purgeable(cle) and not sert(_index(table), cle.column_keys):
            colonnes = ", ".join(cle.column_keys)
            yield Anomalie(
                "DONNEE-033",
                f"{lieu}, clé vers {cle.referred_table.name} ({colonnes})",
                "sans index : chaque ligne effacée de la table parente ferait relire toute celle-ci",
                f"ajouter un index qui commence par {colonnes}, et la migration qui le crée",
            )


def _sujet(lieu: str, table: Table, sujet: Sujet) -> Iterator[Anomalie]:
    if sujet.colonne not in table.c:
        yield Anomalie(
            "DONNEE-006", lieu, f"sujet « {sujet.colonne} » absent de la table", "corriger __sujets__"
        )
    elif not sujet.par:
        colonne = table.c[sujet.colonne]
        vers = {cle.column.table.name for cle in _cles_resolues(colonne)}
        if not isinstance(colonne.type, Uuid) or vers - {_PERSONNE}:
            yield Anomalie(
                "DONNEE-008",
                lieu,
                f"le sujet « {sujet.colonne} » ne désigne pas une personne",
                "nommer une colonne vers_personne(), ou la table parente dans Sujet(…, par=…)",
            )
    elif (defaut := _defaut_de_la_parente(table, sujet)) is not None:
        yield Anomalie(
            "DONNEE-008",
            lieu,
            f"le sujet passe par « {sujet.par} », {defaut}",
            "nommer une table déclarée qui a elle-même un sujet, et la rejoindre par une clé étrangère",
        )


def _defaut_de_la_parente(table: Table, sujet: Sujet) -> str | None:
    """Pourquoi l'on n'arrive pas à une personne par cette table ; ``None`` si l'on y arrive."""
    vue: set[str] = {table.name}
    actuelle, etape = table, sujet
    while etape.par:
        suivante = actuelle.metadata.tables.get(etape.par)
        if suivante is None:
            return "qui n'existe pas"
        if not any(
            cle.referred_table is suivante and etape.colonne in cle.column_keys for cle in _cles(actuelle)
        ):
            return f"sans clé étrangère de « {etape.colonne} » vers elle"
        if suivante.name in vue:
            return "qui ramène ici sans rencontrer de personne"
        vue.add(suivante.name)
        declaree = declaration(suivante)
        if declaree is None or not declaree.sujets:
            return "qui n'a pas de sujet"
        # Un sujet direct suffit ; sinon l'on remonte encore.
        actuelle, etape = suivante, min(declaree.sujets, key=lambda s: bool(s.par))
    return None


def _depart(
    lieu: str, table: Table, declaree: DeclarationTable, traitement: Traitement
) -> Iterator[Anomalie]:
    depart = traitement.conservation.depart
    if _suit_sa_parente(table, declaree):
        return
    if depart in _DATEES:
        if declaree.depart is None:
            yield Anomalie(
                "DONNEE-030",
                lieu,
                f"sa conservation part de « {depart} », mais aucune colonne ne donne cette date",
                "donner __depart__ = « colonne de date », ou une clé en cascade vers une table qui l'a",
            )
    elif depart is Depart.FIN_ANNEE_SCOLAIRE:
        if "annee" not in table.c:
            yield Anomalie(
                "DONNEE-032",
                lieu,
                "sa conservation part de la fin de l'année scolaire, mais aucune colonne ne dit l'année",
                "employer le mixin ParAnnee",
            )
    elif not declaree.sans_sujet and not any(s.lien is Lien.PROPRIETAIRE for s in declaree.sujets):
        yield Anomalie(
            "DONNEE-030",
            lieu,
            f"sa conservation part de « {depart} », mais elle n'a pas de propriétaire dont lire la situation",
            "déclarer un sujet propriétaire, ou un traitement dont le départ est une date de la ligne",
        )


def _colonne_de_depart(lieu: str, table: Table, nom: str) -> Iterator[Anomalie]:
    if nom not in table.c or not isinstance(table.c[nom].type, Date | DateTime):
        yield Anomalie(
            "DONNEE-031",
            lieu,
            f"__depart__ nomme « {nom} », qui n'est pas une colonne de date",
            "nommer une colonne Date ou DateTime de la table",
        )


def _suit_sa_parente(table: Table, declaree: DeclarationTable) -> bool:
    """Vrai si la ligne part avec une autre du même traitement, par une clé obligatoire en cascade."""
    for cle in _cles(table):
        parente = declaration(cle.referred_table)
        if (
            (cle.ondelete or "").upper() == "CASCADE"
            and cle.referred_table is not table
            and parente is not None
            and parente.traitement == declaree.traitement
            and not any(colonne.nullable for colonne in cle.columns)
        ):
            return True
    return False


def controler_cycles(tables: Sequence[Table]) -> Iterator[Anomalie]:
    """Refuse un cercle de clés étrangères que rien ne permet de rompre : rien n'y serait effaçable.

    :param tables: tables de toutes les briques.
    """
    graphe = {
        table.name: {
            cle.referred_table.name
            for cle in _cles(table)
            if _vise_une_purgeable(cle) and not any(colonne.nullable for colonne in cle.columns)
        }
        for table in sorted(tables, key=lambda t: t.name)
        if purgeable(table)
    }
    try:
        TopologicalSorter(graphe).prepare()
    except CycleError as cercle:
        noms: list[str] = cercle.args[1]
        yield Anomalie(
            "DONNEE-034",
            f"tables {' → '.join(noms)}",
            "leurs clés étrangères forment un cercle : aucune ne peut être effacée la première",
            "permettre la valeur nulle à l'une de ces clés",
        )


def _cles(table: Table) -> Iterator[ForeignKeyConstraint]:
    """Clés étrangères dont la table visée est connue, dans un ordre stable."""
    for cle in sorted(table.foreign_key_constraints, key=lambda c: tuple(c.column_keys)):
        if cle.elements[0].target_fullname.rpartition(".")[0] in table.metadata.tables:
            yield cle


def _cles_resolues(colonne: Column[object]) -> Iterator[ForeignKey]:
    for cle in colonne.foreign_keys:
        if cle.target_fullname.rpartition(".")[0] in colonne.table.metadata.tables:
            yield cle


def _vise_une_purgeable(cle: ForeignKeyConstraint) -> bool:
    return purgeable(cle.referred_table) or cle.referred_table.name == _PERSONNE


@dataclass(frozen=True, slots=True)
class Index:
    """Un index, lu dans le code ou dans la base.

    :param colonnes: dans l'ordre.
    :param condition: d'un index partiel.
    """

    colonnes: tuple[str, ...]
    condition: str | None = None


def sert(index: Iterable[Index], cle: Iterable[str]) -> bool:
    """Vrai si un index commence par les colonnes d'une clé, cloison mise à part.

    :param index: index de la table fille.
    :param cle: colonnes de la clé étrangère.
    """
    colonnes = set(cle)
    cherchees = colonnes - CLOISON or colonnes
    return any(cherchees <= set(_tete(i.colonnes, colonnes)) for i in index if _complet(i))


def _tete(index: Iterable[str], colonnes: set[str]) -> Iterator[str]:
    """Premières colonnes d'un index qui sont de la clé."""
    for nom in index:
        if nom not in colonnes:
            return
        yield nom


def _complet(index: Index) -> bool:
    """Un index partiel ne sert une clé que s'il n'écarte que les valeurs nulles."""
    if index.condition is None:
        return True
    condition = index.condition.strip("() ").lower()
    return condition in {f"{nom} is not null" for nom in index.colonnes}


def _index(table: Table) -> Iterator[Index]:
    """Index d'une table, y compris ceux que portent la clé primaire et les contraintes d'unicité."""
    yield Index(tuple(table.primary_key.columns.keys()))
    for contrainte in table.constraints:
        if isinstance(contrainte, UniqueConstraint):
            yield Index(tuple(contrainte.columns.keys()))
    for index in table.indexes:
        condition = index.dialect_options["postgresql"].get("where")
        yield Index(tuple(index.columns.keys()), None if condition is None else str(condition))
