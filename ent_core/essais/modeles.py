"""Ce qu'un essai de brique écrit pour se faire une école : la façade, elle, n'en donne que la lecture."""

from __future__ import annotations

from ent_core.identite.modeles import (
    ActeJournal,
    Creneau,
    CreneauEnseignant,
    Division,
    Groupe,
    Inscription,
    Matiere,
    Periode,
    Personne,
    Rattachement,
    Responsabilite,
    Restriction,
    Service,
)
from ent_core.roles.attribution import attribuer
from ent_core.roles.modeles import Delegation
from ent_core.socle.calendrier import HorlogeFixe
from ent_core.vie_privee.droits.modeles import OppositionPersonne

__all__ = [
    "ActeJournal",
    "Creneau",
    "CreneauEnseignant",
    "Delegation",
    "Division",
    "Groupe",
    "HorlogeFixe",
    "Inscription",
    "Matiere",
    "OppositionPersonne",
    "Periode",
    "Personne",
    "Rattachement",
    "Responsabilite",
    "Restriction",
    "Service",
    "attribuer",
]
