"""L'autorité parentale : qui décide pour un élève, et qui en est seulement informé (FAM-02, FAM-03).

L'exercice conjoint est présumé ; seul un acte de justice produit le change. Un acte écarte le responsable
(``acces`` : il ne lit plus rien), ou lui retire l'exercice (``exercice`` : il est informé comme l'autre, et
ne décide plus).
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Exists, bindparam, exists, select
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.session import lire
from ent_core.identite.modeles import Responsabilite, Restriction

__all__ = ["EffetActe", "ecarte", "exerce_l_autorite"]

_tables = Base.metadata.tables
_lien = _tables[Responsabilite.__tablename__].c
_limite = _tables[Restriction.__tablename__].c
_JOUR: Any = bindparam("jour")

_EXERCE = select(
    exists().where(
        _lien.eleve_id == bindparam("eleve"),
        _lien.responsable_id == bindparam("responsable"),
        _lien.legal > 0,
        en_vigueur(_lien, _JOUR),
        ~exists().where(_limite.responsabilite_id == _lien.id, en_vigueur(_limite, _JOUR)),
    )
)


class EffetActe(StrEnum):
    """Ce que l'acte retire au responsable."""

    ACCES = "acces"
    EXERCICE = "exercice"


def ecarte(lien: Any, jour: Any) -> Exists:
    """Condition : un acte en vigueur coupe l'accès du responsable ; celui qui retire l'exercice laisse lire.

    :param lien: ``Responsabilite``, ou colonnes de sa table.
    :param jour: le jour.
    """
    return exists().where(
        _limite.responsabilite_id == lien.id,
        _limite.effet == EffetActe.ACCES.value,
        en_vigueur(_limite, jour),
    )


def exerce_l_autorite(session: Session, responsable: UUID, eleve_id: UUID, jour: date) -> bool:
    """Vrai si une personne exerce l'autorité parentale sur un élève ce jour : elle décide pour lui.

    :param session: session ouverte dans l'établissement.
    :param responsable: personne.
    :param eleve_id: élève.
    :param jour: le jour.
    """
    valeurs = {"eleve": eleve_id, "responsable": responsable, "jour": jour}
    return bool(lire(session, _EXERCE, valeurs).scalar_one())
