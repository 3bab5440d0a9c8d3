"""Une faute nouvelle pendant un sursis : sanctionner, révoquer, ou les deux (C. éduc. R. 511-13-1)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from ent_carnet.regles.procedure import EXCLUSION_MAXIMALE

__all__ = ["Suite", "dans_le_sursis", "empechement"]


class Suite(StrEnum):
    """Ce que l'autorité décide d'une faute commise pendant un sursis (DISC-13)."""

    SANCTION_SEULE = "sanction_seule"
    REVOCATION_SEULE = "revocation_seule"
    LES_DEUX = "les_deux"


def dans_le_sursis(faits_le: date, *, prononcee_le: date, sursis_jusqu_au: date) -> bool:
    """Vrai si les faits nouveaux ont eu lieu pendant le délai du sursis.

    :param faits_le: jour des faits nouveaux.
    :param prononcee_le: jour de la sanction avec sursis.
    :param sursis_jusqu_au: terme de son sursis.
    """
    return prononcee_le <= faits_le <= sursis_jusqu_au


def empechement(suite: Suite, *, nouveaux: int, revoques: int) -> str | None:
    """Ce qui empêche cette suite : exclusions révoquée et nouvelle, ensemble, ne passent pas huit jours.

    :param suite: ce qui est décidé.
    :param nouveaux: jours d'exclusion de la nouvelle sanction.
    :param revoques: jours d'exclusion de celle dont le sursis est révoqué.
    """
    if suite is Suite.LES_DEUX and nouveaux + revoques > EXCLUSION_MAXIMALE:
        return "l'exclusion révoquée et la nouvelle dépassent ensemble huit jours."
    return None
