"""Les pages : un seul blueprint, une idée par module. Chaque module de pages s'ajoute à cette liste."""

from __future__ import annotations

from ent_carnet.vues import (
    absences,
    agenda,
    appel,
    decisions,
    demandes,
    discipline,
    discipline_famille,
    famille,
    observations,
    papier,
    presences,
    propositions,
    punitions,
    recopie,
    registre,
    reglages_absences,
    reglement,
    retenues,
    sanctions,
    suivi_absences,
    tableau,
)
from ent_carnet.vues.pages import pages

__all__ = [
    "absences",
    "agenda",
    "appel",
    "decisions",
    "demandes",
    "discipline",
    "discipline_famille",
    "famille",
    "observations",
    "pages",
    "papier",
    "presences",
    "propositions",
    "punitions",
    "recopie",
    "registre",
    "reglages_absences",
    "reglement",
    "retenues",
    "sanctions",
    "suivi_absences",
    "tableau",
]
