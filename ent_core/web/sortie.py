"""Le filtre de sortie : un champ d'API tient à une colonne déclarée, et se tait pour qui ne la reçoit pas.

Le portillon refuse l'énoncé ; ce filtre sert quand la valeur est déjà là, lue au titre d'un autre rôle ou
calculée. Un rôle inconnu ne reçoit rien de personnel.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, post_dump
from sqlalchemy import Table

from ent_core.donnees.base import Base
from ent_core.donnees.session import portage
from ent_core.vie_privee.portillon import Portillon
from ent_core.web.instance import instance
from ent_core.web.requete import session_courante

__all__ = ["schema_de"]

_CHAMPS: dict[type, type[fields.Field[Any]]] = {
    str: fields.String,
    bool: fields.Boolean,
    int: fields.Integer,
    float: fields.Float,
    date: fields.Date,
    datetime: fields.DateTime,
    time: fields.Time,
    UUID: fields.UUID,
}


def schema_de(modele: type[Base], *colonnes: str, **autres: fields.Field[Any]) -> type[Schema]:
    """Schéma de sortie de quelques colonnes d'une table, filtré par destinataire.

    :param modele: classe de la table.
    :param colonnes: colonnes rendues, sous leur nom.
    :param autres: champs calculés, qui ne tiennent à aucune colonne : la brique en répond.
    :raises KeyError: une colonne n'existe pas (faute de programmation).
    """
    table = Base.metadata.tables[modele.__tablename__]
    champs = {nom: _CHAMPS[table.columns[nom].type.python_type]() for nom in colonnes}

    class Filtre(Schema):
        """Ôte, au moment de rendre, ce que les rôles en vigueur ne reçoivent pas."""

        @post_dump
        def _taire(self, rendu: dict[str, Any], **_options: Any) -> dict[str, Any]:
            recues = _recues(table)
            return {nom: valeur for nom, valeur in rendu.items() if nom not in champs or nom in recues}

    return Filtre.from_dict({**champs, **autres}, name=f"{modele.__name__}Rendu")


def _recues(table: Table) -> frozenset[str]:
    portillon = instance().base.portillon
    assert isinstance(portillon, Portillon)  # noqa: S101 - posé par create_app
    return portillon.recues(table.name, portage(session_courante()).roles)
