"""Quand une procédure doit être engagée (C. éduc. R. 421-10, 5°) : l'outil alerte, le chef décide."""

from __future__ import annotations

from enum import StrEnum

from ent_carnet.nomenclatures import MotifDiscipline

__all__ = ["Obligation", "obligation"]

_ACTES_GRAVES = frozenset(
    {
        MotifDiscipline.VIOLENCE_PHYSIQUE,
        MotifDiscipline.HARCELEMENT,
        MotifDiscipline.MISE_EN_DANGER,
        MotifDiscipline.ATTEINTE_A_LA_LAICITE,
    }
)


class Obligation(StrEnum):
    """Ce que le texte impose."""

    ENGAGER = "engager"
    SAISIR_LE_CONSEIL = "saisir_le_conseil"


def obligation(motif: MotifDiscipline, *, personnel_vise: bool) -> Obligation | None:
    """Ce que le texte impose pour ces faits, ou ``None``.

    :param motif: motif, dans la liste.
    :param personnel_vise: les faits visent un membre du personnel.
    """
    if motif is MotifDiscipline.VIOLENCE_PHYSIQUE and personnel_vise:
        return Obligation.SAISIR_LE_CONSEIL
    if motif in _ACTES_GRAVES or (motif is MotifDiscipline.VIOLENCE_VERBALE and personnel_vise):
        return Obligation.ENGAGER
    return None
