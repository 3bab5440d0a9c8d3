"""Qui peut quoi, écrit à part des destinataires : les deux se confrontent."""

from __future__ import annotations

from ent_core.brique import Permission, Portee, Role

__all__ = ["CONTROLER", "ECRIRE", "LIRE", "TOUTES"]

LIRE, ECRIRE, CONTROLER = "temoin.lire", "temoin.ecrire", "temoin.controler"
TOUTES = (
    Permission(
        LIRE,
        "Lire les dossiers",
        {
            Role.CPE: Portee.ETABLISSEMENT,
            Role.SANTE_SOCIAL: Portee.ETABLISSEMENT,
            Role.ENSEIGNANT: Portee.MES_CLASSES,
        },
    ),
    Permission(ECRIRE, "Ouvrir un dossier", {Role.CPE: Portee.ETABLISSEMENT}),
    Permission(CONTROLER, "Lire le journal", {Role.DPD: Portee.ACADEMIE}),
)
