"""Les colonnes déclarées : ``donnee`` ou ``neutre``, jamais ni l'un ni l'autre."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import Column, ForeignKey, SmallInteger, String, Text, Uuid, text
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column
from sqlalchemy.types import TypeEngine, to_instance

from ent_core.contrat.donnees import Categorie, Donnee, Exemption, Neutre
from ent_core.donnees.base import CLE_INFO
from ent_core.donnees.chiffrement import Chiffre

__all__ = [
    "Cloisonne",
    "ParAnnee",
    "Partitionnee",
    "cle",
    "declaration_colonne",
    "donnee",
    "neutre",
    "vers_personne",
]

_DECLAREES = (Donnee, Neutre)  # une union se reconstruirait à chacune des colonnes du démarrage


def donnee(
    categorie: Categorie,
    *args: Any,
    libre: bool = False,
    cles: tuple[str, ...] = (),
    pour: Collection[str] = (),
    chiffree: bool = False,
    **options: Any,
) -> MappedColumn[Any]:
    """Colonne qui porte une donnée personnelle.

    :param categorie: catégorie de donnée.
    :param args: type et contraintes SQLAlchemy.
    :param libre: vrai pour un texte libre.
    :param cles: clés permises d'une colonne JSON.
    :param pour: rôles qui la lisent, parmi les destinataires du traitement ; vide : tous.
    :param chiffree: la valeur est chiffrée sous une clé que l'effacement détruit.
    :param options: options de ``mapped_column``.
    """
    declaree = Donnee(categorie, libre=libre, cles=cles, pour=frozenset(pour), chiffree=chiffree)
    if chiffree:
        args = _chiffrer(args)
    return mapped_column(*args, info={CLE_INFO: declaree}, **options)


def neutre(motif: str, *args: Any, exemption: Exemption | None = None, **options: Any) -> MappedColumn[Any]:
    """Colonne qui n'est pas une donnée personnelle.

    :param motif: pourquoi ; le registre le cite.
    :param args: type et contraintes SQLAlchemy.
    :param exemption: dérogation signée, exigée d'un texte libre, d'un JSON ou d'un binaire.
    :param options: options de ``mapped_column``.
    """
    return mapped_column(*args, info={CLE_INFO: Neutre(motif, exemption)}, **options)


def cle() -> MappedColumn[Any]:
    """Identifiant technique UUIDv7, donné par la base et jamais réemployé."""
    return neutre("identifiant technique", Uuid, primary_key=True, server_default=text("ent_uuid7()"))


def vers_personne(*, ondelete: str = "CASCADE", **options: Any) -> MappedColumn[Any]:
    """Référence à une personne de l'annuaire unique (ENT-06 : on renvoie, on ne recopie pas).

    :param ondelete: sort de la ligne quand la personne disparaît.
    :param options: options de ``mapped_column``.
    """
    return donnee(Categorie.IDENTIFIANT, Uuid, ForeignKey("personne.id", ondelete=ondelete), **options)


def _chiffrer(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Le type que la brique écrit devient celui d'une colonne chiffrée ; sans type, c'est un texte."""
    types = [
        a for a in args if isinstance(a, TypeEngine) or (isinstance(a, type) and issubclass(a, TypeEngine))
    ]
    return (Chiffre(to_instance(types[0] if types else Text)), *(a for a in args if a not in types))


def declaration_colonne(colonne: Column[Any]) -> Donnee | Neutre | None:
    """Déclaration d'une colonne, ou ``None`` si elle n'en porte pas.

    :param colonne: colonne d'une table.
    """
    trouvee = colonne.info.get(CLE_INFO)
    return trouvee if isinstance(trouvee, _DECLAREES) else None


class Cloisonne:
    """Mixin des tables d'un établissement : ``uai`` mène la clé, l'identifiant suit."""

    uai: Mapped[str] = neutre(
        "établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True, sort_order=-20
    )
    id: Mapped[UUID] = neutre(
        "identifiant technique",
        Uuid,
        primary_key=True,
        server_default=text("ent_uuid7()"),
        sort_order=-10,
    )


class ParAnnee(Cloisonne):
    """Mixin des tables qui vieillissent : l'année scolaire suit l'établissement dans la clé."""

    annee: Mapped[int] = neutre("année scolaire", SmallInteger, primary_key=True, sort_order=-15)


class Partitionnee(ParAnnee):
    """Mixin des tables qui vieillissent et grossissent : la base range chaque année scolaire à part.

    Le noyau ouvre les années d'avance. Une année que le plan élimine en entier se détache d'un coup, au
    lieu de s'effacer ligne à ligne. ``annee`` est de toute clé, unique ou étrangère.
    """

    __partitionnee__: ClassVar[bool] = True
