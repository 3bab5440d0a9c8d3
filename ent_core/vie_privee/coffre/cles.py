"""Les clés, dans un fichier à part de la base : une par unité d'effacement, chacune enveloppée.

Un fichier SQLite, lisible du seul compte de l'instance. ``secure_delete`` écrit des zéros à la place d'une
clé détruite ; chaque écriture est sur le disque avant qu'on rende la main. Le fichier n'est créé qu'à la
première clé : sans donnée chiffrée, il n'y en a pas. Il ne dit rien de personne : une unité est opaque.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ent_core.socle.erreurs import ErreurEnt
from ent_core.vie_privee.coffre.scelle import TAILLE_CLE

__all__ = ["Coffre", "CoffreIllisible", "CoffreIndisponible", "Lecture"]

_ALEA = 12
_LOT = 500
_PATIENCE: Final = 10.0
"""Secondes d'attente d'un autre processus qui écrit."""

_TEMOIN = ""
"""Unité réservée : sa clé dit quelle clé secrète a fait le coffre."""

_SCHEMA = "create table if not exists cle (unite text primary key, enveloppe blob not null) without rowid"


class CoffreIndisponible(ErreurEnt):
    """Le coffre ne peut pas être lu ou écrit en ce moment : disque plein, droits, verrou tenu."""

    code = "ENT-COFFRE"
    statut_http = 503


class CoffreIllisible(ErreurEnt):
    """Le coffre est abîmé, ou n'est pas celui de cette instance."""

    code = "ENT-COFFRE-LU"


class Lecture:
    """Le coffre, ouvert le temps de plusieurs lectures.

    :param coffre: coffre de l'instance.
    :param connexion: fichier ouvert ; ``None`` s'il n'y a pas encore de coffre.
    """

    __slots__ = ("_coffre", "_connexion")

    def __init__(self, coffre: Coffre, connexion: sqlite3.Connection | None) -> None:
        self._coffre = coffre
        self._connexion = connexion

    def lire(self, unites: Iterable[str]) -> dict[str, bytes]:
        """Clés présentes parmi ces unités.

        :param unites: unités voulues.
        """
        if self._connexion is None:
            return {}
        with self._coffre.erreurs():
            return {
                unite: self._coffre.developper(unite, enveloppe)
                for lot in _lots(unites)
                for unite, enveloppe in self._connexion.execute(
                    f"select unite, enveloppe from cle where unite in ({_marques(lot)})",  # noqa: S608 - des « ? »
                    lot,
                )
            }

    def une(self, unite: str) -> bytes | None:
        """Clé d'une unité, si elle est là ; le plus court chemin, pour une page entière.

        :param unite: unité voulue.
        """
        if self._connexion is None:
            return None
        with self._coffre.erreurs():
            trouvee = self._connexion.execute(
                "select enveloppe from cle where unite = ?", (unite,)
            ).fetchone()
            return None if trouvee is None else self._coffre.developper(unite, trouvee[0])

    @property
    def present(self) -> bool:
        """Vrai s'il y a un coffre, et une clé dedans."""
        if self._connexion is None:
            return False
        with self._coffre.erreurs():
            une = self._connexion.execute("select 1 from cle where unite <> ? limit 1", (_TEMOIN,))
            return une.fetchone() is not None

    def fermer(self) -> None:
        """Rend le fichier."""
        if self._connexion is not None:
            self._connexion.close()
            self._connexion = None


class Coffre:
    """Les clés d'une instance.

    :param chemin: fichier du coffre, hors de la base et sauvegardé à part.
    :param cle: clé secrète de l'instance, dont on dérive celle qui enveloppe.
    """

    def __init__(self, chemin: Path, cle: bytes) -> None:
        self.chemin = chemin
        derivee = HKDF(SHA256(), TAILLE_CLE, salt=None, info=b"ent coffre").derive(cle)
        self._enveloppeuse = AESGCM(derivee)

    def creer(self, unite: str) -> bytes:
        """Clé d'une unité ; la même, si elle existe déjà.

        :param unite: chaîne opaque, non vide.
        :raises CoffreIndisponible: le fichier ne peut pas être écrit ; rien n'est changé.
        :raises CoffreIllisible: fichier abîmé, ou fait avec une autre clé secrète.
        """
        return self.creer_toutes([unite])[unite]

    def creer_toutes(self, unites: Collection[str]) -> dict[str, bytes]:
        """Clés de ces unités, créées au besoin, toutes ou aucune.

        :param unites: chaînes opaques, non vides.
        """
        if _TEMOIN in unites:
            raise ValueError("l'unité vide est réservée au coffre")
        presentes = self.lire_toutes(unites)
        if len(presentes) == len(set(unites)):
            return presentes  # rien à écrire : on ne fait attendre personne
        nouvelles = [
            (unite, self._envelopper(unite, os.urandom(TAILLE_CLE))) for unite in set(unites) - set(presentes)
        ]
        with self.erreurs(), closing(self._ecriture()) as connexion, connexion:
            connexion.execute("begin immediate")
            connexion.executemany("insert or ignore into cle values (?, ?)", nouvelles)
            toutes = Lecture(self, connexion).lire(unites)
        return toutes

    def lire(self, unite: str) -> bytes | None:
        """Clé d'une unité, ou ``None`` si elle n'existe pas ou plus.

        :param unite: chaîne opaque.
        """
        return self.lire_toutes([unite]).get(unite)

    def lire_toutes(self, unites: Iterable[str]) -> dict[str, bytes]:
        """Clés présentes parmi ces unités, en une ouverture.

        :param unites: chaînes opaques.
        """
        lecture = self.ouvrir()
        try:
            return lecture.lire(unites)
        finally:
            lecture.fermer()

    def ouvrir(self) -> Lecture:
        """Ouvre le coffre pour plusieurs lectures ; l'appelant ferme. Ne crée aucun fichier."""
        if not self.chemin.exists():
            return Lecture(self, None)
        with self.erreurs():
            connexion = self._connecter("ro")
            try:
                reconnu = self._reconnaitre(connexion)
            except BaseException:
                connexion.close()
                raise
            if reconnu:
                return Lecture(self, connexion)
            connexion.close()
            return Lecture(self, None)

    def unites(self, prefixe: str = "") -> set[str]:
        """Unités qui ont une clé.

        :param prefixe: début des unités voulues.
        """
        if not self.chemin.exists():
            return set()
        with self.erreurs(), closing(self._connecter("ro")) as connexion:
            if not self._reconnaitre(connexion):
                return set()
            lues = connexion.execute(
                "select unite from cle where substr(unite, 1, ?) = ? and unite <> ?",
                (len(prefixe), prefixe, _TEMOIN),
            )
            return {unite for (unite,) in lues}

    def a_des_cles(self) -> bool:
        """Vrai s'il garde au moins une clé."""
        lecture = self.ouvrir()
        try:
            return lecture.present
        finally:
            lecture.fermer()

    def detruire(self, unites: Iterable[str]) -> int:
        """Détruit des clés, sans retour ; ce qu'elles fermaient ne s'ouvrira plus.

        :param unites: chaînes opaques ; celles qui n'existent pas ne comptent pas.
        :returns: nombre de clés détruites.
        """
        voulues = [unite for unite in unites if unite != _TEMOIN]
        if not voulues or not self.chemin.exists():
            return 0
        with self.erreurs(), closing(self._ecriture()) as connexion, connexion:
            connexion.execute("begin immediate")
            return sum(
                connexion.execute(f"delete from cle where unite in ({_marques(lot)})", lot).rowcount  # noqa: S608 - des « ? »
                for lot in _lots(voulues)
            )

    def developper(self, unite: str, enveloppe: bytes) -> bytes:
        """Sort une clé de son enveloppe.

        :param unite: unité de la clé ; une enveloppe mise à la place d'une autre ne s'ouvre pas.
        """
        try:
            return self._enveloppeuse.decrypt(enveloppe[:_ALEA], enveloppe[_ALEA:], unite.encode())
        except (InvalidTag, ValueError) as erreur:
            raise CoffreIllisible(
                "ce coffre a été fait avec une autre clé secrète, ou une de ses clés est abîmée."
                if unite == _TEMOIN
                else "une clé du coffre est abîmée.",
                remede="remettre la clé secrète (cle_secrete) qui va avec ce coffre, ou restaurer le coffre.",
                lieu=str(self.chemin),
            ) from erreur

    @contextmanager
    def erreurs(self) -> Iterator[None]:
        """Dit en clair une panne du fichier ; SQLite a déjà tout défait."""
        try:
            yield
        except (OSError, sqlite3.OperationalError) as erreur:
            raison = erreur.strerror if isinstance(erreur, OSError) else str(erreur)
            raise CoffreIndisponible(
                f"le coffre des clés ne peut être ni lu ni écrit ({raison}) ; rien n'est changé.",
                remede="libérer le disque, ou rendre le dossier au compte de l'instance, puis réessayer.",
                lieu=str(self.chemin),
            ) from erreur
        except sqlite3.DatabaseError as erreur:
            raise CoffreIllisible(
                "le coffre des clés est abîmé.",
                remede="arrêter l'instance, mettre ce fichier de côté et restaurer le coffre sauvegardé.",
                lieu=str(self.chemin),
            ) from erreur

    def _ecriture(self) -> sqlite3.Connection:
        """Connexion qui écrit ; le dossier et le fichier naissent fermés aux autres comptes."""
        if not self.chemin.exists():
            self.chemin.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.chemin, os.O_RDWR | os.O_CREAT, 0o600))
        connexion = self._connecter("rw")
        try:
            connexion.execute("pragma secure_delete = on")
            connexion.execute("pragma synchronous = full")
            with connexion:
                connexion.execute("begin immediate")
                connexion.execute(_SCHEMA)
                self._reconnaitre(connexion, poser=True)
        except BaseException:
            connexion.close()
            raise
        return connexion

    def _connecter(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self.chemin.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )

    def _reconnaitre(self, connexion: sqlite3.Connection, *, poser: bool = False) -> bool:
        """Vérifie que la clé secrète est celle du coffre ; faux pour un fichier encore vide."""
        if connexion.execute("select 1 from sqlite_master where name = 'cle'").fetchone() is None:
            return False
        temoin = connexion.execute("select enveloppe from cle where unite = ?", (_TEMOIN,)).fetchone()
        if temoin is not None:
            self.developper(_TEMOIN, temoin[0])
        elif poser:
            connexion.execute(
                "insert into cle values (?, ?)", (_TEMOIN, self._envelopper(_TEMOIN, os.urandom(TAILLE_CLE)))
            )
        return True

    def _envelopper(self, unite: str, cle: bytes) -> bytes:
        alea = os.urandom(_ALEA)
        return alea + self._enveloppeuse.encrypt(alea, cle, unite.encode())


def _lots(unites: Iterable[str]) -> Iterator[list[str]]:
    suite = iter(unites)
    while lot := list(islice(suite, _LOT)):
        yield lot


def _marques(lot: list[str]) -> str:
    return ",".join("?" * len(lot))
