"""L'API : les mêmes actes que les pages. Chaque module de ressources s'ajoute à cette liste."""

from __future__ import annotations

from ent_carnet.api import (
    absences,
    agenda,
    appel,
    decisions,
    discipline,
    ecrits,
    famille,
    papier,
    propositions,
    reglages_absences,
    sanctions,
    suivi_absences,
    tableau,
)
from ent_carnet.api.ressources import ressources

__all__ = [
    "absences",
    "agenda",
    "appel",
    "decisions",
    "discipline",
    "ecrits",
    "famille",
    "papier",
    "propositions",
    "reglages_absences",
    "ressources",
    "sanctions",
    "suivi_absences",
    "tableau",
]
