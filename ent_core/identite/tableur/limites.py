"""Bornes d'un tableau : au-dessus de la plus grande liste d'un établissement, en dessous d'une panne."""

from __future__ import annotations

__all__ = [
    "BALISES_PAR_CLASSEUR",
    "CARACTERES_PAR_CELLULE",
    "CARACTERES_PAR_LIGNE",
    "CARACTERES_PAR_TABLEAU",
    "CELLULES_PAR_TABLEAU",
    "COLONNES",
    "LIGNES",
    "OCTETS_DECOMPRESSES",
    "OCTETS_PAR_FICHIER",
]

OCTETS_PAR_FICHIER = 20 * 1024 * 1024
OCTETS_DECOMPRESSES = 128 * 1024 * 1024
LIGNES = 100_000
COLONNES = 256
CELLULES_PAR_TABLEAU = 1_000_000
BALISES_PAR_CLASSEUR = 3_000_000
CARACTERES_PAR_LIGNE = 1_000_000
CARACTERES_PAR_TABLEAU = 64_000_000
CARACTERES_PAR_CELLULE = 32_767  # la borne d'Excel : au-delà, le rapport ne pourrait pas être réécrit
