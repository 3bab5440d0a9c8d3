"""Ce que partagent les tables du carnet : l'élève, l'auteur, et les listes fermées."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from ent_core.brique import Role, vers_personne
from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

__all__ = ["ENCADREMENT", "FAMILLE", "JOIGNENT", "PERSONNELS", "SUIVI", "DUn", "parmi"]

FAMILLE = (Role.ELEVE, Role.RESPONSABLE)
ENCADREMENT = (Role.DIRECTION, Role.DIRECTION_ADJOINTE)
SUIVI = (Role.CPE, *ENCADREMENT)
"""Qui règle les absences et joint les familles."""
JOIGNENT = (*SUIVI, Role.ASSISTANT_EDUCATION)
"""Qui téléphone aux familles, et note l'essai."""

PERSONNELS = (
    Role.ENSEIGNANT, Role.SUPPLEANT, Role.DOCUMENTALISTE, Role.PROFESSEUR_PRINCIPAL,
    Role.ASSISTANT_EDUCATION, *SUIVI,
)  # fmt: skip


def parmi(colonne: str, valeurs: type[StrEnum]) -> CheckConstraint:
    """La colonne ne prend que les valeurs d'une liste fermée.

    :param colonne: nom de la colonne.
    :param valeurs: la liste.
    """
    permises = ", ".join(f"'{valeur.value}'" for valeur in valeurs)
    return CheckConstraint(f"{colonne} in ({permises})", name=colonne)


class DUn:
    """Mixin d'une ligne qui concerne un seul élève (DISC-07 : une ligne, un élève)."""

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5)
