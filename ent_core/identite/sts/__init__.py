"""Lire les fichiers d'échange de STS-web, sans base : agents, structures, services, emploi du temps."""

from __future__ import annotations

from ent_core.identite.sts.lecture import lire_sts
from ent_core.identite.sts.modeles import (
    Alternance,
    AnomalieSts,
    CoursSts,
    DivisionSts,
    Etablissement,
    FichierSts,
    GroupeSts,
    Individu,
    Nature,
    ProfesseurPrincipal,
    ReferenceAgent,
    ServiceSts,
    TypeStructure,
)
from ent_core.identite.sts.occurrences import occurrences

__all__ = [
    "Alternance",
    "AnomalieSts",
    "CoursSts",
    "DivisionSts",
    "Etablissement",
    "FichierSts",
    "GroupeSts",
    "Individu",
    "Nature",
    "ProfesseurPrincipal",
    "ReferenceAgent",
    "ServiceSts",
    "TypeStructure",
    "lire_sts",
    "occurrences",
]
