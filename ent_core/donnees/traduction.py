"""Un énoncé fréquent, traduit en SQL une fois, puis remis au pilote tel quel.

À chaque exécution, SQLAlchemy refait la clé de l'énoncé, ses valeurs, son contexte et la forme de ses
lignes : deux à trois fois le travail du pilote. Rien de cela ne change d'une requête à l'autre pour un énoncé
bâti à l'import. Ce qui écoute le moteur (le tourniquet, qui juge ; les relevés) l'entend comme tout autre.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Dialect
from sqlalchemy.engine import IteratorResult, Result
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.selectable import SelectBase
from sqlalchemy.types import TypeEngine

from ent_core.donnees.envoi import envoyer

__all__ = ["Traduction", "Traductions"]

_Convertir = Callable[[Any], Any]
_FREQUENTS = 1000
"""Plus que n'en bâtissent le noyau et ses briques : bâti à chaque appel, un énoncé ne reste pas."""


class Traduction:
    """Un énoncé traduit.

    :param enonce: lecture dont toutes les listes sont des tableaux : son SQL ne dépend pas de ses valeurs.
    :param dialecte: dialecte accordé au serveur.
    """

    __slots__ = ("_colonnes", "_compile", "_convertir", "_dialecte", "_fixes", "_lignes", "_relire", "_sql")

    def __init__(self, enonce: SelectBase, dialecte: Dialect) -> None:
        self._dialecte = dialecte
        self._compile: Any = enonce.compile(dialect=dialecte)
        attendues = {liee.key for liee in self._compile.binds.values() if liee.required or liee.callable}
        # Les listes de constantes (« in ») s'écrivent ici une fois pour toutes.
        ecrit = self._compile.construct_expanded_state(dict.fromkeys(attendues))
        self._sql: str = ecrit.statement
        self._convertir: dict[str, _Convertir] = {
            nom: convertir
            for nom, liee in self._compile.binds.items()
            if not liee.expanding
            and (convertir := liee.type.dialect_impl(dialecte).bind_processor(dialecte)) is not None
        } | dict(ecrit.processors)
        self._fixes = self._envoyees({n: v for n, v in ecrit.parameters.items() if n not in attendues})
        self._colonnes: Sequence[TypeEngine[Any]] = [colonne.type for colonne in enonce.selected_columns]
        self._lignes: SimpleResultMetaData | None = None
        self._relire: list[tuple[int, _Convertir]] = []

    def executer(self, connexion: Connection, parametres: Mapping[str, Any]) -> Result[*tuple[Any, ...]]:
        """Envoie l'énoncé, et rend toutes ses lignes.

        :param connexion: connexion dont la transaction est ouverte.
        :param parametres: valeurs liées, sous leur nom.
        :raises DonneeProtegee: le portillon refuse.
        :raises DBAPIError: la base refuse, ou ne répond plus ; comme de tout énoncé de SQLAlchemy.
        """
        valeurs = {**self._fixes, **self._envoyees(parametres)}
        curseur = envoyer(connexion, self._sql, valeurs, self._compile)
        lignes = curseur.fetchall()
        forme = self._lignes or self._apprendre(curseur)
        return IteratorResult(forme, iter(self._relues(lignes) if self._relire else lignes))

    def _envoyees(self, valeurs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Les valeurs telles que le pilote les attend."""
        if not self._convertir:
            return valeurs
        convertir = self._convertir
        return {nom: convertir[nom](v) if nom in convertir else v for nom, v in valeurs.items()}

    def _apprendre(self, curseur: psycopg.Cursor[Any]) -> SimpleResultMetaData:
        """Retient les noms des colonnes rendues, et celles dont le type convertit les valeurs."""
        rendues = curseur.description or ()
        self._relire = [
            (rang, convertir)
            for rang, (type_, rendue) in enumerate(zip(self._colonnes, rendues, strict=True))
            if (convertir := self._relecture(type_, rendue.type_code)) is not None
        ]
        self._lignes = SimpleResultMetaData([rendue.name for rendue in rendues])
        return self._lignes

    def _relecture(self, type_: TypeEngine[Any], code: int) -> _Convertir | None:
        return type_.dialect_impl(self._dialecte).result_processor(self._dialecte, code)

    def _relues(self, lignes: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        relues = [list(ligne) for ligne in lignes]
        for rang, convertir in self._relire:
            for ligne in relues:
                ligne[rang] = convertir(ligne[rang])
        return [tuple(ligne) for ligne in relues]


class Traductions:
    """Ce qui est déjà traduit, que des bases aux mêmes tables et au même dialecte partagent."""

    def __init__(self) -> None:
        self.enonces: MutableMapping[Any, Any] = {}
        """La mémoire de SQLAlchemy."""
        self.de = lru_cache(_FREQUENTS)(Traduction)
        """La traduction d'un énoncé pour un dialecte, faite à sa première exécution."""
