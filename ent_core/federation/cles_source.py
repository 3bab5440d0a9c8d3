"""Les clés qu'un fournisseur donne d'une personne : références d'annuaire, vecteurs d'identité, jointures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ent_core.federation.evenement import EntreeRefusee

__all__ = ["Reference", "Vecteur", "lire_jointures", "lire_references", "lire_vecteurs", "normaliser"]

_ANNUAIRE = "AAF:"
_REFERENCE = re.compile(r"\{AAF\}([^|{}]{1,20})\|[^|{}]{0,20}\|([\w.-]{1,64})")
_JOINTURE = re.compile(r"(?:(?:AC-)?([^$]{1,40})\$)?([\w.-]{1,64})")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss"})


@dataclass(frozen=True, slots=True)
class Reference:
    """Une personne dans un annuaire.

    :param source: annuaire, ``AAF:099``.
    :param cle: sa clé de jointure.
    """

    source: str
    cle: str


@dataclass(frozen=True, slots=True)
class Vecteur:
    """Un ``FrEduVecteur`` : un élève, ou un responsable désigné par son enfant.

    :param responsable: la personne est le responsable nommé, non l'élève.
    :param eleve: identifiant de rattachement de l'élève.
    """

    responsable: bool
    nom: str
    prenom: str
    eleve: str
    uai: str


def normaliser(nom: str) -> str:
    """Forme sous laquelle deux écritures d'un même nom sont égales : sans accent, ni casse, ni ponctuation.

    :param nom: nom ou prénom.
    """
    decompose = unicodedata.normalize("NFKD", nom.translate(_LIGATURES)).casefold()
    lettres = "".join(c for c in decompose if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in lettres).split())


def lire_references(valeurs: Iterable[str], academies: Mapping[str, str]) -> list[Reference]:
    """Références AAF ; une autre provenance (``{ECT}``…) et une académie inconnue sont ignorées.

    :param valeurs: ``FrEduCtRefId`` reçus, ``{AAF}<académie>|<…>|<clé>``.
    :param academies: codes particuliers au fournisseur.
    """
    return list(_references(valeurs, academies))


def _references(valeurs: Iterable[str], academies: Mapping[str, str]) -> Iterator[Reference]:
    for valeur in valeurs:
        lue = _REFERENCE.fullmatch(valeur)
        source = _annuaire(lue[1], academies) if lue else None
        if lue and source:
            yield Reference(source, lue[2])


def lire_jointures(valeurs: Iterable[str], academies: Mapping[str, str]) -> list[Reference]:
    """Clés de jointure, ``AC-LYON$123``, ``099$123``, ou nues si le fournisseur n'a qu'une académie.

    :param valeurs: clés reçues.
    :param academies: codes ou noms d'académie du fournisseur.
    """
    seules = set(academies.values())
    trouvees: list[Reference] = []
    for valeur in valeurs:
        if lue := _JOINTURE.fullmatch(valeur):
            nue = f"{_ANNUAIRE}{next(iter(seules))}" if len(seules) == 1 else None
            source = _annuaire(lue[1], academies) if lue[1] else nue
            trouvees += [Reference(source, lue[2])] if source else []
    return trouvees


def _annuaire(code: str, academies: Mapping[str, str]) -> str | None:
    """« 1 », « 01 » et « 001 » sont la même académie ; un nom n'est connu que par la table du fournisseur."""
    nu = code.lstrip("0")
    declare = next((academies[forme] for forme in (code, nu, f"0{nu}") if forme in academies), None)
    if declare is None and nu.isascii() and nu.isalnum() and len(nu) <= 3 and nu[0].isdigit():
        declare = nu.zfill(3)
    return f"{_ANNUAIRE}{declare}" if declare else None


def lire_vecteurs(valeurs: Iterable[str]) -> list[Vecteur]:
    """Vecteurs d'identité ; un seul mal formé, et aucun ne vaut.

    :param valeurs: ``type|nom|prénom|élève|UAI`` ; types 1 et 2 responsable, 3 et 4 élève.
    :raises EntreeRefusee: champs manquants ou de trop, type inconnu, élève et responsable mêlés.
    """
    lus: list[Vecteur] = []
    for valeur in valeurs:
        champs = [champ.strip() for champ in valeur.split("|")]
        complet = len(champs) == 5 and champs[0] in ("1", "2", "3", "4") and champs[3] and champs[4]
        responsable = champs[0] in ("1", "2")
        if not complet or (responsable and not (champs[1] and champs[2])):
            raise _illisible("un vecteur d'identité est mal formé")
        lus.append(Vecteur(responsable, champs[1], champs[2], champs[3], champs[4].upper()))
    if len(lus) > 1 and not all(vecteur.responsable for vecteur in lus):
        raise _illisible("plusieurs vecteurs d'identité ne valent que pour un responsable")
    return lus


def _illisible(pourquoi: str) -> EntreeRefusee:
    return EntreeRefusee(
        "vecteur",
        f"ce que le service de connexion dit de vous ne se lit pas : {pourquoi}.",
        remede="se connecter avec le compte de l'ENT, et donner le code ci-dessous à l'établissement.",
    )
