"""Le registre dans un classeur ODS, selon le modèle de registre simplifié de la CNIL.

Une feuille d'ensemble (organisme, délégué, liste des traitements), puis une feuille par traitement : partie,
rubrique, valeur, et d'où vient la valeur.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO

from odf.opendocument import OpenDocumentSpreadsheet
from odf.style import ParagraphProperties, Style, TableCellProperties, TableColumnProperties, TextProperties
from odf.table import Table, TableCell, TableColumn, TableRow
from odf.text import P

from ent_core.socle.dates import jour_court
from ent_core.vie_privee.publication.assemblage import RegistrePublie
from ent_core.vie_privee.publication.fiche import FicheTraitement

__all__ = ["A_COMPLETER", "classeur"]

A_COMPLETER = "à compléter"


class _Styles:
    """Styles du classeur : colonnes, titre, en-tête, texte."""

    def __init__(self, document: OpenDocumentSpreadsheet) -> None:
        self.colonnes = [
            self._colonne(document, f"c{rang}", f"{cm}cm") for rang, cm in enumerate((5, 6.5, 16, 4))
        ]
        self.titre = self._cellule(document, "titre", gras=True, taille="14pt")
        self.entete = self._cellule(document, "entete", gras=True, fond="#e3e9f5")
        self.texte = self._cellule(document, "texte")
        self.manque = self._cellule(document, "manque", gras=True, fond="#fdf1d6")

    @staticmethod
    def _colonne(document: OpenDocumentSpreadsheet, nom: str, largeur: str) -> Style:
        style = Style(name=nom, family="table-column")
        style.addElement(TableColumnProperties(columnwidth=largeur))
        document.automaticstyles.addElement(style)
        return style

    @staticmethod
    def _cellule(
        document: OpenDocumentSpreadsheet,
        nom: str,
        *,
        gras: bool = False,
        taille: str = "10pt",
        fond: str = "",
    ) -> Style:
        style = Style(name=nom, family="table-cell")
        options = {"backgroundcolor": fond} if fond else {}
        style.addElement(TableCellProperties(verticalalign="top", wrapoption="wrap", **options))
        style.addElement(ParagraphProperties(textalign="start"))
        style.addElement(TextProperties(fontsize=taille, **({"fontweight": "bold"} if gras else {})))
        document.automaticstyles.addElement(style)
        return style


def classeur(registre: RegistrePublie) -> bytes:
    """Classeur ODS d'un registre.

    :param registre: registre publié.
    """
    document = OpenDocumentSpreadsheet()
    styles = _Styles(document)
    document.spreadsheet.addElement(_ensemble(registre, styles))
    noms: set[str] = {"Registre"}
    for fiche in registre.fiches:
        document.spreadsheet.addElement(_feuille(fiche, _nom(fiche, noms), styles))
    sortie = BytesIO()
    document.write(sortie)
    return sortie.getvalue()


def _nom(fiche: FicheTraitement, pris: set[str]) -> str:
    """Un tableur refuse quelques signes, plus de 31 caractères et deux feuilles du même nom."""
    base = "".join(" " if signe in "[]*?:/\\'" else signe for signe in fiche.intitule)[:31].strip()
    nom = base
    while nom in pris:
        nom = f"{base[:26]} ({len(pris)})"
    pris.add(nom)
    return nom


def _ensemble(registre: RegistrePublie, styles: _Styles) -> Table:
    table = _table("Registre", styles)
    _ligne(table, [(f"Registre des activités de traitement : {registre.responsable}", styles.titre)])
    mesure = registre.mesure
    _ligne(table, [("État au", styles.entete), (jour_court(registre.jour), styles.texte)])
    _ligne(table, [("Académie", styles.entete), (registre.academie, styles.texte)])
    if registre.uai:
        _ligne(table, [("Code UAI", styles.entete), (registre.uai, styles.texte)])
    for cle in ("responsable", "delegue", "conjoints", "sous_traitants"):
        if registre.fiches:
            rubrique = registre.fiches[0][cle]
            texte = "\n".join(rubrique.valeurs) or A_COMPLETER
            _ligne(
                table,
                [
                    (rubrique.intitule, styles.entete),
                    (texte, styles.manque if rubrique.vide else styles.texte),
                ],
            )
    _ligne(
        table,
        [
            ("Rubriques tirées du code", styles.entete),
            (f"{mesure.code} sur {mesure.total} ; à compléter : {mesure.vides}", styles.texte),
        ],
    )
    _ligne(table, [])
    _ligne(
        table,
        [(titre, styles.entete) for titre in ("Brique", "Traitement", "Finalité", "Référence, version")],
    )
    for fiche in registre.fiches:
        _ligne(
            table,
            [
                (fiche.brique_titre, styles.texte),
                (fiche.intitule, styles.texte),
                ("\n".join(fiche["finalite"].valeurs), styles.texte),
                (f"{fiche.cle}, {fiche.version}", styles.texte),
            ],
        )
    return table


def _feuille(fiche: FicheTraitement, nom: str, styles: _Styles) -> Table:
    table = _table(nom, styles)
    _ligne(table, [(f"Fiche de traitement : {fiche.intitule}", styles.titre)])
    _ligne(table, [(titre, styles.entete) for titre in ("Partie", "Rubrique", "Contenu", "Vient de")])
    for partie, rubriques in fiche.parties():
        for rubrique in rubriques:
            contenu = "\n".join(rubrique.valeurs) or A_COMPLETER
            _ligne(
                table,
                [
                    (str(partie), styles.texte),
                    (rubrique.intitule, styles.entete),
                    (contenu, styles.manque if rubrique.vide else styles.texte),
                    (str(rubrique.provenance), styles.texte),
                ],
            )
    return table


def _table(nom: str, styles: _Styles) -> Table:
    table = Table(name=nom)
    for style in styles.colonnes:
        table.addElement(TableColumn(stylename=style))
    return table


def _ligne(table: Table, cellules: Sequence[tuple[str, Style]]) -> None:
    ligne = TableRow()
    for texte, style in cellules or [("", None)]:
        cellule = TableCell(valuetype="string", **({"stylename": style} if style else {}))
        for paragraphe in _paragraphes(texte):
            cellule.addElement(P(text=paragraphe))
        ligne.addElement(cellule)
    table.addElement(ligne)


def _paragraphes(texte: str) -> Iterable[str]:
    return texte.split("\n")
