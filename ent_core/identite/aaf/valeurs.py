"""Les valeurs d'une fiche AAF : dates, oui/non, champs séparés par « $ », téléphones, codes de lien."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

__all__ = ["code_lien", "decouper", "lire_date", "lire_nom", "lire_oui_non", "lire_telephone", "premiere"]

_DATE = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_PARASITES_TELEPHONE = re.compile(r"[\s./\-()_\u00a0\u202f]+")

# Anciens codes de lien (avant 2018) vers la nomenclature N_LIEN_ELEVE_RESPONSABLE. L'ordre s'inverse :
# 1 était le père et devient 20, 2 était la mère et devient 10.
_LIENS_ANCIENS: Mapping[str, str] = MappingProxyType(
    {"1": "20", "2": "10", "3": "50", "4": "39", "5": "51", "6": "90", "7": "70"}
)


def premiere(valeurs: list[str] | None) -> str:
    """La valeur d'un attribut à valeur unique ; vide si l'attribut manque ou est vide.

    :param valeurs: valeurs de l'attribut.
    """
    return valeurs[0] if valeurs else ""


def lire_date(valeur: str) -> date | None:
    """Lit ``jj/mm/aaaa``.

    :param valeur: texte de la fiche ; vide rend ``None``.
    :raises ValueError: autre forme, ou jour qui n'existe pas. Le message ne répète pas la valeur.
    """
    valeur = valeur.strip()
    if not valeur:
        return None
    trouve = _DATE.fullmatch(valeur)
    if trouve is None:
        raise ValueError("date illisible : forme attendue jj/mm/aaaa")
    jour, mois, annee = (int(partie) for partie in trouve.groups())
    try:
        return date(annee, mois, jour)
    except ValueError:
        raise ValueError("date impossible : ce jour n'existe pas au calendrier") from None


def lire_oui_non(valeur: str) -> bool | None:
    """Lit ``O`` ou ``N``.

    :param valeur: texte de la fiche ; vide rend ``None``.
    :raises ValueError: autre valeur.
    """
    match valeur.strip().upper():
        case "":
            return None
        case "O":
            return True
        case "N":
            return False
        case _:
            raise ValueError("booléen illisible : O ou N attendu")


def decouper(valeur: str, nombre: int) -> tuple[str, ...]:
    """Découpe une valeur composée, en gardant les champs vides de fin.

    Un champ absent vaut un champ vide ; un champ en trop est gardé, pour que l'appelant le voie.

    :param valeur: par exemple ``600101$10$1$1$0$0``.
    :param nombre: nombre de champs attendus ; le résultat en a au moins autant.
    """
    champs = tuple(champ.strip() for champ in valeur.split("$"))
    return champs + ("",) * (nombre - len(champs))


def lire_telephone(valeur: str) -> str:
    """Ôte les séparateurs d'un numéro ; ``+33`` et ``0033`` deviennent le ``0`` national.

    Un numéro étranger garde son indicatif ; un texte qui n'est pas un numéro rend une chaîne vide.

    :param valeur: par exemple ``+33 1 02 03 04 05``.
    """
    numero = _PARASITES_TELEPHONE.sub("", valeur.replace("(0)", ""))
    if numero.startswith("00"):
        numero = "+" + numero[2:]
    if numero.startswith("+33"):
        numero = "0" + numero[3:].removeprefix("0")
    chiffres = numero.removeprefix("+")
    return numero if chiffres.isascii() and chiffres.isdigit() and 3 <= len(chiffres) <= 15 else ""


def lire_nom(valeur: str) -> str:
    """Resserre les blancs d'un nom ou d'un prénom.

    La casse est gardée telle qu'elle est reçue : « DE LA TOUR » ne dit pas où sont ses majuscules, et le
    rapprochement avec les autres flux se fait sur la forme reçue.

    :param valeur: texte de la fiche.
    """
    return " ".join(valeur.split())


def code_lien(valeur: str) -> str:
    """Le code de lien d'un responsable, dans la nomenclature actuelle.

    :param valeur: code ancien (1 à 7) ou actuel ; un code inconnu est rendu tel quel.
    """
    valeur = valeur.strip()
    return _LIENS_ANCIENS.get(valeur, valeur)
