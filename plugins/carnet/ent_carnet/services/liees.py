"""Les valeurs liées des énoncés bâtis une fois : un nom, un type, partout les mêmes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ARRAY, DateTime, Uuid, bindparam, func

__all__ = ["ANNEE", "UAI", "instant", "liste"]

UAI: Any = bindparam("uai")
ANNEE: Any = bindparam("annee")


def instant(nom: str) -> Any:  # noqa: ANN401 - une valeur liée
    """Un instant, avec son fuseau.

    :param nom: nom de la valeur.
    """
    return bindparam(nom, type_=DateTime(timezone=True))


def liste(nom: str) -> Any:  # noqa: ANN401 - une valeur liée
    """Une liste d'identifiants : ``colonne == liste("eleves")`` est vrai de chacun d'eux.

    :param nom: nom de la valeur.
    """
    return func.any(bindparam(nom, type_=ARRAY(Uuid)))
