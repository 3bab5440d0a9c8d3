"""Qui peut quoi : les destinataires du traitement, et personne d'autre. Leur liste est dans le registre."""

from __future__ import annotations

from ent_core.brique import Acces, Permission

from ent_annonces.traitements import AFFICHAGE

__all__ = ["ECRIRE", "ECRITURE", "LECTURE", "LIRE"]

LIRE = "annonces.lire"
ECRIRE = "annonces.ecrire"

LECTURE = Permission(LIRE, "Lire les annonces", {d.role: d.portee for d in AFFICHAGE.destinataires})
ECRITURE = Permission(
    ECRIRE,
    "Afficher et retirer des annonces",
    {d.role: d.portee for d in AFFICHAGE.destinataires if d.acces is Acces.ECRIRE},
    delegable=True,
)
