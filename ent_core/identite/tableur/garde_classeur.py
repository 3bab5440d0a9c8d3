"""Éprouver un classeur avant de l'ouvrir : archive saine, sans bombe, de taille raisonnable une fois dépliée.

Un classeur de quelques kilo-octets peut déclarer une cellule en XFD1048576, répéter une ligne un million
de fois ou citer mille fois le même texte énorme. La bibliothèque de lecture déplierait tout cela en mémoire :
on le mesure donc d'abord, en flux, sans construire d'arbre ni résoudre d'entité.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from xml.parsers import expat

from ent_core.identite.tableur import limites
from ent_core.identite.tableur.mesure_classeur import (
    PARTIE_TEXTES,
    ClasseurDemesure,
    Mesure,
    MesureOds,
    MesureXlsx,
)
from ent_core.identite.tableur.modeles import Format
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["SIGNATURES_ZIP", "eprouver_classeur", "reconnaitre_classeur"]

SIGNATURES_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MIMES_ODS = (
    b"application/vnd.oasis.opendocument.spreadsheet",
    b"application/vnd.oasis.opendocument.spreadsheet-template",
)
_MEMBRES = 2_000
_BLOC = 64 * 1024
_REMEDE_ABIME = "rouvrir le fichier dans un tableur, l'enregistrer de nouveau, puis recommencer"


def reconnaitre_classeur(contenu: bytes, nom: str) -> Format:
    """Dit si l'archive est un XLSX ou un ODS, d'après ce qu'elle contient.

    :raises FichierRefuse: archive abîmée, ou archive d'autre chose.
    """
    with _archive(contenu, nom) as archive:
        noms = set(archive.namelist())
        if "[Content_Types].xml" in noms and "xl/workbook.xml" in noms:
            return Format.XLSX
        if {"mimetype", "content.xml"} <= noms:
            with archive.open("mimetype") as membre:
                if membre.read(200).strip() in _MIMES_ODS:
                    return Format.ODS
        raise FichierRefuse(
            "Le fichier est une archive ZIP, mais ni un classeur XLSX ni un classeur ODS.",
            remede="déposer le classeur lui-même, enregistré en XLSX ou en ODS",
            lieu=nom,
        )


def eprouver_classeur(contenu: bytes, format_lu: Format, nom: str) -> frozenset[int]:
    """Refuse un classeur dangereux ; rend les numéros des lignes qui ont une cellule en erreur (#N/A…).

    :raises FichierRefuse: protégé, abîmé, ou démesuré une fois décompressé ou déplié.
    """
    with _archive(contenu, nom) as archive:
        if format_lu is Format.ODS and "META-INF/manifest.xml" in archive.namelist():
            with archive.open("META-INF/manifest.xml") as membre:
                if b"encryption-data" in membre.read(_BLOC * 16):
                    raise _protege(nom)
        mesure: Mesure = MesureXlsx() if format_lu is Format.XLSX else MesureOds()
        reste = limites.OCTETS_DECOMPRESSES
        # Les textes partagés d'abord : les cellules qui les citent se mesurent avec eux.
        for info in sorted(archive.infolist(), key=lambda info: info.filename.lower() != PARTIE_TEXTES):
            reste -= _eprouver_membre(archive, info, mesure, reste, nom)
        return frozenset(mesure.lignes_en_erreur)


def _eprouver_membre(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, mesure: Mesure, reste: int, nom: str
) -> int:
    """Décompresse un membre par blocs, le mesure s'il est en XML, et rend sa taille réelle."""
    partie = info.filename.lower()
    analyseur = mesure.analyseur(partie) if partie.endswith((".xml", ".rels")) else None
    lus = 0
    try:
        with archive.open(info) as membre:
            while bloc := membre.read(_BLOC):
                lus += len(bloc)
                if lus > reste:
                    raise FichierRefuse(
                        f"Décompressé, le classeur dépasse {limites.OCTETS_DECOMPRESSES // 1024**2} Mo.",
                        remede="ne garder que les lignes et les colonnes utiles",
                        lieu=nom,
                    )
                if analyseur is not None:
                    analyseur.Parse(bloc, False)
        if analyseur is not None and lus:
            analyseur.Parse(b"", True)
    except expat.ExpatError:
        raise _abime(nom, "une de ses parties n'est pas du XML correct") from None
    except ClasseurDemesure as erreur:
        raise FichierRefuse(
            f"Le classeur ne peut pas être lu sans risque : {erreur}.",
            remede="copier les seules lignes utiles dans un classeur neuf, puis recommencer",
            lieu=nom,
        ) from None
    return lus


@contextmanager
def _archive(contenu: bytes, nom: str) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(contenu)) as archive:
            infos = archive.infolist()
            if len(infos) > _MEMBRES or len({info.filename for info in infos}) != len(infos):
                raise _abime(nom, "son archive a trop de parties, ou deux parties du même nom")
            if any(info.flag_bits & 1 for info in infos):
                raise _protege(nom)
            if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in infos):
                raise _abime(nom, "son archive emploie une compression inhabituelle")
            yield archive
    # Selon l'endroit où l'archive est coupée, zipfile lève l'une ou l'autre.
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError):
        raise _abime(nom, "son archive est tronquée ou corrompue") from None


def _abime(nom: str, cause: str) -> FichierRefuse:
    return FichierRefuse(f"Le classeur ne peut pas être lu : {cause}.", remede=_REMEDE_ABIME, lieu=nom)


def _protege(nom: str) -> FichierRefuse:
    return FichierRefuse(
        "Le classeur est protégé par un mot de passe.",
        remede="l'enregistrer sans mot de passe, puis recommencer",
        lieu=nom,
    )
