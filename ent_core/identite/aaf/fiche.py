"""Une fiche AAF : de l'élément XML au dictionnaire d'attributs, ou au motif de sa mise à l'écart."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from lxml import etree

from ent_core.identite.aaf.grammaire import (
    ATTRIBUTS_CONNUS,
    ELEMENTS_ATTENDUS,
    JOINTURES,
    OPERATIONS,
    Categorie,
    Operation,
)

__all__ = ["CodeRejet", "Element", "Fiche", "Interprete", "Rejet", "nommer"]

# Les types publiés de lxml ignorent les tranches, les numéros de ligne et les nœuds d'entité.
Element: TypeAlias = Any

_LONGUEUR_MAX_CLE = 64
_INCONNUS_MAX = 500

_CATEGORIES = {categorie.value: categorie for categorie in Categorie}
_NOMS_JOINTURE = frozenset(JOINTURES.values())
_NOM_XML = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class CodeRejet(StrEnum):
    """Pourquoi une fiche est écartée ; valeurs stables, pour les comptes et la documentation."""

    ATTRIBUT_REPETE = "attribut_repete"
    CATEGORIE_INCONNUE = "categorie_inconnue"
    ENTITE_INCONNUE = "entite_inconnue"
    IDENTIFIANT_ABSENT = "identifiant_absent"
    IDENTIFIANT_DIFFERENT = "identifiant_different"
    IDENTIFIANT_DOUBLE = "identifiant_double"
    IDENTIFIANT_TROP_LONG = "identifiant_trop_long"
    IDENTIFIANT_VIDE = "identifiant_vide"
    OPERATION_INCONNUE = "operation_inconnue"
    STRUCTURE = "structure"


# Non figée, à dessein : une fiche est créée par personne, et figer double le coût de sa création.
@dataclass(slots=True)
class Fiche:
    """Une fiche conforme à la grammaire.

    :param cle: identifiant, égal à l'attribut « …Jointure » ; unique dans une académie seulement.
    :param attributs: valeurs par nom d'attribut, sans blancs autour ; liste vide pour ``<value/>``.
    :param ligne: ligne du fichier. Au-delà de 65 535, c'est celle du premier texte de la fiche.
    """

    operation: Operation
    categorie: Categorie
    cle: str
    attributs: dict[str, list[str]]
    ligne: int


@dataclass(frozen=True, slots=True)
class Rejet:
    """Une fiche mise de côté.

    :param cle: identifiant de la fiche, vide s'il n'a pas pu être lu.
    :param motif: phrase pour la personne qui importe, sans donnée personnelle.
    """

    fichier: str
    ligne: int
    cle: str
    code: CodeRejet
    motif: str


class _FicheFautive(Exception):
    def __init__(self, code: CodeRejet, motif: str) -> None:
        super().__init__(motif)
        self.code = code
        self.motif = motif


class Interprete:
    """Interprète les fiches d'un fichier.

    :param fichier: nom à citer dans les rejets.
    :param attributs_utiles: attributs à garder ; ``None`` les garde tous.
    """

    def __init__(self, fichier: str, attributs_utiles: frozenset[str] | None) -> None:
        self.attributs_inconnus: Counter[str] = Counter()
        self._fichier = fichier
        self._utiles = attributs_utiles
        # La jointure est toujours lue, puisqu'elle doit répéter l'identifiant.
        self._a_lire = None if attributs_utiles is None else attributs_utiles | _NOMS_JOINTURE

    def interpreter(self, element: Element) -> Fiche | Rejet:
        """Rend la fiche, ou son rejet.

        :param element: un enfant entier de la racine.
        """
        try:
            return self._lire(element)
        except _FicheFautive as faute:
            return Rejet(
                self._fichier, element.sourceline or 0, _cle_probable(element), faute.code, faute.motif
            )

    def _lire(self, element: Element) -> Fiche:
        operation = OPERATIONS.get(element.tag)
        if operation is None:
            raise _FicheFautive(
                CodeRejet.OPERATION_INCONNUE,
                f"{nommer(element.tag)} n'est ni addRequest, ni modifyRequest, ni deleteRequest.",
            )
        parties = element[:]
        if [partie.tag for partie in parties] != ELEMENTS_ATTENDUS[operation]:
            raise _structure(operation, parties)
        categorie = _categorie(parties[0])
        cle = _identifiant(parties[1])
        attributs: dict[str, list[str]] = {}
        if operation is Operation.AJOUT:
            self._lire_attributs(parties[2], "attr", attributs)
        elif operation is Operation.MODIFICATION:
            for modification in parties[2]:
                if modification.get("operation") != "replace":
                    raise _FicheFautive(
                        CodeRejet.OPERATION_INCONNUE, "une modification n'est pas de type « replace »."
                    )
            self._lire_attributs(parties[2], "modification", attributs)
        jointure = JOINTURES[categorie]
        repetee = attributs.get(jointure)
        if repetee is not None and repetee != [cle]:
            raise _FicheFautive(
                CodeRejet.IDENTIFIANT_DIFFERENT, f"l'identifiant et l'attribut {jointure} diffèrent."
            )
        if self._utiles is not None and repetee is not None and jointure not in self._utiles:
            del attributs[jointure]
        return Fiche(operation, categorie, cle, attributs, element.sourceline or 0)

    def _lire_attributs(self, bloc: Element, balise: str, attributs: dict[str, list[str]]) -> None:
        """Lit les attributs utiles ; le contenu des autres n'est pas regardé. Boucle la plus chaude."""
        a_lire = self._a_lire
        nom: str | None = None
        for attribut in bloc:
            nom = attribut.get("name")
            if attribut.tag != balise or not nom:
                raise _FicheFautive(CodeRejet.STRUCTURE, f'<{balise} name="…"> attendu.')
            if a_lire is None or nom not in a_lire:
                if nom not in ATTRIBUTS_CONNUS:
                    self._compter_inconnu(nom)
                if a_lire is not None:
                    continue
            if nom in attributs:
                raise _FicheFautive(CodeRejet.ATTRIBUT_REPETE, f"{nommer(nom)} paraît deux fois.")
            attributs[nom] = valeurs = []
            element = None
            for element in attribut:
                if element.tag != "value" or len(element):
                    raise _valeur_fautive(element, nom)
                texte = element.text
                if texte and (texte := texte.strip()):
                    valeurs.append(texte)
            if element is None:
                raise _FicheFautive(CodeRejet.STRUCTURE, f"{nommer(nom)} n'a pas d'élément <value>.")
        if nom is None:
            raise _FicheFautive(CodeRejet.STRUCTURE, "la fiche ne porte aucun attribut.")

    def _compter_inconnu(self, nom: str) -> None:
        if len(self.attributs_inconnus) < _INCONNUS_MAX or nom in self.attributs_inconnus:
            self.attributs_inconnus[nommer(nom)] += 1


def nommer(nom: object) -> str:
    """Un nom venu du fichier n'est cité que s'il a la forme d'un nom : il pourrait être une donnée."""
    return nom if isinstance(nom, str) and _NOM_XML.fullmatch(nom) else "un élément sans nom lisible"


def _categorie(operationnels: Element) -> Categorie:
    # operationalAttributes (attr) ; attr (value+)
    valeurs = [valeur for attribut in operationnels for valeur in attribut]
    if len(operationnels) != 1 or len(valeurs) != 1 or valeurs[0].tag != "value":
        raise _FicheFautive(CodeRejet.STRUCTURE, "operationalAttributes doit porter une seule valeur.")
    categorie = _CATEGORIES.get((valeurs[0].text or "").strip())
    if categorie is None:
        raise _FicheFautive(
            CodeRejet.CATEGORIE_INCONNUE, f"la catégorie n'est pas l'une de : {', '.join(_CATEGORIES)}."
        )
    return categorie


def _identifiant(identifier: Element) -> str:
    ids = identifier[:]
    if not ids:
        raise _FicheFautive(CodeRejet.IDENTIFIANT_ABSENT, "la fiche n'a pas d'élément <id>.")
    if len(ids) > 1:
        raise _FicheFautive(CodeRejet.IDENTIFIANT_DOUBLE, "la fiche a plusieurs éléments <id>.")
    if ids[0].tag != "id" or len(ids[0]):
        raise _FicheFautive(CodeRejet.STRUCTURE, "identifier doit contenir un <id> et rien d'autre.")
    cle = (ids[0].text or "").strip()
    if not cle:
        raise _FicheFautive(CodeRejet.IDENTIFIANT_VIDE, "l'identifiant est vide.")
    if len(cle) > _LONGUEUR_MAX_CLE:
        raise _FicheFautive(
            CodeRejet.IDENTIFIANT_TROP_LONG, f"l'identifiant dépasse {_LONGUEUR_MAX_CLE} caractères."
        )
    return cle


def _cle_probable(element: Element) -> str:
    try:
        return _identifiant(next(element.iterchildren("identifier")))
    except (_FicheFautive, StopIteration):
        return ""


def _structure(operation: Operation, parties: list[Element]) -> _FicheFautive:
    identifiants = sum(partie.tag == "identifier" for partie in parties)
    if identifiants == 0:
        return _FicheFautive(CodeRejet.IDENTIFIANT_ABSENT, "la fiche n'a pas d'élément <identifier>.")
    if identifiants > 1:
        return _FicheFautive(CodeRejet.IDENTIFIANT_DOUBLE, "la fiche a plusieurs éléments <identifier>.")
    return _FicheFautive(
        CodeRejet.STRUCTURE,
        f"éléments attendus, dans l'ordre : {', '.join(ELEMENTS_ATTENDUS[operation])}.",
    )


def _valeur_fautive(element: Element, nom: str) -> _FicheFautive:
    if any(enfant.tag is etree.Entity for enfant in element.iter()):
        return _FicheFautive(
            CodeRejet.ENTITE_INCONNUE, f"{nommer(nom)} contient une entité qui n'existe pas en HTML."
        )
    return _FicheFautive(CodeRejet.STRUCTURE, f"{nommer(nom)} contient autre chose que du texte.")
