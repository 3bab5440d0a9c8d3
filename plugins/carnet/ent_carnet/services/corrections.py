"""Ce que l'établissement a noté d'un élève, puis corrigé aujourd'hui : le jour, jamais l'ancienne valeur."""

from __future__ import annotations

from typing import Any

from ent_core.brique import ANNEE, UAI, instant_lie
from sqlalchemy import bindparam, func, select

from ent_carnet.modeles import Absence

__all__ = ["CORRIGEE"]

_annulee = Absence.__table__.c
_tenue = Absence.__table__.alias("tenue").c
_reste: Any = (
    select(_tenue.id)
    .where(
        _tenue.uai == UAI, _tenue.annee == ANNEE, _tenue.eleve_id == _annulee.eleve_id,
        _tenue.annulee_le.is_(None), _tenue.debut < _annulee.fin, _tenue.fin > _annulee.debut,
    )
    .correlate(Absence.__table__)
    .exists()
)  # fmt: skip
CORRIGEE = (
    select(func.max(_annulee.debut))
    .where(
        _annulee.uai == UAI, _annulee.annee == ANNEE, _annulee.eleve_id == bindparam("eleve"),
        _annulee.annulee_le >= instant_lie("debut"), ~_reste,
    )
    .scalar_subquery()
)  # fmt: skip
"""Le début de ce qui vient d'être annulé, s'il n'en reste rien : un retard qui remplace une absence n'en est
pas une correction. ``debut`` est le matin du jour où l'on lit.
"""
