"""Les valeurs liées des énoncés bâtis une fois (voir ``lire``) : un nom, un type, partout les mêmes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, Date, DateTime, SmallInteger, String, Uuid, bindparam, func

__all__ = ["ANNEE", "JOUR", "UAI", "instant_lie", "liste_liee"]

UAI: Any = bindparam("uai", type_=String)
"""Établissement en vigueur."""

ANNEE: Any = bindparam("annee", type_=SmallInteger)
"""Année scolaire."""

JOUR: Any = bindparam("jour", type_=Date)
"""Jour dont on parle."""


def instant_lie(nom: str) -> Any:
    """Un instant, avec son fuseau.

    :param nom: nom de la valeur.
    """
    return bindparam(nom, type_=DateTime(timezone=True))


def liste_liee(nom: str) -> Any:
    """Des identifiants, sans que le SQL en dépende : ``colonne == liste_liee("eleves")`` est vrai de chacun.

    :param nom: nom de la valeur.
    """
    return func.any(bindparam(nom, type_=ARRAY(Uuid)))
