"""D'où viennent les fichiers d'une livraison : dossier, archive zip ou tgz, fichier seul.

Une archive vient de l'extérieur : chemins qui remontent, liens, bombes et membres chiffrés sont refusés, et
aucun nom qu'elle porte ne sert à écrire sur le disque.
"""

from __future__ import annotations

import gzip
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from ent_core.socle.erreurs import FichierRefuse

__all__ = ["LIMITES", "Limites", "Source", "archive_lisible", "ouvrir_source"]

_MIO = 1024 * 1024
_BLOC = _MIO
_PETIT = 10 * _MIO
_MAGIE_GZIP = b"\x1f\x8b"
_MAGIE_ZIP = b"PK"


@dataclass(frozen=True, slots=True)
class Limites:
    """Tailles admises, en octets.

    :param membre: un fichier, décompressé.
    :param total: toute la livraison, décompressée.
    :param rapport: taux de compression ; au-delà, un fichier de plus de 10 Mio est tenu pour une bombe.
    :param membres: nombre d'entrées d'une archive ou d'un dossier.
    """

    membre: int = 1024 * _MIO
    total: int = 8 * 1024 * _MIO
    rapport: int = 300
    membres: int = 10_000


LIMITES = Limites()


@dataclass(frozen=True, slots=True)
class Source:
    """Des fichiers nommés, qu'on peut ouvrir plusieurs fois.

    :param lieu: nom du dossier ou de l'archive, pour les messages.
    :param ouvreurs: de quoi ouvrir chaque fichier, par nom sans dossier.
    """

    lieu: str
    ouvreurs: Mapping[str, Callable[[], BinaryIO]]

    @property
    def noms(self) -> tuple[str, ...]:
        return tuple(self.ouvreurs)

    def ouvrir(self, nom: str) -> BinaryIO:
        """Ouvre un fichier en lecture ; repositionnable.

        :param nom: un nom de cette source.
        """
        return self.ouvreurs[nom]()


@contextmanager
def ouvrir_source(chemin: Path, limites: Limites) -> Iterator[Source]:
    """Ouvre un dossier, une archive ou un fichier XML.

    :param chemin: où se trouve la livraison.
    :param limites: tailles admises.
    :raises FichierRefuse: introuvable, d'une autre sorte, ou dangereux.
    """
    with ExitStack() as pile:
        with archive_lisible(chemin.name):
            source = _reconnaitre(chemin, limites, pile)
        yield source


def _reconnaitre(chemin: Path, limites: Limites, pile: ExitStack) -> Source:
    if chemin.is_dir():
        return _dossier(chemin, limites)
    fichier = pile.enter_context(_fichier(chemin))
    debut = fichier.read(2)
    fichier.seek(0)
    if debut == _MAGIE_ZIP:
        return _zip(pile.enter_context(zipfile.ZipFile(fichier)), chemin.name, limites)
    if debut == _MAGIE_GZIP:
        clair = pile.enter_context(tempfile.TemporaryFile())
        _decompresser(fichier, clair, chemin, limites)
        return _tar(pile.enter_context(tarfile.open(fileobj=clair, mode="r:")), chemin.name, limites)
    if chemin.suffix.lower() == ".xml":
        _Controle(chemin.name, limites).admettre(chemin.name, chemin.stat().st_size)
        return Source(chemin.name, {chemin.name: partial(_fichier, chemin)})
    raise FichierRefuse(
        "Ce n'est ni un dossier, ni une archive .zip ou .tgz, ni un fichier .xml.",
        lieu=chemin.name,
        remede="donner l'archive telle que l'académie la livre.",
    )


@contextmanager
def archive_lisible(lieu: str) -> Iterator[None]:
    """Traduit les erreurs des bibliothèques d'archives en refus compréhensible.

    :param lieu: archive et membre en cours de lecture.
    """
    try:
        yield
    except (EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile) as erreur:
        raise FichierRefuse(
            "L'archive est tronquée ou abîmée : elle ne se lit pas jusqu'au bout.",
            lieu=lieu,
            remede="recopier ou redemander la livraison.",
        ) from erreur
    except NotImplementedError as erreur:
        raise FichierRefuse(
            "L'archive utilise une compression qui n'est pas prise en charge.",
            lieu=lieu,
            remede="la refaire en .zip ordinaire ou en .tgz.",
        ) from erreur


def _fichier(chemin: Path) -> BinaryIO:
    try:
        return chemin.open("rb")
    except OSError as erreur:
        raise FichierRefuse(
            f"La livraison ne peut pas être ouverte ({erreur.strerror}).",
            lieu=chemin.name,
            remede="vérifier le chemin et les droits de lecture.",
        ) from erreur


def _dossier(chemin: Path, limites: Limites) -> Source:
    ouvreurs: dict[str, Callable[[], BinaryIO]] = {}
    controle = _Controle(chemin.name, limites)
    for entree in sorted(chemin.iterdir()):
        if entree.is_symlink():
            raise _dangereux(chemin.name, entree.name, "c'est un lien")
        if entree.is_file():
            controle.admettre(entree.name, entree.stat().st_size)
            ouvreurs[entree.name] = partial(_fichier, entree)
    return Source(chemin.name, ouvreurs)


def _zip(archive: zipfile.ZipFile, lieu: str, limites: Limites) -> Source:
    ouvreurs: dict[str, Callable[[], BinaryIO]] = {}
    controle = _Controle(lieu, limites)
    for info in archive.infolist():
        nom = _nom_sur(info.filename, lieu)
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _dangereux(lieu, nom, "c'est un lien")
        if info.is_dir():
            continue
        if info.flag_bits & 0x1:
            raise _dangereux(lieu, nom, "il est chiffré")
        controle.admettre(nom, info.file_size, info.compress_size)
        ouvreurs[nom] = partial(_ouvrir_zip, archive, info)
    return Source(lieu, ouvreurs)


def _ouvrir_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    # ZipExtFile ne rend jamais plus que la taille annoncée, déjà contrôlée.
    return cast(BinaryIO, archive.open(info))


def _decompresser(fichier: BinaryIO, clair: IO[bytes], chemin: Path, limites: Limites) -> None:
    """Décompresse dans un fichier sans nom : revenir en arrière dans un .tgz relirait tout."""
    plafond = min(limites.total, max(_PETIT, limites.rapport * chemin.stat().st_size))
    taille = 0
    with gzip.GzipFile(fileobj=fichier) as flux:
        while bloc := flux.read(_BLOC):
            taille += len(bloc)
            if taille > plafond:
                raise _dangereux(chemin.name, chemin.name, "son contenu décompressé est démesuré")
            clair.write(bloc)
    clair.seek(0)


def _tar(archive: tarfile.TarFile, lieu: str, limites: Limites) -> Source:
    ouvreurs: dict[str, Callable[[], BinaryIO]] = {}
    controle = _Controle(lieu, limites)
    for info in archive:
        nom = _nom_sur(info.name, lieu)
        if info.isdir():
            continue
        # Un fichier creux annonce une taille sans rapport avec ses octets.
        if not info.isreg() or info.issparse():
            raise _dangereux(lieu, nom, "c'est un lien ou un fichier spécial")
        controle.admettre(nom, info.size)
        ouvreurs[nom] = partial(_ouvrir_tar, archive, info)
    return Source(lieu, ouvreurs)


def _ouvrir_tar(archive: tarfile.TarFile, info: tarfile.TarInfo) -> BinaryIO:
    return cast(BinaryIO, archive.extractfile(info))


class _Controle:
    """Vérifie les entrées une à une : nombre, doublons, tailles, taux de compression."""

    def __init__(self, lieu: str, limites: Limites) -> None:
        self._lieu = lieu
        self._limites = limites
        self._vus: set[str] = set()
        self._total = 0

    def admettre(self, nom: str, taille: int, compresse: int | None = None) -> None:
        if nom in self._vus:
            raise _dangereux(self._lieu, nom, "deux fichiers portent ce nom")
        self._vus.add(nom)
        self._total += taille
        if len(self._vus) > self._limites.membres:
            raise _dangereux(self._lieu, nom, f"il y a plus de {self._limites.membres} fichiers")
        if taille > self._limites.membre or self._total > self._limites.total:
            raise _dangereux(self._lieu, nom, "sa taille décompressée est démesurée")
        if compresse is not None and taille > max(_PETIT, self._limites.rapport * compresse):
            raise _dangereux(self._lieu, nom, "son taux de compression est celui d'une bombe")


def _nom_sur(nom: str, lieu: str) -> str:
    chemin = PurePosixPath(nom)
    if chemin.is_absolute() or ".." in chemin.parts or "\\" in nom or nom[1:2] == ":":
        raise _dangereux(lieu, repr(nom[:80]), "son chemin sort de l'archive")
    return chemin.name


def _dangereux(lieu: str, nom: str, raison: str) -> FichierRefuse:
    return FichierRefuse(
        f"Le fichier {nom} est refusé, par sûreté : {raison}.",
        lieu=lieu,
        remede="redemander la livraison à son émetteur ; ne pas l'ouvrir autrement.",
    )
