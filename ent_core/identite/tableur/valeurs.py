"""Lire la valeur d'une cellule : du texte tapé par une personne à une valeur sûre, ou un refus expliqué."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TypeVar

from ent_core.identite.tableur.cles import cle_de_comparaison
from ent_core.identite.tableur.texte import commence_une_formule

__all__ = [
    "ValeurRefusee",
    "lire_civilite",
    "lire_courriel",
    "lire_date",
    "lire_ine",
    "lire_liste",
    "lire_nom",
    "lire_oui_non",
    "lire_responsable_legal",
    "lire_sexe",
    "lire_telephone",
    "lire_texte",
]

_T = TypeVar("_T")

_LONGUEUR_MAX = 255
_JMA = re.compile(r"\A(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})\Z")
_AMJ = re.compile(r"\A(\d{4})[/\-](\d{1,2})[/\-](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?\Z")
_ANNEE_COURTE = re.compile(r"\A\d{1,2}[/.\-]\d{1,2}[/.\-]\d{2}\Z")
# Cinq chiffres : de 1927 à 2173. Avec quatre, une année seule passerait pour un jour.
_JOURS_EXCEL = re.compile(r"\A\d{5}\Z")
_EPOQUE_EXCEL = date(1899, 12, 30)
_ANNEE_MIN = 1900
_INE = re.compile(r"\A\d[0-9A-Z]{9}[A-Z]\Z")
_COURRIEL = re.compile(r"\A[^\s@,;:<>\"()]+@[^\s@,;:<>\"().]+(?:\.[^\s@,;:<>\"().]+)+\Z")
_TELEPHONE = re.compile(r"\A\+?\d{6,15}\Z")
_SEPARATEURS_TELEPHONE = re.compile(r"[\s./()\-\u2010-\u2015]")
_SEPARATEURS_LISTE = re.compile(r"[,;|\n]")
# UTF-8 relu octet par octet : « Ã » ou « Â » suivi d'un octet de continuation.
_ABIME = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192"
                    "\u02c6\u02dc\u2013-\u203a\u20ac\u2122]|\ufffd")  # fmt: skip

_SEXES = {"M": ("m", "h", "g", "1", "masculin", "homme", "garcon", "mr", "monsieur"),
          "F": ("f", "2", "feminin", "femme", "fille", "mme", "mlle", "madame", "mademoiselle")}  # fmt: skip
_CIVILITES = {"M.": ("m", "mr", "monsieur", "h", "1"),
              "Mme": ("mme", "mlle", "melle", "madame", "mademoiselle", "f", "2", "3")}  # fmt: skip
_OUI = ("oui", "o", "vrai", "true", "x", "1")
_NON = ("non", "n", "faux", "false", "0")


class ValeurRefusee(Exception):
    """Une valeur n'est pas acceptable.

    :param code: code stable.
    :param motif: ce qui ne va pas, sans citer la valeur.
    :param remede: ce qu'il faut écrire à la place.
    """

    def __init__(self, code: str, motif: str, remede: str) -> None:
        super().__init__(motif)
        self.code = code
        self.motif = motif
        self.remede = remede


def lire_texte(brut: str) -> str:
    """Un texte court, en forme NFC, sans formule ni caractère invisible."""
    texte = _sain(brut)
    if commence_une_formule(texte):
        raise ValeurRefusee(
            "formule",
            "la cellule commence par =, +, - ou @, comme une formule",
            "écrire la valeur elle-même, ou laisser la cellule vide",
        )
    return texte


def lire_nom(brut: str) -> str:
    """Un nom ou un prénom : du texte avec au moins une lettre."""
    texte = lire_texte(brut)
    if not any(map(str.isalpha, texte)):
        raise ValeurRefusee("nom_sans_lettre", "le nom n'a aucune lettre", "écrire le nom en lettres")
    return texte


def lire_date(brut: str) -> date:
    """Une date : jj/mm/aaaa, aaaa-mm-jj, ou le nombre de jours d'un tableur (cinq chiffres)."""
    texte = lire_texte(brut)
    try:
        if trouve := _JMA.match(texte):
            jour, mois, annee = map(int, trouve.groups())
            lue = date(annee, mois, jour)
        elif trouve := _AMJ.match(texte):
            annee, mois, jour = map(int, trouve.groups())
            lue = date(annee, mois, jour)
        elif _JOURS_EXCEL.match(texte):
            lue = _EPOQUE_EXCEL + timedelta(days=int(texte))
        elif _ANNEE_COURTE.match(texte):
            raise ValeurRefusee(
                "date_ambigue",
                "l'année de la date n'a que deux chiffres",
                "écrire l'année en entier : jj/mm/aaaa",
            )
        else:
            raise ValeurRefusee("date_illisible", "la date n'est pas reconnue", "écrire jj/mm/aaaa")
    except ValueError:
        raise ValeurRefusee(
            "date_inexistante",
            "ce jour n'existe pas au calendrier",
            "corriger le jour ou le mois (jj/mm/aaaa)",
        ) from None
    if lue.year < _ANNEE_MIN:
        raise ValeurRefusee("date_lointaine", f"la date est avant {_ANNEE_MIN}", "corriger l'année")
    return lue


def lire_sexe(brut: str) -> str:
    """« M » ou « F », depuis un code, un mot ou une civilité."""
    return _choix(brut, _SEXES, "sexe_inconnu", "écrire M ou F, ou laisser la cellule vide")


def lire_civilite(brut: str) -> str:
    """« M. » ou « Mme »."""
    return _choix(brut, _CIVILITES, "civilite_inconnue", "écrire M. ou Mme, ou laisser la cellule vide")


def lire_oui_non(brut: str) -> bool:
    """Vrai pour oui, o, vrai, x, 1 ; faux pour non, n, faux, 0."""
    return _choix(brut, {True: _OUI, False: _NON}, "oui_non_attendu", "écrire oui ou non")


def lire_responsable_legal(brut: str) -> bool:
    """Comme oui et non ; le rang 1 ou 2 des exports signifie aussi « responsable légal »."""
    return _choix(brut, {True: (*_OUI, "2"), False: _NON}, "oui_non_attendu", "écrire oui ou non")


def lire_ine(brut: str) -> str:
    """Un INE de onze caractères ; seule sa forme est vérifiée, sa clé de contrôle n'étant pas publiée."""
    texte = lire_texte(brut).replace(" ", "").upper()
    if not _INE.match(texte):
        raise ValeurRefusee(
            "ine_invalide",
            "l'INE n'a pas la forme attendue",
            "recopier les onze caractères de l'INE, ou laisser la cellule vide",
        )
    return texte


def lire_courriel(brut: str) -> str:
    """Une adresse de messagerie, une seule."""
    texte = lire_texte(brut)
    if not _COURRIEL.match(texte):
        raise ValeurRefusee(
            "courriel_invalide",
            "l'adresse de messagerie n'est pas valable",
            "écrire une seule adresse : nom@domaine",
        )
    return texte


def lire_telephone(brut: str) -> str:
    """Un numéro sans séparateur ; le zéro qu'un tableur a retiré d'un numéro français est rendu."""
    texte = _SEPARATEURS_TELEPHONE.sub("", _sain(brut))
    if not _TELEPHONE.match(texte):
        raise ValeurRefusee(
            "telephone_invalide",
            "le numéro de téléphone n'est pas valable",
            "écrire un seul numéro, en chiffres, avec l'indicatif s'il est étranger",
        )
    return f"0{texte}" if len(texte) == 9 and texte[0] not in "+0" else texte


def lire_liste(brut: str) -> tuple[str, ...]:
    """Des textes séparés par une virgule, un point-virgule, une barre ou une fin de ligne, sans doublon."""
    morceaux = (morceau.strip() for morceau in _SEPARATEURS_LISTE.split(brut))
    return tuple(dict.fromkeys(lire_texte(morceau) for morceau in morceaux if morceau))


def _sain(brut: str) -> str:
    texte = unicodedata.normalize("NFC", brut)
    if len(texte) > _LONGUEUR_MAX:
        raise ValeurRefusee("trop_long", f"le texte dépasse {_LONGUEUR_MAX} caractères", "le raccourcir")
    if _ABIME.search(texte):
        raise ValeurRefusee(
            "caracteres_abimes",
            "des lettres accentuées ont été abîmées par un changement d'encodage",
            "retaper la cellule, ou refaire l'export en UTF-8",
        )
    # Cc : commandes. Cf : marques invisibles, dont celles qui renversent le sens d'écriture.
    if any(unicodedata.category(caractere) in ("Cc", "Cf") for caractere in texte):
        raise ValeurRefusee(
            "caractere_invisible",
            "la cellule contient un caractère invisible ou une fin de ligne",
            "retaper la cellule",
        )
    return texte


def _choix(brut: str, choix: Mapping[_T, tuple[str, ...]], code: str, remede: str) -> _T:
    cle = cle_de_comparaison(lire_texte(brut))
    for valeur, mots in choix.items():
        if cle in mots:
            return valeur
    raise ValeurRefusee(code, "la valeur n'est pas dans la liste attendue", remede)
