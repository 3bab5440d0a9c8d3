"""Lire un classeur XLSX ou ODS déjà éprouvé : des valeurs typées aux textes."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from ent_core.identite.tableur.garde_classeur import eprouver_classeur
from ent_core.identite.tableur.modeles import Avertissement, Format, Ligne
from ent_core.identite.tableur.texte import cellule_propre
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["lire_classeur"]

type_de_cellule = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def lire_classeur(
    contenu: bytes, format_lu: Format, nom: str
) -> tuple[str, list[Ligne], list[Avertissement]]:
    """Rend la feuille lue, ses lignes non vides (en-tête compris) et les remarques.

    La feuille lue est la première feuille visible et non vide ; les autres sont nommées dans une remarque.

    :raises FichierRefuse: classeur protégé, abîmé, démesuré ou vide.
    """
    en_erreur = eprouver_classeur(contenu, format_lu, nom)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(contenu)) as classeur:
            remplies = _feuilles_remplies(classeur)
            if not remplies:
                return "", [], []
            choisie, *autres = remplies
            valeurs = classeur.get_sheet_by_name(choisie).to_python(skip_empty_area=False)
    except PasswordError:
        raise FichierRefuse(
            "Le classeur est protégé par un mot de passe.",
            remede="l'enregistrer sans mot de passe, puis recommencer",
            lieu=nom,
        ) from None
    except CalamineError:
        raise FichierRefuse(
            "Le classeur ne peut pas être lu : il est abîmé ou incomplet.",
            remede="le rouvrir dans un tableur, l'enregistrer de nouveau, puis recommencer",
            lieu=nom,
        ) from None
    lignes = _lignes(valeurs)
    remarques = []
    if autres:
        remarques.append(
            Avertissement(
                "plusieurs_feuilles",
                f"Seule la feuille « {choisie} » est lue ; ne le sont pas : "
                + ", ".join(f"« {autre} »" for autre in autres)
                + ".",
            )
        )
    if perdues := tuple(sorted(en_erreur & {ligne.numero for ligne in lignes})):
        remarques.append(
            Avertissement(
                "cellule_en_erreur",
                "Des cellules en erreur (#N/A, #REF!…) sont lues comme vides.",
                # Les erreurs sont relevées feuilles confondues : à plusieurs, leur ligne serait trompeuse.
                () if autres else perdues,
            )
        )
    return choisie, lignes, remarques


def _feuilles_remplies(classeur: CalamineWorkbook) -> list[str]:
    """Noms des feuilles remplies, les visibles d'abord ; aucune si toutes les remplies sont masquées."""
    visibles: list[str] = []
    masquees: list[str] = []
    for feuille in classeur.sheets_metadata:
        if feuille.typ is SheetTypeEnum.WorkSheet and _est_remplie(classeur.get_sheet_by_name(feuille.name)):
            (visibles if feuille.visible is SheetVisibleEnum.Visible else masquees).append(feuille.name)
    return visibles + masquees if visibles else []


def _est_remplie(feuille: CalamineSheet) -> bool:
    return feuille.end is not None


def _lignes(valeurs: Sequence[Sequence[type_de_cellule]]) -> list[Ligne]:
    lignes = []
    for numero, rangee in enumerate(valeurs, start=1):
        cellules = tuple(map(_en_texte, rangee))
        if any(cellules):
            lignes.append(Ligne(numero, cellules))
    return lignes


def _en_texte(valeur: type_de_cellule) -> str:
    """Le texte d'une valeur : dates en ISO, entiers sans décimale, booléens comme un tableur les montre."""
    if isinstance(valeur, str):
        return cellule_propre(valeur)
    if isinstance(valeur, bool):
        return "VRAI" if valeur else "FAUX"
    if isinstance(valeur, float) and valeur.is_integer():
        return str(int(valeur))
    if isinstance(valeur, dt.datetime):
        return valeur.date().isoformat() if valeur.time() == dt.time() else valeur.isoformat(sep=" ")
    if isinstance(valeur, dt.date | dt.time):
        return valeur.isoformat()
    return str(valeur)
