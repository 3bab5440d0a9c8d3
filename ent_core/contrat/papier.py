"""La voie papier d'un traitement : la feuille vierge qu'une brique donne, et d'où vient ce qui se saisit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ChampPapier", "FormulairePapier", "Source"]


class Source(StrEnum):
    """Par où une donnée est entrée dans une brique."""

    SAISIE = "saisie"
    PAPIER = "papier"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class ChampPapier:
    """Ce que la feuille demande.

    :param aide: précision imprimée sous le libellé.
    :param lignes: hauteur laissée à l'écriture.
    :param choix: cases à cocher ; vide, on écrit.
    """

    libelle: str
    aide: str = ""
    lignes: int = 1
    choix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FormulairePapier:
    """Une feuille à remplir à la main, pour qui s'oppose au traitement à l'écran.

    :param consigne: à qui la rendre, et quand.
    :param point: page de la brique où le retour se saisit, avec ``Source.PAPIER`` ; vide, elle n'en a pas.
    """

    titre: str
    consigne: str
    champs: tuple[ChampPapier, ...]
    point: str = ""
