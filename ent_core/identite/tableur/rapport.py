"""Rendre un tableau à la personne : le même, avec une colonne « erreur », ou un modèle vierge."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.teletype import addTextToElement
from odf.text import P

from ent_core.identite.tableur import limites
from ent_core.identite.tableur.champs import CHAMPS, Genre
from ent_core.identite.tableur.modeles import ErreurLigne, Format, Tableau
from ent_core.identite.tableur.texte import proteger

__all__ = ["COLONNE_ERREUR", "ecrire_rapport", "modele_vierge"]

COLONNE_ERREUR = "erreur"

_FEUILLE = "Liste"
_INTERDITS_EN_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
# Excel lit « _x0041_ » comme « A » : le souligné s'échappe lui-même.
_ECHAPPEMENT_EXCEL = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def ecrire_rapport(tableau: Tableau, erreurs: Iterable[ErreurLigne], format_voulu: Format) -> bytes:
    """Le tableau reçu, ligne à ligne, avec en dernière colonne ce qu'il faut corriger.

    :param erreurs: celles de la validation ; une ligne sans erreur a une dernière cellule vide.
    """
    par_ligne: defaultdict[int, list[str]] = defaultdict(list)
    for erreur in erreurs:
        lieu = f"{erreur.colonne} : " if erreur.colonne else ""
        par_ligne[erreur.ligne].append(f"{lieu}{erreur.motif} ({erreur.remede}).")
    entetes, contenus = tableau.entetes, [ligne.cellules for ligne in tableau.lignes]
    if entetes[-1:] == (COLONNE_ERREUR,):
        # Un rapport corrigé puis redéposé porte déjà la colonne : elle est remplacée, pas doublée.
        rang = len(entetes) - 1
        entetes, contenus = entetes[:rang], [cellules[:rang] + cellules[rang + 1 :] for cellules in contenus]
    largeur = max(map(len, [entetes, *contenus]))
    rangees = [(*_a_la_largeur(entetes, largeur), COLONNE_ERREUR)]
    rangees += [
        (*_a_la_largeur(cellules, largeur), " ".join(par_ligne[ligne.numero]))
        for ligne, cellules in zip(tableau.lignes, contenus, strict=True)
    ]
    return _ecrire(rangees, format_voulu)


def modele_vierge(genre: Genre, format_voulu: Format) -> bytes:
    """Un fichier à remplir : les en-têtes reconnus et une ligne d'exemple inventée."""
    champs = CHAMPS[genre]
    return _ecrire([[champ.libelle for champ in champs], [champ.exemple for champ in champs]], format_voulu)


def _a_la_largeur(cellules: Sequence[str], largeur: int) -> tuple[str, ...]:
    return (*cellules, *[""] * (largeur - len(cellules)))


def _ecrire(rangees: Sequence[Sequence[str]], format_voulu: Format) -> bytes:
    if format_voulu is Format.CSV:
        return _en_csv(rangees)
    propres = [
        [_INTERDITS_EN_XML.sub("\ufffd", cellule)[: limites.CARACTERES_PAR_CELLULE] for cellule in rangee]
        for rangee in rangees
    ]
    return _en_xlsx(propres) if format_voulu is Format.XLSX else _en_ods(propres)


def _en_csv(rangees: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 avec marque et points-virgules : ce qu'un tableur français ouvre sans question."""
    flux = io.StringIO(newline="")
    ecrivain = csv.writer(flux, delimiter=";", lineterminator="\r\n")
    ecrivain.writerows([proteger(cellule) for cellule in rangee] for rangee in rangees)
    return flux.getvalue().encode("utf-8-sig")


def _en_xlsx(rangees: Sequence[Sequence[str]]) -> bytes:
    # Lourde, et de ce seul usage : chaque processus qui démarre ne l'attend pas.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    classeur = Workbook(write_only=True)
    feuille = classeur.create_sheet(_FEUILLE)
    feuille.freeze_panes = "A2"
    for rangee in rangees:
        cellules = []
        for texte in rangee:
            cellule = WriteOnlyCell(feuille, _ECHAPPEMENT_EXCEL.sub("_x005F_", texte) or None)
            if texte:
                # Toujours un texte, même retouché dans Excel : ni formule, ni zéro de tête perdu.
                cellule.data_type = "s"
                cellule.number_format = "@"
                cellule.quotePrefix = True
            cellules.append(cellule)
        feuille.append(cellules)
    flux = io.BytesIO()
    classeur.save(flux)
    return flux.getvalue()


def _en_ods(rangees: Sequence[Sequence[str]]) -> bytes:
    document = OpenDocumentSpreadsheet()
    feuille = Table(name=_FEUILLE)
    document.spreadsheet.addElement(feuille)
    for rangee in rangees:
        ligne = TableRow()
        feuille.addElement(ligne)
        for texte in rangee:
            cellule = TableCell(valuetype="string") if texte else TableCell()
            for morceau in texte.split("\n") if texte else ():
                paragraphe = P()
                addTextToElement(paragraphe, morceau)
                cellule.addElement(paragraphe)
            ligne.addElement(cellule)
    flux = io.BytesIO()
    document.save(flux)
    return flux.getvalue()
