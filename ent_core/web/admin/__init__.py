"""L'administration : établissements, briques, personnes, codes, délégations, imports, journal, travaux.

Chaque module ajoute ses routes au même blueprint ; l'importer ici suffit à le monter.
"""

from ent_core.web.admin import (
    actes,
    annees,
    briques,
    codes,
    delegations,
    deploiement,
    envois,
    etablissements,
    gar,
    imports,
    journal,
    mises_en_securite,
    personnes,
    prealables,
    protection,
    second_facteur,
    services,
    taches,
    visites,
)
from ent_core.web.admin.pages import administration

__all__ = [
    "actes",
    "administration",
    "annees",
    "briques",
    "codes",
    "delegations",
    "deploiement",
    "envois",
    "etablissements",
    "gar",
    "imports",
    "journal",
    "mises_en_securite",
    "personnes",
    "prealables",
    "protection",
    "second_facteur",
    "services",
    "taches",
    "visites",
]
