"""Les défauts qu'un import constate : une fiche écartée (rejet) ou une valeur écartée (avertissement)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Code", "Constat", "Gravite"]


class Gravite(StrEnum):
    """Ce qui est mis de côté."""

    REJET = "rejet"
    AVERTISSEMENT = "avertissement"


class Code(StrEnum):
    """Nature d'un défaut ; valeurs stables, de vingt caractères au plus. La lecture a aussi les siens."""

    # À la lecture
    CATEGORIE_INATTENDUE = "categorie_inattendue"
    CLE_ILLISIBLE = "cle_illisible"
    DATE_ILLISIBLE = "date_illisible"
    ENCODAGE = "encodage"
    FONCTION_INCONNUE = "fonction_inconnue"
    LIEN_INCONNU = "lien_inconnu"
    OBLIGATOIRE_ABSENT = "obligatoire_absent"
    UAI_INVALIDE = "uai_invalide"
    VALEUR_ILLISIBLE = "valeur_illisible"
    # À l'application ; les fichiers SQL les écrivent.
    CLE_REPETEE = "cle_repetee"
    DIVISION_INCONNUE = "division_inconnue"
    FICHE_INCONNUE = "fiche_inconnue"
    GROUPE_INCONNU = "groupe_inconnu"
    HORS_PERIMETRE = "hors_perimetre"
    IDENTIFIANT_PARTAGE = "identifiant_partage"
    MATIERE_INCONNUE = "matiere_inconnue"
    RESPONSABLE_INCONNU = "responsable_inconnu"
    SOI_MEME_RESPONSABLE = "soi_meme_responsable"
    STRUCTURE_INCONNUE = "structure_inconnue"


@dataclass(frozen=True, slots=True)
class Constat:
    """Un défaut : où, quelle clé, pourquoi. Jamais le contenu de la fiche.

    :param code: valeur de :class:`Code`, ou code de rejet de la lecture.
    """

    fichier: str
    ligne: int | None
    cle: str
    code: str
    motif: str
    gravite: Gravite
