"""Ouvrir un document XML reçu : ni entité, ni réseau, ni démesure, et une ligne quand il est mal formé."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import etree

from ent_core.socle.erreurs import FichierRefuse
from ent_core.socle.xml import analyseur_sur

__all__ = ["ouvrir_document"]

_OCTETS_MAX = 64 * 1024 * 1024
_DOCTYPE = re.compile(rb"<!\s*DOCTYPE", re.IGNORECASE)
_REMEDE = "refaire l'export, sans ouvrir ni modifier le fichier, puis recommencer"


def ouvrir_document(source: Path | bytes, nom: str) -> etree._Element:
    """Rend la racine du document.

    :raises FichierRefuse: vide, trop grand, mal formé, ou qui déclare un type de document.
    """
    taille = source.stat().st_size if isinstance(source, Path) else len(source)
    if taille > _OCTETS_MAX:
        raise FichierRefuse(
            f"Le fichier dépasse {_OCTETS_MAX // 1024**2} Mo.",
            remede="vérifier qu'il s'agit bien de l'export STS d'un seul établissement",
            lieu=nom,
        )
    contenu = source.read_bytes() if isinstance(source, Path) else source
    if not contenu.strip():
        raise FichierRefuse("Le fichier est vide.", remede=_REMEDE, lieu=nom)
    # Avant l'analyse : une déclaration de type n'a pas même à être lue.
    if trouve := _DOCTYPE.search(contenu):
        raise _doctype(nom, contenu.count(b"\n", 0, trouve.start()) + 1)
    analyseur = analyseur_sur(sans_commentaires=True, sans_instructions=True)
    try:
        racine = etree.fromstring(contenu, analyseur)
    except etree.XMLSyntaxError as erreur:
        ligne, colonne = erreur.position
        raise FichierRefuse(
            "Le fichier n'est pas du XML correct : balise mal fermée, caractère interdit ou encodage faux.",
            remede=_REMEDE,
            lieu=f"{nom}, ligne {ligne}, colonne {colonne}",
        ) from None
    # Après aussi : dans un encodage rare, la déclaration échappe à la recherche d'octets.
    if racine.getroottree().docinfo.internalDTD is not None:
        raise _doctype(nom, 1)
    return racine


def _doctype(nom: str, ligne: int) -> FichierRefuse:
    return FichierRefuse(
        "Le fichier déclare un type de document (DOCTYPE) ; un export STS n'en a pas.",
        remede="vérifier l'origine du fichier",
        lieu=f"{nom}, ligne {ligne}",
    )
