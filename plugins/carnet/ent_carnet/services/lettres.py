"""Les lettres : un élève, un foyer, une feuille. Rien d'un camarade ni de l'autre parent n'y paraît.

Une lettre se compose de données toutes prêtes, sans base : qui écrit choisit ce qu'elle dit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ent_core.brique import Expediteur, Foyer, PersonneNommee, imprimer, jour_long

__all__ = [
    "Bloc",
    "ElevePrecise",
    "GenreBloc",
    "Lettre",
    "imprimer_lettres",
    "jour_entier",
    "liste",
    "sans_camarade",
    "texte",
    "titre",
]

_CAMARADE = "un autre élève"


class GenreBloc(StrEnum):
    """Ce qu'une lettre contient."""

    TEXTE = "texte"
    TITRE = "titre"
    LISTE = "liste"


@dataclass(frozen=True, slots=True)
class Bloc:
    """Un alinéa, un intertitre, ou une liste."""

    genre: GenreBloc
    texte: str = ""
    lignes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ElevePrecise:
    """L'élève dont parle une lettre."""

    nom: str
    division: str

    @property
    def libelle(self) -> str:
        """« Camille Durand, 5e A »."""
        return f"{self.nom}, {self.division}" if self.division else self.nom


@dataclass(frozen=True, slots=True)
class Lettre:
    """Ce qu'une lettre dit, sans son adresse.

    :param signataire: fonction de qui signe.
    :param accuse: laisse de quoi dater et signer la remise.
    """

    objet: str
    eleve: ElevePrecise
    blocs: tuple[Bloc, ...]
    signataire: str
    accuse: bool = False


def texte(alinea: str) -> Bloc:
    """Un alinéa.

    :param alinea: ses phrases.
    """
    return Bloc(GenreBloc.TEXTE, alinea)


def titre(intertitre: str) -> Bloc:
    """Un intertitre.

    :param intertitre: ses mots.
    """
    return Bloc(GenreBloc.TITRE, intertitre)


def liste(lignes: Iterable[str]) -> Bloc:
    """Une liste.

    :param lignes: une par élément.
    """
    return Bloc(GenreBloc.LISTE, lignes=tuple(lignes))


def jour_entier(jour: date) -> str:
    """« lundi 16 novembre 2026 ».

    :param jour: le jour.
    """
    return f"{jour_long(jour)} {jour.year}"


def imprimer_lettres(
    expediteur: Expediteur, le: date, courriers: Iterable[tuple[Lettre, Iterable[Foyer]]]
) -> bytes:
    """Un PDF où chaque lettre paraît une fois par foyer, à sa seule adresse (FAM-04).

    :param expediteur: établissement.
    :param le: date des lettres.
    :param courriers: chaque lettre, et les foyers à qui elle s'adresse.
    """
    lettres = [
        {
            "personnes": foyer.personnes,
            "adresse": foyer.adresse,
            "reference": f"{lettre.objet} — {lettre.eleve.libelle}",
            "date": f"Le {jour_entier(le)}",
            "objet": lettre.objet,
            "salutation": "Bonjour," if foyer.eleve else "Madame, Monsieur,",
            "blocs": lettre.blocs,
            "signataire": lettre.signataire,
            "accuse": lettre.accuse,
        }
        for lettre, foyers in courriers
        for foyer in foyers
    ]
    return imprimer("ent_carnet/lettre", {"titre": "Lettres", "expediteur": expediteur, "lettres": lettres})


def sans_camarade(recit: str, eleve: PersonneNommee, camarades: Iterable[PersonneNommee]) -> str:
    """Le même récit, où un autre élève n'est pas nommé.

    Le nom et le prénom s'effacent ensemble ou seuls, s'ils portent une majuscule ; ceux de l'élève restent.

    :param recit: texte libre d'un personnel.
    :param eleve: élève dont parle la lettre.
    :param camarades: élèves qui peuvent y être nommés.
    """
    siens = {mot.casefold() for mot in (eleve.nom, eleve.prenom)}
    mots = {
        mot
        for camarade in camarades
        for mot in (camarade.nom, camarade.prenom)
        if len(mot) > 1 and mot.casefold() not in siens
    }
    if not mots:
        return recit
    formes = "|".join(
        re.escape(forme)
        for mot in sorted(mots, key=len, reverse=True)
        for forme in dict.fromkeys((mot, mot.title(), mot.upper()))
    )
    return re.sub(rf"\b(?:{formes})(?:[ -](?:{formes}))*\b", _CAMARADE, recit)
