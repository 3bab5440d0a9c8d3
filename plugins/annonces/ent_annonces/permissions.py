"""Qui peut quoi. Un rôle qui n'est destinataire d'aucun traitement ne peut recevoir aucune permission."""

from __future__ import annotations

from ent_core.brique import Permission, Portee, Role

__all__ = ["ECRIRE", "ECRITURE", "LECTURE", "LIRE"]

LIRE = "annonces.lire"
ECRIRE = "annonces.ecrire"

LECTURE = Permission(
    LIRE,
    "Lire les annonces",
    {
        Role.DIRECTION: Portee.ETABLISSEMENT,
        Role.CPE: Portee.ETABLISSEMENT,
        Role.DIRECTION_ADJOINTE: Portee.ETABLISSEMENT,
        Role.ENSEIGNANT: Portee.ETABLISSEMENT,
        Role.DOCUMENTALISTE: Portee.ETABLISSEMENT,
        Role.ASSISTANT_EDUCATION: Portee.ETABLISSEMENT,
        Role.ADMINISTRATIF: Portee.ETABLISSEMENT,
        Role.SANTE_SOCIAL: Portee.ETABLISSEMENT,
        Role.ELEVE: Portee.ETABLISSEMENT,
        Role.RESPONSABLE: Portee.ETABLISSEMENT,
    },
)
ECRITURE = Permission(
    ECRIRE,
    "Afficher et retirer des annonces",
    {Role.DIRECTION: Portee.ETABLISSEMENT, Role.CPE: Portee.ETABLISSEMENT},
    delegable=True,
)
