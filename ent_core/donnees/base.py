"""La base déclarative commune : une ``MetaData``, une convention de noms, une déclaration par table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase

from ent_core.contrat.donnees import Cloisonnement, Sujet
from ent_core.donnees.chiffrement import surveiller

__all__ = ["CLE_INFO", "PAR_ANNEE", "Base", "DeclarationTable", "ValeurAnonyme", "declaration"]

ValeurAnonyme = str | int | bool
"""Ce qu'une colonne peut valoir une fois sa ligne anonymisée : ce que le registre sait écrire."""

PAR_ANNEE = "LIST (annee)"
"""Clé de partition de toute table partitionnée."""

CLE_INFO = "ent"
"""Clé de ``Column.info`` et de ``Table.info`` sous laquelle vivent les déclarations."""

_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


@dataclass(frozen=True, slots=True)
class DeclarationTable:
    """Ce qu'une table déclare d'elle-même.

    :param traitement: clé du traitement dont elle relève, ou ``None`` si rien n'y est personnel.
    :param cloisonnement: par établissement, ou commune avec un motif.
    :param sujets: colonnes qui mènent à une personne.
    :param ajout_seul: vrai pour un journal, que l'application ne peut ni modifier ni vider.
    :param depart: colonne de date qui fait courir la conservation, quand le traitement en demande une.
    :param sans_sujet: pourquoi aucune ligne ne mène à une personne, et qui l'efface alors.
    :param anonyme: valeur que prend une colonne obligatoire d'une ligne anonymisée ; les autres se vident.
    """

    traitement: str | None
    cloisonnement: Cloisonnement | None
    sujets: tuple[Sujet, ...]
    ajout_seul: bool = False
    depart: str | None = None
    sans_sujet: str = ""
    anonyme: Mapping[str, ValeurAnonyme] = field(default_factory=dict)


class Base(DeclarativeBase):
    """Base de toutes les tables du noyau et des briques.

    Chaque classe donne ``__traitement__`` (clé, ou ``None`` si aucune colonne n'est une donnée),
    ``__cloisonnement__`` et ``__sujets__`` ; chaque colonne est ``donnee(…)`` ou ``neutre(…)``. Sous
    ``Sort.ANONYMISER``, ``__anonyme__`` donne la valeur de ce qui ne peut être vide : colonne → valeur.
    ``__partitionnee__`` vient du mixin ``Partitionnee``.
    """

    metadata = MetaData(naming_convention=_CONVENTION)

    __traitement__: ClassVar[str | None] = None
    __cloisonnement__: ClassVar[Cloisonnement | None] = None
    __sujets__: ClassVar[tuple[Sujet, ...]] = ()
    __ajout_seul__: ClassVar[bool] = False
    __depart__: ClassVar[str | None] = None
    __sans_sujet__: ClassVar[str] = ""
    __anonyme__: ClassVar[Mapping[str, ValeurAnonyme]] = {}
    __partitionnee__: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        table = cls.__dict__.get("__table__")
        if isinstance(table, Table):
            table.info[CLE_INFO] = DeclarationTable(
                cls.__traitement__,
                cls.__cloisonnement__,
                cls.__sujets__,
                cls.__ajout_seul__,
                cls.__depart__,
                cls.__sans_sujet__,
                cls.__anonyme__,
            )
            surveiller(cls)
            if cls.__partitionnee__:
                # Ici, et non dans __table_args__ : une classe qui donne les siens n'en perd rien.
                table.dialect_options["postgresql"]["partition_by"] = PAR_ANNEE


def declaration(table: Table) -> DeclarationTable | None:
    """Déclaration d'une table, ou ``None`` si elle n'en porte pas.

    :param table: table de la ``MetaData`` commune.
    """
    trouvee = table.info.get(CLE_INFO)
    return trouvee if isinstance(trouvee, DeclarationTable) else None
