"""Les octets d'un fichier AAF : encodage réel, entités HTML, en-tête. Rien n'est encore analysé."""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from html.entities import html5
from itertools import chain
from types import MappingProxyType
from typing import BinaryIO

from ent_core.identite.aaf.valeurs import lire_date
from ent_core.socle.erreurs import FichierRefuse

__all__ = ["Encodage", "Entete", "blocs", "determiner_encodage", "entete", "remplacer_entites"]

TAILLE_BLOC = 128 * 1024
_TAILLE_TETE = 16 * 1024

_UTF8 = "utf-8"
_SECOURS = "iso-8859-15"
_ENCODAGES: Mapping[str, str] = MappingProxyType(
    {
        "utf-8": _UTF8,
        "utf8": _UTF8,
        "us-ascii": _UTF8,
        "iso-8859-15": _SECOURS,
        "iso-8859-1": "iso-8859-1",
        "windows-1252": "windows-1252",
        "cp1252": "windows-1252",
    }
)
_DECLARATION = re.compile(rb"""\A<\?xml[^>]*?\bencoding\s*=\s*["']([^"'>]*)["']""")
_BOMS_REFUSES = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)

_ENTITES_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
# Une référence numérique s'écrit en ASCII : le remplacement ne dépend pas de l'encodage du fichier.
_REFERENCES: Mapping[bytes, bytes] = MappingProxyType(
    {
        nom[:-1].encode("ascii"): "".join(f"&#{ord(c)};" for c in texte).encode("ascii")
        for nom, texte in html5.items()
        if nom.endswith(";") and nom[:-1] not in _ENTITES_XML
    }
)
_ENTITE = re.compile(rb"&([A-Za-z][A-Za-z0-9]*);")
_LONGUEUR_ENTITE = max(map(len, _REFERENCES)) + 2

_COMMENTAIRE = re.compile(r"<!--(.*?)-->", re.DOTALL)
_METADONNEE = re.compile(r"""(\w+)\s*=\s*["']([^"']*)["']""")


@dataclass(frozen=True, slots=True)
class Encodage:
    """L'encodage dans lequel lire le fichier.

    :param nom: nom compris par l'analyseur ; il l'emporte sur la déclaration du fichier.
    :param avertissements: ce qu'il faut dire à la personne qui importe.
    """

    nom: str
    avertissements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entete:
    """Les métadonnées que les commentaires de tête portent ; vide quand elles manquent."""

    version_af: str = ""
    version_sdet: str = ""
    academie: str = ""
    degre: str = ""
    date_generation: date | None = None


def blocs(fichier: BinaryIO, taille: int = TAILLE_BLOC) -> Iterator[bytes]:
    """Les octets du fichier depuis son début, sans marque d'ordre UTF-8.

    :param fichier: fichier repositionnable.
    :param taille: octets par bloc.
    """
    fichier.seek(0)
    premier = fichier.read(taille).removeprefix(codecs.BOM_UTF8)
    if premier:
        yield premier
    while bloc := fichier.read(taille):
        yield bloc


def determiner_encodage(fichier: BinaryIO, nom: str) -> Encodage:
    """Choisit l'encodage : la déclaration, sinon UTF-8 ; ISO-8859-15 si ce n'est pas de l'UTF-8.

    Le fichier est parcouru en entier, car un fichier ne change pas d'encodage en chemin.

    :param fichier: fichier repositionnable ; sa position est remise au début.
    :param nom: nom à citer dans les messages.
    :raises FichierRefuse: encodage inconnu, UTF-16, ou mélange de deux encodages.
    """
    fichier.seek(0)
    tete = fichier.read(1024)
    if tete.startswith(_BOMS_REFUSES):
        raise FichierRefuse(
            "Le fichier est en UTF-16 ou UTF-32, alors qu'un fichier AAF est en UTF-8 ou ISO-8859-15.",
            lieu=nom,
            remede="redemander la livraison, ou convertir le fichier en UTF-8.",
        )
    a_marque_utf8 = tete.startswith(codecs.BOM_UTF8)
    annonce = _DECLARATION.match(tete.removeprefix(codecs.BOM_UTF8))
    declare = _UTF8
    if annonce and not a_marque_utf8:
        ecrit = annonce[1].decode("ascii", "replace").lower()
        if ecrit not in _ENCODAGES:
            raise FichierRefuse(
                "L'encodage déclaré par le fichier n'est pas pris en charge.",
                lieu=f"{nom}, ligne 1",
                remede="attendus : UTF-8, ISO-8859-15, ISO-8859-1 ou windows-1252.",
            )
        declare = _ENCODAGES[ecrit]
    ascii_seul, utf8 = _essayer_utf8(fichier)
    if declare != _UTF8:
        fichier.seek(0)
        if utf8 and not ascii_seul:
            douteux = (
                f"{nom} : déclaré {declare}, mais son contenu ressemble à de l'UTF-8 ; "
                "vérifier les lettres accentuées."
            )
            return Encodage(declare, (douteux,))
        return Encodage(declare)
    if utf8:
        fichier.seek(0)
        return Encodage(_UTF8)
    return _secourir(fichier, nom)


def _essayer_utf8(fichier: BinaryIO) -> tuple[bool, bool]:
    """Dit si le fichier n'est que de l'ASCII, et si c'est de l'UTF-8 valide."""
    decodeur = codecs.getincrementaldecoder(_UTF8)()
    ascii_seul = True
    try:
        for bloc in blocs(fichier):
            if not bloc.isascii():
                ascii_seul = False
            decodeur.decode(bloc)
        decodeur.decode(b"", final=True)
    except UnicodeDecodeError:
        return False, False
    return ascii_seul, True


def _secourir(fichier: BinaryIO, nom: str) -> Encodage:
    """Départage, à la majorité, un fichier ISO-8859-15 d'un fichier UTF-8 abîmé."""
    decodeur = codecs.getincrementaldecoder(_UTF8)(errors="replace")
    valides = invalides = ligne = lignes_lues = 0
    for bloc in chain(blocs(fichier), (b"",)):
        texte = decodeur.decode(bloc, final=not bloc)
        remplaces = texte.count("\ufffd")
        if remplaces and not ligne:
            ligne = lignes_lues + texte.count("\n", 0, texte.index("\ufffd")) + 1
        invalides += remplaces
        valides += len(texte) - len(texte.encode("ascii", "ignore")) - remplaces
        lignes_lues += texte.count("\n")
    fichier.seek(0)
    if valides < invalides:
        averti = f"{nom} : ce n'est pas de l'UTF-8 (ligne {ligne}) ; tout le fichier est lu en ISO-8859-15."
        return Encodage(_SECOURS, (averti,))
    raise FichierRefuse(
        f"Le fichier mêle de l'UTF-8 ({valides} caractères accentués) et {invalides} octets "
        "d'un autre encodage : les noms seraient abîmés.",
        lieu=f"{nom}, ligne {ligne}",
        remede="redemander la livraison.",
    )


def remplacer_entites(suite: Iterable[bytes]) -> Iterator[bytes]:
    """Remplace les entités HTML nommées (``&eacute;``) par des références numériques.

    Les cinq entités de XML et les noms inconnus sont laissés à l'analyseur. Le nombre de lignes ne
    change pas.

    :param suite: blocs d'octets ; une entité peut être coupée entre deux blocs.
    """
    reste = b""
    for recu in suite:
        bloc = reste + recu
        reste = b""
        coupe = bloc.rfind(b"&", max(0, len(bloc) - _LONGUEUR_ENTITE))
        if coupe >= 0 and bloc.find(b";", coupe) < 0:
            bloc, reste = bloc[:coupe], bloc[coupe:]
        if bloc:
            yield _ENTITE.sub(_reference, bloc) if b"&" in bloc else bloc
    if reste:
        yield reste


def _reference(trouve: re.Match[bytes]) -> bytes:
    return _REFERENCES.get(trouve[1], trouve[0])


def entete(fichier: BinaryIO) -> Entete:
    """Lit les métadonnées des commentaires de tête.

    :param fichier: fichier repositionnable ; sa position est remise au début.
    """
    fichier.seek(0)
    # Les métadonnées sont en ASCII : un accent mal lu dans un autre commentaire ne change rien.
    tete = fichier.read(_TAILLE_TETE).decode(_UTF8, "replace").partition("Request>")[0]
    fichier.seek(0)
    donnees: dict[str, str] = {}
    for commentaire in _COMMENTAIRE.findall(tete):
        for cle, valeur in _METADONNEE.findall(commentaire):
            donnees.setdefault(cle, html.unescape(valeur).strip())
    try:
        date_generation = lire_date(donnees.get("dateGenerationExport", ""))
    except ValueError:
        date_generation = None
    degre = donnees.get("degre", "").upper()
    return Entete(
        version_af=donnees.get("versionAF", ""),
        version_sdet=donnees.get("versionSDET", ""),
        academie=donnees.get("codeAcademieExport", ""),
        degre=degre if degre in ("1D", "2D") else "",
        date_generation=date_generation,
    )
