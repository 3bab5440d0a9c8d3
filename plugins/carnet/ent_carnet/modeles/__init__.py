"""Les tables du carnet, par idée : l'appel, les absences, la discipline, la famille."""

from __future__ import annotations

from ent_carnet.modeles.absences import (
    Absence,
    Alerte,
    ChangementMotif,
    Contact,
    Decompte,
    Justification,
    Motif,
    Reglage,
)
from ent_carnet.modeles.appel import Appel, Fait
from ent_carnet.modeles.decisions import DemandeAbsence, Desaccord, Signalement
from ent_carnet.modeles.famille import Accuse, Affichage
from ent_carnet.modeles.propositions import PropositionPunition
from ent_carnet.modeles.punitions import DemandeSanction, ObservationEleve, Punition, Retenue
from ent_carnet.modeles.sanctions import Etape, InterdictionConservatoire, LigneDuRegistre, SanctionEleve

__all__ = [
    "MODELES",
    "Absence",
    "Accuse",
    "Affichage",
    "Alerte",
    "Appel",
    "ChangementMotif",
    "Contact",
    "Decompte",
    "DemandeAbsence",
    "DemandeSanction",
    "Desaccord",
    "Etape",
    "Fait",
    "InterdictionConservatoire",
    "Justification",
    "LigneDuRegistre",
    "Motif",
    "ObservationEleve",
    "PropositionPunition",
    "Punition",
    "Reglage",
    "Retenue",
    "SanctionEleve",
    "Signalement",
]

MODELES: tuple[type, ...] = (
    Reglage, Motif, ChangementMotif, Appel, Fait, Absence, Justification, Contact, Alerte, Decompte,
    DemandeAbsence, Desaccord, Signalement,
    Affichage, Accuse, Punition, Retenue,
    ObservationEleve, DemandeSanction, PropositionPunition, SanctionEleve, Etape, InterdictionConservatoire,
    LigneDuRegistre,
)  # fmt: skip
"""Toutes, dans l'ordre où elles s'appuient les unes sur les autres."""
