"""L'archive du GAR : des fichiers de dix mille nœuds au plus, écrits au fil de l'eau, dans un .tar.gz.

Rien n'est tenu en mémoire, et aucun fichier ne porte de nom avant que l'archive soit entière. Les mêmes nœuds
au même instant donnent les mêmes octets.
"""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from ent_core.federation.gar.anomalies import creer_prive
from ent_core.federation.gar.format import NOEUDS_MAX, FluxGar, GenreGar, NomPaquet
from ent_core.socle.erreurs import OperationRefusee

__all__ = ["Ecrivain", "Paquet", "empreinte_de"]

_BLOC = 1024 * 1024
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def empreinte_de(chemin: Path) -> str:
    """L'empreinte que le GAR attend à côté d'une archive : MD5, qui dit une copie coupée et rien d'autre.

    :param chemin: archive.
    """
    with chemin.open("rb") as fichier:
        return hashlib.file_digest(fichier, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


class Ecrivain:
    """Écrit les nœuds d'un genre, en autant de fichiers qu'il faut.

    :param paquet: archive qui les reçoit.
    :param genre: genre des fichiers.
    """

    def __init__(self, paquet: Paquet, genre: GenreGar) -> None:
        self._paquet = paquet
        self._genre = genre
        self._numero = 0
        self._noeuds = 0
        self._fichier: BinaryIO | None = None

    def ecrire(self, noeud: str) -> None:
        """Ajoute un nœud.

        :param noeud: texte du nœud, préfixe ``men``.
        """
        if self._noeuds == NOEUDS_MAX:
            self.clore()
        self._ouvert().write(noeud.encode() + b"\n")
        self._noeuds += 1
        self._paquet.noeuds[self._genre] += 1

    def clore(self) -> None:
        """Range le fichier en cours dans l'archive ; le premier est rangé même vide."""
        fichier = self._ouvert()
        fichier.write(f"</men:GAR-ENT-{self._genre}>\n".encode())
        self._paquet.ranger(self._genre, self._numero, fichier)
        self._fichier, self._noeuds, self._numero = None, 0, self._numero + 1

    def finir(self) -> None:
        """Clôt le genre."""
        if self._fichier is not None or self._numero == 0:
            self.clore()

    def _ouvert(self) -> BinaryIO:
        if self._fichier is None:
            self._fichier = self._paquet.brouillon()
            self._fichier.write(_tete(self._paquet.nom.degre, self._genre).encode())
        return self._fichier


class Paquet:
    """Une archive en cours d'écriture ; quitter sans :meth:`publier` l'efface.

    :param dossier: où elle paraîtra ; ses fichiers ne sont lus que par le compte de l'ENT.
    :param nom: nom du paquet.
    """

    def __init__(self, dossier: Path, nom: NomPaquet) -> None:
        self.nom = nom
        self.noeuds: Counter[GenreGar] = Counter()
        self.fichiers = 0
        self.chemin = dossier / f".{nom.archive}.partiel"
        self._dossier = dossier
        self._pile = ExitStack()
        self._tar: tarfile.TarFile | None = None

    def __enter__(self) -> Paquet:
        try:
            brut = self._pile.enter_context(creer_prive(self.chemin))
        except OSError as erreur:
            raise OperationRefusee(
                f"l'archive du GAR ne peut pas s'écrire ({erreur.strerror}).",
                remede="donner à l'ENT le droit d'écrire dans ce dossier, ou en choisir un autre.",
                lieu=str(self._dossier),
            ) from erreur
        compresse = self._pile.enter_context(
            gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=brut, mtime=self._instant())
        )
        self._tar = self._pile.enter_context(
            tarfile.open(fileobj=compresse, mode="w|", format=tarfile.USTAR_FORMAT)
        )
        return self

    def __exit__(
        self, genre: type[BaseException] | None, erreur: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pile.close()
        self.chemin.unlink(missing_ok=True)

    @contextmanager
    def ecrivain(self, genre: GenreGar) -> Iterator[Ecrivain]:
        """Les fichiers d'un genre, l'un après l'autre.

        :param genre: genre.
        """
        ecrivain = Ecrivain(self, genre)
        yield ecrivain
        ecrivain.finir()

    def brouillon(self) -> BinaryIO:
        """Un fichier sans nom, à côté de l'archive ; il disparaît avec ce qui le tient."""
        return tempfile.TemporaryFile(dir=self._dossier)

    def ranger(self, genre: GenreGar, numero: int, fichier: BinaryIO) -> None:
        """Met un fichier dans l'archive, puis l'oublie.

        :param genre: genre du fichier.
        :param numero: rang dans son genre.
        :param fichier: contenu, écrit jusqu'au bout.
        """
        membre = tarfile.TarInfo(self.nom.fichier(genre, numero))
        membre.size, membre.mtime, membre.mode = fichier.tell(), self._instant(), 0o600
        fichier.seek(0)
        with fichier:
            self._archive().addfile(membre, fichier)
        self.fichiers += 1

    def achever(self) -> str:
        """Ferme l'archive et rend son empreinte ; elle se relit, sans être encore publiée."""
        self._pile.close()
        return empreinte_de(self.chemin)

    def publier(self, empreinte: str) -> Path:
        """Donne son nom à l'archive, puis écrit son empreinte : qui voit l'empreinte a toute l'archive.

        :param empreinte: ce que :meth:`achever` a rendu.
        """
        archive = self._dossier / self.nom.archive
        self.chemin.replace(archive)
        with creer_prive(self._dossier / self.nom.empreinte) as fichier:
            fichier.write(f"{empreinte}\n".encode())
        return archive

    def _archive(self) -> tarfile.TarFile:
        if self._tar is None:
            raise ValueError("l'archive n'est pas ouverte : « with Paquet(…) » d'abord")
        return self._tar

    def _instant(self) -> int:
        return int(self.nom.instant.timestamp())


def _tete(degre: FluxGar, genre: GenreGar) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f'<men:GAR-ENT-{genre} xmlns:men="{degre.espace}" xmlns:xsi="{_XSI}" Version="1.0"'
        f' xsi:schemaLocation="{degre.espace} {degre.schema}">\n'
    )
