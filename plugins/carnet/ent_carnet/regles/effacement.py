"""L'effacement des sanctions (C. éduc. R. 511-13 IV) et les bornes du sursis (R. 511-13-1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ent_core.brique import annee_scolaire

from ent_carnet.nomenclatures import Sanction

__all__ = ["ANNEES_DE_PLUS", "bornes_du_sursis", "effacement", "fin_supposee"]

ANNEES_DE_PLUS: dict[Sanction, int | None] = {
    Sanction.AVERTISSEMENT: 0,
    Sanction.BLAME: 1,
    Sanction.MESURE_DE_RESPONSABILISATION: 1,
    Sanction.EXCLUSION_DE_LA_CLASSE: 2,
    Sanction.EXCLUSION_DE_L_ETABLISSEMENT: 2,
    Sanction.EXCLUSION_DEFINITIVE: None,
}
"""Années scolaires après celle du prononcé ; ``None`` : au terme du second degré, qu'aucune date ne dit."""

_SURSIS_DEFINITIVE = 2

FinDAnnee = Callable[[int], date]
"""Année scolaire → lendemain de son dernier jour."""


def fin_supposee(annee: int) -> date:
    """Fin d'une année dont le calendrier n'est pas encore connu : le 1er août, jamais plus tôt.

    :param annee: première année civile.
    """
    return date(annee + 1, 8, 1)


def effacement(
    sanction: Sanction, prononcee_le: date, fin_d_annee: FinDAnnee, *, mesure_respectee: bool = False
) -> date | None:
    """Jour où la sanction quitte le dossier, ou ``None`` si seul le terme de la scolarité l'efface.

    :param sanction: rang dans l'échelle.
    :param prononcee_le: jour du prononcé.
    :param fin_d_annee: calendrier de l'établissement.
    :param mesure_respectee: la mesure alternative a été respectée : elle seule est inscrite, et part à la
        fin de l'année (R. 511-13 III).
    """
    de_plus = 0 if mesure_respectee else ANNEES_DE_PLUS[sanction]
    return None if de_plus is None else fin_d_annee(annee_scolaire(prononcee_le) + de_plus)


def bornes_du_sursis(
    sanction: Sanction, prononcee_le: date, fin_d_annee: FinDAnnee
) -> tuple[date, date] | None:
    """Premier et dernier terme possibles d'un sursis, ou ``None`` si la sanction n'en admet pas (DISC-12).

    :param sanction: rang dans l'échelle.
    :param prononcee_le: jour du prononcé.
    :param fin_d_annee: calendrier de l'établissement.
    """
    if sanction < Sanction.MESURE_DE_RESPONSABILISATION:
        return None
    annee = annee_scolaire(prononcee_le)
    de_plus = ANNEES_DE_PLUS[sanction]
    dernier = annee + (_SURSIS_DEFINITIVE if de_plus is None else de_plus)
    return fin_d_annee(annee), fin_d_annee(dernier)
