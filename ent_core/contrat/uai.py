"""Le code d'un établissement (UAI) : sept chiffres et une lettre majuscule, écrits ici une fois."""

from __future__ import annotations

import re

__all__ = ["UAI", "UAI_ATTENDU"]

UAI = re.compile(r"\A[0-9]{7}[A-Z]\Z")
"""La forme entière d'un code ; qu'il existe, seul l'annuaire le dit."""

UAI_ATTENDU = "Un code UAI a sept chiffres et une lettre."
