"""Les voies et délais de recours, qui accompagnent toute notification d'une sanction (DISC-28)."""

from __future__ import annotations

__all__ = ["voies_de_recours"]

_CONSEIL = (
    "Cette décision peut être déférée au recteur d'académie, dans les huit jours qui suivent sa notification"
    " écrite, par le responsable légal de l'élève, ou par l'élève s'il est majeur (code de l'éducation,"
    " articles R. 511-49 et D. 511-50).",
    "Le recteur décide après avis d'une commission académique ; sa décision intervient dans le délai d'un"
    " mois (article D. 511-52).",
    "La décision du conseil de discipline est immédiatement exécutoire : l'appel n'en suspend pas l'effet.",
    "Le recours devant le tribunal administratif n'est recevable qu'après cet appel.",
)
_CHEF = (
    "Cette décision peut faire l'objet, dans les deux mois qui suivent sa notification, d'un recours gracieux"
    " devant le chef d'établissement, ou d'un recours hiérarchique devant le recteur d'académie.",
    "Elle peut aussi être contestée devant le tribunal administratif dans le même délai de deux mois ; un"
    " recours gracieux ou hiérarchique formé dans ce délai le fait courir de nouveau à compter de la réponse,"
    " ou du silence gardé deux mois.",
)


def voies_de_recours(*, par_conseil: bool) -> tuple[str, ...]:
    """Ce que la lettre dit, un alinéa par voie.

    :param par_conseil: décision du conseil de discipline, ou du chef d'établissement seul.
    """
    return _CONSEIL if par_conseil else _CHEF
