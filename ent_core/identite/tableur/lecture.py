"""Ouvrir un tableau reçu : reconnaître son format par son contenu, puis le lire ou le refuser."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from ent_core.identite.tableur import limites
from ent_core.identite.tableur.garde_classeur import SIGNATURES_ZIP, reconnaitre_classeur
from ent_core.identite.tableur.lecture_classeur import lire_classeur
from ent_core.identite.tableur.lecture_csv import lire_csv
from ent_core.identite.tableur.modeles import Avertissement, Format, Ligne, Tableau
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["lire_tableau"]

_PROMESSES = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".xlsx": Format.XLSX,
    ".ods": Format.ODS,
}
_SIGNATURES = (
    (b"%PDF", "un document PDF"),
    (b"\x1f\x8b", "une archive gzip"),
    (b"7z\xbc\xaf", "une archive 7z"),
    (b"Rar!", "une archive RAR"),
    (b"\x89PNG", "une image"),
    (b"\xff\xd8\xff", "une image"),
    (b"{\\rtf", "un document RTF"),
)
_BALISES = (b"<?xml", b"<html", b"<!doctype", b"<table")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_REMEDE = "ouvrir le fichier dans un tableur et l'enregistrer en CSV, XLSX ou ODS, puis recommencer"


def lire_tableau(source: Path | bytes, nom: str = "") -> Tableau:
    """Lit un fichier CSV, XLSX ou ODS.

    :param source: chemin du fichier, ou son contenu.
    :param nom: nom donné par la personne ; à défaut, celui du chemin.
    :raises FichierRefuse: vide, trop grand, abîmé, protégé, renommé, dangereux, ou d'un autre format.
    """
    nom = nom or (source.name if isinstance(source, Path) else "fichier reçu")
    contenu = _octets(source, nom)
    trouve = _format_du_contenu(contenu, nom)
    promis = _PROMESSES.get(PurePath(nom).suffix.lower(), trouve)
    if promis is not trouve:
        raise FichierRefuse(
            f"Le nom du fichier annonce du {promis.upper()}, mais son contenu est du {trouve.upper()}.",
            remede=f"vérifier que c'est le bon fichier, puis le renommer en « .{trouve} »",
            lieu=nom,
        )
    if trouve is Format.CSV:
        encodage, separateur, lignes, avertissements = lire_csv(contenu, nom)
        return _tableau(nom, trouve, lignes, avertissements, encodage=encodage, separateur=separateur)
    feuille, lignes, avertissements = lire_classeur(contenu, trouve, nom)
    return _tableau(nom, trouve, lignes, avertissements, feuille=feuille)


def _octets(source: Path | bytes, nom: str) -> bytes:
    taille = source.stat().st_size if isinstance(source, Path) else len(source)
    if taille > limites.OCTETS_PAR_FICHIER:
        raise FichierRefuse(
            f"Le fichier dépasse {limites.OCTETS_PAR_FICHIER // 1024**2} Mo.",
            remede="ne garder que les lignes et les colonnes utiles, ou importer en plusieurs fichiers",
            lieu=nom,
        )
    contenu = source.read_bytes() if isinstance(source, Path) else source
    if not contenu.strip():
        raise FichierRefuse("Le fichier est vide.", remede="refaire l'export, puis recommencer", lieu=nom)
    return contenu


def _format_du_contenu(contenu: bytes, nom: str) -> Format:
    if contenu.startswith(SIGNATURES_ZIP):
        return reconnaitre_classeur(contenu, nom)
    if contenu.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in contenu:
            raise FichierRefuse(
                "Le classeur est protégé par un mot de passe.",
                remede="l'enregistrer sans mot de passe, puis recommencer",
                lieu=nom,
            )
        raise FichierRefuse(
            "Le fichier est dans l'ancien format d'Excel (.xls), qui n'est pas lu.",
            remede="l'enregistrer en XLSX ou en ODS, puis recommencer",
            lieu=nom,
        )
    nature = next((nature for signature, nature in _SIGNATURES if contenu.startswith(signature)), "")
    if contenu.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_BALISES):
        nature = "une page web ou un document XML"
    if nature:
        raise FichierRefuse(f"Le fichier n'est pas un tableau : c'est {nature}.", remede=_REMEDE, lieu=nom)
    return Format.CSV


def _tableau(
    nom: str,
    format_lu: Format,
    lignes: Sequence[Ligne],
    avertissements: Iterable[Avertissement],
    *,
    encodage: str = "",
    separateur: str = "",
    feuille: str = "",
) -> Tableau:
    """Sépare l'en-tête du reste et signale les lignes qui n'ont pas sa largeur."""
    if not lignes:
        raise FichierRefuse(
            "Le fichier ne contient aucune cellule remplie.",
            remede="refaire l'export, puis recommencer",
            lieu=nom,
        )
    entete, *suite = lignes
    entetes = _sans_fin_vide(entete.cellules, 0)
    donnees = tuple(Ligne(ligne.numero, _sans_fin_vide(ligne.cellules, len(entetes))) for ligne in suite)
    remarques = list(avertissements)
    inegales = tuple(ligne.numero for ligne in donnees if len(ligne.cellules) != len(entetes))
    if inegales:
        remarques.append(
            Avertissement(
                "lignes_inegales",
                f"{len(inegales)} ligne(s) n'ont pas autant de cellules que l'en-tête.",
                inegales,
            )
        )
    if not donnees:
        remarques.append(
            Avertissement("sans_donnee", "Le fichier n'a que des en-têtes : aucune ligne à lire.")
        )
    return Tableau(
        nom=nom,
        format=format_lu,
        entetes=entetes,
        ligne_entetes=entete.numero,
        lignes=donnees,
        encodage=encodage,
        separateur=separateur,
        feuille=feuille,
        avertissements=tuple(remarques),
    )


def _sans_fin_vide(cellules: tuple[str, ...], largeur: int) -> tuple[str, ...]:
    """Retire les cellules vides de la fin, sans descendre sous la largeur donnée."""
    fin = len(cellules)
    while fin > largeur and not cellules[fin - 1]:
        fin -= 1
    return cellules[:fin]
