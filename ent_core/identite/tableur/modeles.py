"""Un tableau lu : des en-têtes, des lignes numérotées, et ce que la lecture a remarqué."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Avertissement", "ErreurLigne", "Format", "Ligne", "Tableau"]


class Format(StrEnum):
    """Les formats de tableau lus et écrits."""

    CSV = "csv"
    XLSX = "xlsx"
    ODS = "ods"


@dataclass(frozen=True, slots=True)
class Ligne:
    """Une ligne non vide.

    :param numero: numéro dans le fichier, à partir de 1 ; c'est lui que l'on montre à la personne.
    :param cellules: textes sans blancs autour ; peut être plus courte ou plus longue que l'en-tête.
    """

    numero: int
    cellules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Avertissement:
    """Ce que la lecture a remarqué sans refuser le fichier.

    :param code: code stable, par exemple ``lignes_inegales``.
    :param message: phrase montrée à la personne, sans donnée personnelle.
    :param lignes: numéros des lignes concernées ; vide si tout le fichier l'est.
    """

    code: str
    message: str
    lignes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ErreurLigne:
    """Une cellule refusée.

    :param ligne: numéro de ligne dans le fichier.
    :param colonne: en-tête de la colonne, ou nom du champ quand aucune colonne ne le porte.
    :param code: code stable, par exemple ``date_ambigue``.
    :param motif: ce qui ne va pas ; ne cite jamais la valeur, qui est une donnée personnelle.
    :param remede: ce qu'il faut faire.
    """

    ligne: int
    colonne: str
    code: str
    motif: str
    remede: str


@dataclass(frozen=True, slots=True)
class Tableau:
    """Un fichier lu.

    :param nom: nom du fichier, pour les messages.
    :param entetes: textes de la première ligne non vide ; un en-tête peut être vide ou répété.
    :param ligne_entetes: numéro de cette ligne dans le fichier.
    :param encodage: encodage du CSV ; vide pour un classeur.
    :param separateur: séparateur du CSV ; vide pour un classeur.
    :param feuille: feuille lue du classeur ; vide pour un CSV.
    """

    nom: str
    format: Format
    entetes: tuple[str, ...]
    ligne_entetes: int
    lignes: tuple[Ligne, ...]
    encodage: str = ""
    separateur: str = ""
    feuille: str = ""
    avertissements: tuple[Avertissement, ...] = ()
