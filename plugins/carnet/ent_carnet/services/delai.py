"""Le délai de correction : tant qu'une punition se corrige, la famille ne la lit nulle part."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, Interval, cast, func, literal, select

from ent_carnet.modeles import Punition, Reglage
from ent_carnet.regles.appel import Delais

__all__ = ["lisible"]

_HEURES = Delais().correction
"""Valeur d'un établissement qui n'a rien réglé."""


def lisible(uai: Any, instant: Any) -> ColumnElement[bool]:  # noqa: ANN401 - une valeur, ou un paramètre lié
    """Vrai d'une punition dont le délai de correction est passé : à l'écran, sur papier, à l'agenda.

    Le délai part de la punition et du réglage, non de l'affichage : une famille opposée n'a pas d'affichage.

    :param uai: établissement.
    :param instant: maintenant.
    """
    punition, reglage = Punition.__table__.c, Reglage.__table__.c
    regle = select(reglage.correction).where(reglage.uai == uai).scalar_subquery()
    heures = cast(func.coalesce(regle, _HEURES), Integer) * literal(timedelta(hours=1), Interval)
    passe: ColumnElement[bool] = punition.donnee_le + heures <= instant
    return passe
