"""« Au moins une ligne », demandé à chaque ligne de l'énoncé qui englobe."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select, true

__all__ = ["au_moins_une"]


def au_moins_une(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Condition « une ligne au moins répond », pour un énoncé qui ne lit que quelques lignes.

    D'un ``exists``, la base peut préférer lire d'avance tout ce qui répondrait. Sous le cloisonnement, elle
    compte deux fois le critère d'établissement, croit une école cent fois plus petite, et le préfère à tort :
    prévenir un parent lisait toutes les familles. Une limite le lui interdit.

    :param conditions: critères, dont celui qui rattache à la ligne qui englobe.
    """
    return select(true()).where(*conditions).limit(1).scalar_subquery().is_not(None)
