"""Mesurer ce qu'un classeur occuperait une fois déplié, au fil de son XML."""

from __future__ import annotations

import re
from xml.parsers import expat

from ent_core.identite.tableur import limites

__all__ = ["PARTIE_TEXTES", "ClasseurDemesure", "Mesure", "MesureOds", "MesureXlsx"]

_REFERENCE = re.compile(r"\A([A-Z]{1,3})([1-9][0-9]{0,6})\Z")
_RANG = re.compile(r"\A[1-9][0-9]{0,6}\Z")
_NOMBRE = re.compile(r"\A[0-9]{1,9}\Z")
PARTIE_TEXTES = "xl/sharedstrings.xml"
_PARTIE_RELATIONS = "xl/_rels/workbook.xml.rels"


class ClasseurDemesure(Exception):
    """Le classeur dépasserait une borne ; le texte dit laquelle."""


class Mesure:
    """Ce qui est commun aux deux formats : le plus loin qu'aille une cellule remplie, et le texte total."""

    def __init__(self) -> None:
        self.lignes_en_erreur: set[int] = set()
        self._partie = ""
        self._balises = self._caracteres = 0
        self._ligne_max = self._colonne_max = 0

    def analyseur(self, partie: str) -> expat.XMLParserType:
        """Un analyseur neuf pour une partie du classeur.

        :param partie: son nom dans l'archive, en minuscules.
        """
        self._partie = partie
        self._nouvelle_partie()
        analyseur = expat.ParserCreate(namespace_separator="}")
        analyseur.buffer_text = True
        analyseur.StartElementHandler = self._compter
        analyseur.EndElementHandler = self._fin
        analyseur.CharacterDataHandler = self._texte
        analyseur.EntityDeclHandler = _refuser_entite
        return analyseur

    def _compter(self, nom: str, attributs: dict[str, str]) -> None:
        self._balises += 1
        if self._balises > limites.BALISES_PAR_CLASSEUR:
            raise ClasseurDemesure(f"il compte plus de {limites.BALISES_PAR_CLASSEUR} balises")
        self._debut(nom, attributs)

    def _nouvelle_partie(self) -> None:
        raise NotImplementedError

    def _debut(self, nom: str, attributs: dict[str, str]) -> None:
        raise NotImplementedError

    def _fin(self, nom: str) -> None:
        raise NotImplementedError

    def _texte(self, texte: str) -> None:
        raise NotImplementedError

    def _nouvelle_feuille(self) -> None:
        self._ligne_max = self._colonne_max = 0

    def _remplie(self, ligne: int, colonne: int, longueur: int, fois: int = 1) -> None:
        """Note une cellule remplie (positions à partir de 1) et refuse dès qu'une borne est passée."""
        if longueur > limites.CARACTERES_PAR_CELLULE:
            raise ClasseurDemesure(f"une cellule dépasse {limites.CARACTERES_PAR_CELLULE} caractères")
        self._caracteres += longueur * fois
        if self._caracteres > limites.CARACTERES_PAR_TABLEAU:
            raise ClasseurDemesure(f"son texte dépasse {limites.CARACTERES_PAR_TABLEAU} caractères")
        self._ligne_max = max(self._ligne_max, ligne)
        self._colonne_max = max(self._colonne_max, colonne)
        if self._ligne_max > limites.LIGNES + 1:
            raise ClasseurDemesure(f"une cellule est remplie au-delà de la ligne {limites.LIGNES + 1}")
        if self._colonne_max > limites.COLONNES:
            raise ClasseurDemesure(f"une cellule est remplie au-delà de la colonne {limites.COLONNES}")
        if self._ligne_max * self._colonne_max > limites.CELLULES_PAR_TABLEAU:
            raise ClasseurDemesure(f"une feuille dépasse {limites.CELLULES_PAR_TABLEAU} cellules")


class MesureXlsx(Mesure):
    """Un XLSX : ``row``, ``c`` (référence, type), ``v`` ou ``is``, et les textes partagés ``si``."""

    def __init__(self) -> None:
        super().__init__()
        self._partages: list[int] = []
        self._nouvelle_partie()

    def _nouvelle_partie(self) -> None:
        self._nouvelle_feuille()
        self._ligne = self._colonne = self._longueur = 0
        self._type = self._valeur = ""
        self._remplie_ici = False

    def _debut(self, nom: str, attributs: dict[str, str]) -> None:
        local = nom.rpartition("}")[2]
        if local == "c":
            self._situer(attributs.get("r"))
            self._type = attributs.get("t", "")
            self._remplie_ici, self._longueur, self._valeur = False, 0, ""
        elif local == "row":
            rang = attributs.get("r")
            if rang is not None and not _RANG.match(rang):
                raise ClasseurDemesure("une ligne a un numéro impossible")
            self._ligne = int(rang) if rang else self._ligne + 1
            self._colonne = 0
        elif local in ("v", "is"):
            self._remplie_ici = True
        elif local == "si":
            self._longueur = 0
            if self._partie != PARTIE_TEXTES:
                raise ClasseurDemesure("ses textes partagés ne sont pas rangés à leur place")
        elif (
            local == "Relationship"
            and self._partie == _PARTIE_RELATIONS
            and not attributs.get("Target", "").lower().endswith(".xml")
        ):
            # Une feuille rangée sous un autre nom (une image, une macro) échapperait à la mesure.
            raise ClasseurDemesure("une de ses parties a un nom inattendu, ou contient des macros")

    def _situer(self, adresse: str | None) -> None:
        if adresse is None:
            self._colonne += 1
            return
        reference = _REFERENCE.match(adresse)
        if reference is None:
            # La bibliothèque est plus tolérante que la norme : elle irait là où l'on n'a pas mesuré.
            raise ClasseurDemesure("une cellule a une adresse impossible")
        self._colonne, self._ligne = _rang_de_colonne(reference[1]), int(reference[2])

    def _texte(self, texte: str) -> None:
        self._longueur += len(texte)
        if self._type == "s" and len(self._valeur) < 10:
            self._valeur += texte[:10]

    def _fin(self, nom: str) -> None:
        local = nom.rpartition("}")[2]
        if local == "si":
            self._partages.append(self._longueur)
        elif local == "c" and self._remplie_ici:
            if self._type == "e":
                self.lignes_en_erreur.add(self._ligne)
            self._remplie(self._ligne, self._colonne, self._longueur_reelle())

    def _longueur_reelle(self) -> int:
        if self._type != "s" or not self._valeur:
            return self._longueur
        if not _NOMBRE.match(self._valeur):
            raise ClasseurDemesure("une cellule cite un texte partagé impossible")
        rang = int(self._valeur)
        return self._partages[rang] if rang < len(self._partages) else 0


class MesureOds(Mesure):
    """La feuille d'un ODS : lignes et cellules répétées, textes dans ``text:p``."""

    _CELLULES = ("table-cell", "covered-table-cell")

    def __init__(self) -> None:
        super().__init__()
        self._nouvelle_partie()

    def _nouvelle_partie(self) -> None:
        self._nouvelle_feuille()
        self._ligne = self._lignes_repetees = self._colonne = self._fois = self._longueur = 0
        self._typee = self._dans_un_tableau = False
        self._cellules: list[tuple[int, int, int]] = []

    def _debut(self, nom: str, attributs: dict[str, str]) -> None:
        local = nom.rpartition("}")[2]
        if local in self._CELLULES:
            self._fois = _repetition(attributs, "number-columns-repeated")
            self._typee = any(cle.endswith("}value-type") for cle in attributs)
            self._longueur = (
                max((len(valeur) for valeur in attributs.values()), default=0) if self._typee else 0
            )
        elif local == "table-row":
            self._lignes_repetees = _repetition(attributs, "number-rows-repeated")
            self._colonne = 0
            self._cellules.clear()
        elif local == "table":
            if self._dans_un_tableau:
                raise ClasseurDemesure("une de ses feuilles en contient une autre")
            self._dans_un_tableau = True
            self._nouvelle_feuille()
            self._ligne = 0
        elif local == "s":
            self._longueur += _repetition(attributs, "c")

    def _texte(self, texte: str) -> None:
        self._longueur += len(texte)

    def _fin(self, nom: str) -> None:
        local = nom.rpartition("}")[2]
        if local in self._CELLULES:
            self._colonne += self._fois
            if self._typee or self._longueur:
                # Bornée tout de suite : la liste des cellules d'une ligne ne peut pas grandir sans fin.
                self._remplie(self._ligne + 1, self._colonne, 0)
                self._cellules.append((self._colonne, self._longueur, self._fois))
            self._longueur = 0
        elif local == "table-row":
            self._ligne += self._lignes_repetees
            for colonne, longueur, fois in self._cellules:
                self._remplie(self._ligne, colonne, longueur, fois * self._lignes_repetees)
        elif local == "table":
            self._dans_un_tableau = False


def _refuser_entite(*_declaration: object) -> None:
    raise ClasseurDemesure("il déclare des entités XML")


def _repetition(attributs: dict[str, str], nom: str) -> int:
    valeurs = [valeur for cle, valeur in attributs.items() if cle.endswith("}" + nom)]
    if not all(map(_NOMBRE.match, valeurs)):
        raise ClasseurDemesure("une répétition a un nombre impossible")
    return max(map(int, valeurs), default=1)


def _rang_de_colonne(lettres: str) -> int:
    rang = 0
    for lettre in lettres:
        rang = rang * 26 + ord(lettre) - ord("A") + 1
    return rang
