"""``ent carnet …`` : ce qu'un CPE ou un administrateur fait sans navigateur."""

from __future__ import annotations

from ent_carnet.commandes.absences import absences
from ent_carnet.commandes.papier import imprimer
from ent_carnet.commandes.sanctions import sanctions

__all__ = ["COMMANDES"]

COMMANDES = (absences, imprimer, sanctions)
