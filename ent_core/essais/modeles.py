"""Ce qu'un essai de brique écrit pour se faire une école : la façade, elle, n'en donne que la lecture."""

from __future__ import annotations

from ent_core.identite.modeles import (
    Creneau,
    CreneauEnseignant,
    Division,
    Groupe,
    Inscription,
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

__all__ = [
    "Creneau",
    "CreneauEnseignant",
    "Delegation",
    "Division",
    "Groupe",
    "HorlogeFixe",
    "Inscription",
    "Periode",
    "Personne",
    "Rattachement",
    "Responsabilite",
    "Restriction",
    "Service",
    "attribuer",
]
