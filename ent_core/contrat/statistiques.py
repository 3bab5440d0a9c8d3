"""Les statistiques qu'une brique déclare : ce qui est compté, par quoi, à quel rythme, pour qui.

Une brique déclare ; le noyau compte, protège, fige une fois la période finie, et ne rend que cela. Les
dimensions sont fixes : un filtre libre permettrait de retrouver une personne par différence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ent_core.contrat.interface import Portee

__all__ = ["Dimension", "Rythme", "Statistique", "UniteComptee"]


class UniteComptee(StrEnum):
    """Ce qu'une case compte."""

    FAITS = "faits"
    PERSONNES = "personnes"


class Rythme(StrEnum):
    """Les périodes d'une statistique ; elles ne se recouvrent jamais.

    Elles suivent le calendrier, et non les périodes d'un établissement, que l'on peut changer après coup.
    """

    ANNEE = "année scolaire"
    MOIS = "mois"


@dataclass(frozen=True, slots=True)
class Dimension:
    """Une colonne par laquelle on répartit.

    :param colonne: colonne de la table.
    :param intitule: ce que l'on montre en tête.
    :param modalites: valeurs permises et leur intitulé, toutes montrées, même vides ; aucune, si la colonne
        désigne une division : ce sont alors celles de l'année.
    """

    colonne: str
    intitule: str
    modalites: tuple[tuple[str | int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Statistique:
    """Une statistique, et une seule par table : deux, qui auraient un total commun, se trahiraient.

    :param cle: ``brique.nom``.
    :param traitement: clé du traitement de la table ; son seuil est celui de la statistique.
    :param intitule: titre montré.
    :param table: table comptée, cloisonnée, qui mène à la personne concernée.
    :param jour: colonne qui date le fait ; elle le range dans une seule période.
    :param dimensions: une ou deux.
    :param compte: faits, ou personnes ; une personne dans deux cases compte dans les deux.
    :param rythme: année scolaire, ou mois.
    :param portee: l'établissement seul ; ou l'académie, qui voit alors des nombres arrondis à 5 près.
    """

    cle: str
    traitement: str
    intitule: str
    table: str
    jour: str
    dimensions: tuple[Dimension, ...]
    compte: UniteComptee = UniteComptee.FAITS
    rythme: Rythme = Rythme.ANNEE
    portee: Portee = Portee.ETABLISSEMENT
