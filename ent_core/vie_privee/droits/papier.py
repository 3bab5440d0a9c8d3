"""Ce qu'une table de brique porte pour dire par où chaque ligne est entrée : écran, papier ou import."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped

from ent_core.contrat.papier import Source
from ent_core.donnees.colonnes import neutre

__all__ = ["Saisie"]


class Saisie:
    """Mixin : une colonne ``source`` ; à défaut, la ligne vient de l'écran.

    Une feuille rendue par une personne qui s'oppose se recopie avec ``Source.PAPIER`` : le papier suit alors
    la même règle de conservation que la ligne.
    """

    source: Mapped[str] = neutre(
        "par où la ligne est entrée : saisie, papier ou import", String(6), server_default=Source.SAISIE.value
    )
