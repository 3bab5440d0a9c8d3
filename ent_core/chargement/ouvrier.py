"""L'ouvrier : un processus qui exécute les travaux, s'arrête proprement, et dont la mort ne perd rien.

Chaque ouvrier donne signe de vie. Un travail en cours dont l'ouvrier se tait depuis trop longtemps
revient dans la file : il est donc exécuté au moins une fois, et doit pouvoir être rejoué.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.process import BaseProcess
from typing import Any

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.periodic import PeriodicDeferrer
from procrastinate.worker import Worker
from sqlalchemy.engine import URL

from ent_core.chargement.archive import archive_de
from ent_core.chargement.coffre import chiffreur_de
from ent_core.chargement.decouverte import charger
from ent_core.chargement.messages import poste_des_messages
from ent_core.chargement.taches import toutes_les_taches
from ent_core.chargement.travaux import construire
from ent_core.contrat.taches import Tache
from ent_core.donnees.file_taches import reprendre
from ent_core.donnees.session import ROLE_ACADEMIE, BaseDeDonnees, Portage
from ent_core.socle import journal
from ent_core.socle.calendrier import Horloge, HorlogeSysteme
from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import BaseIndisponible, ErreurEnt

__all__ = ["OuvrierDeFond", "Rythme", "connexions_voulues", "demarrer_ouvrier", "executer"]

_journal = logging.getLogger("ent.taches")
_DEJA_DITS = frozenset({"job_error", "job_error_retry"})


@dataclass(frozen=True, slots=True)
class Rythme:
    """Signes de vie d'un ouvrier, en secondes.

    :param battement: temps entre deux signes de vie, et entre deux recherches de travaux interrompus.
    :param silence: temps sans signe de vie au-delà duquel un ouvrier est tenu pour mort.
    """

    battement: float = 5.0
    silence: float = 30.0


class OuvrierDeFond:
    """Un ouvrier dans un processus à part.

    :param processus: processus déjà lancé.
    """

    def __init__(self, processus: BaseProcess) -> None:
        self._processus = processus

    @property
    def vivant(self) -> bool:
        """Vrai tant que le processus tourne."""
        return self._processus.is_alive()

    def arreter(self, delai: float = 10.0) -> None:
        """Laisse finir le travail en cours ; passé le délai, tue le processus : le travail reviendra.

        :param delai: secondes.
        """
        self._processus.terminate()
        self._processus.join(delai)
        if self._processus.is_alive():
            self._processus.kill()
            self._processus.join()


def connexions_voulues(simultanes: int) -> int:
    """Connexions qu'il faut à un ouvrier : deux par travail, et une, comme au serveur ; une pour la reprise.

    :param simultanes: travaux menés en même temps.
    """
    return 2 * simultanes + 2


def demarrer_ouvrier(configuration: Configuration, url: URL) -> OuvrierDeFond:
    """Lance un ouvrier dans un processus à part, qui meurt avec celui-ci (démonstration).

    :param configuration: configuration de l'instance.
    :param url: adresse de l'application, base déjà migrée.
    """
    # Un processus neuf : ni connexion, ni fil, ni verrou de celui-ci n'y passent.
    processus = multiprocessing.get_context("spawn").Process(
        target=_dans_un_processus, args=(configuration, url), name="ent-taches", daemon=True
    )
    processus.start()
    return OuvrierDeFond(processus)


def executer(
    base: BaseDeDonnees,
    taches: Sequence[Tache],
    horloge: Horloge,
    *,
    simultanes: int = 1,
    une_fois: bool = False,
    rythme: Rythme | None = None,
) -> None:
    """Exécute les travaux jusqu'à SIGTERM ou SIGINT, qui laissent finir ceux qui sont en cours.

    :param base: base de l'application, avec ``connexions_voulues`` connexions.
    :param taches: tâches contrôlées.
    :param horloge: horloge de l'instance.
    :param simultanes: travaux menés en même temps.
    :param une_fois: honorer les rendez-vous échus, vider la file, puis s'arrêter.
    :param rythme: signes de vie.
    :raises BaseIndisponible: la base ne répond pas, ou ne répond plus.
    """
    application = construire(base, taches, horloge)
    essais = {tache.nom: tache.essais for tache in taches}
    with _sans_bavardage():
        try:
            asyncio.run(
                _tourner(
                    application, _Reprise(base, essais, horloge, rythme or Rythme()), simultanes, une_fois
                )
            )
        except ConnectorException as erreur:
            raise _file_perdue() from erreur


@dataclass(frozen=True, slots=True)
class _Reprise:
    """La recherche des travaux dont l'ouvrier est mort."""

    base: BaseDeDonnees
    essais: dict[str, int]
    horloge: Horloge
    rythme: Rythme

    def faire(self, sauf: int | None = None) -> None:
        """Une recherche ; une base absente la remet à plus tard."""
        silence = timedelta(seconds=self.rythme.silence)
        try:
            with self.base.unite(Portage("reprise des travaux", role=ROLE_ACADEMIE)) as session:
                repris = reprendre(session, silence, self.essais, self.horloge.maintenant(), sauf)
        except ErreurEnt:
            _journal.warning("reprise_remise")
            return
        for numero in repris:
            _journal.warning("travail_interrompu", extra={"travail": numero})

    async def sans_fin(self, ouvrier: Worker) -> None:
        """Une recherche à chaque battement."""
        while True:
            await asyncio.sleep(self.rythme.battement)
            await asyncio.to_thread(self.faire, ouvrier.worker_id)


async def _tourner(application: App, reprise: _Reprise, simultanes: int, une_fois: bool) -> None:
    boucle = asyncio.get_running_loop()
    # Un fil par travail, un pour la reprise, un pour la résolution de noms.
    boucle.set_default_executor(ThreadPoolExecutor(simultanes + 2))
    async with application.open_async():
        await asyncio.to_thread(reprise.faire)
        if une_fois:
            rendez_vous = PeriodicDeferrer(application.periodic_registry, **application.periodic_defaults)
            instant = reprise.horloge.maintenant().timestamp()
            await rendez_vous.defer_jobs(rendez_vous.get_previous_tasks(at=instant))
            application.periodic_registry.periodic_tasks.clear()  # ceux-ci, et pas d'autres en route
        ouvrier = Worker(
            application,
            name="ent",
            concurrency=simultanes,
            wait=not une_fois,
            install_signal_handlers=False,
            update_heartbeat_interval=reprise.rythme.battement,
            stalled_worker_timeout=reprise.rythme.silence,
        )
        arrete, perdu = asyncio.Event(), asyncio.Event()

        def renoncer(fait: dict[str, Any]) -> None:
            """L'issue d'un travail n'a pas pu être écrite : s'arrêter le rend à la file."""
            exception = fait.get("exception")
            _journal.error("ouvrier_perdu", extra={"exception": type(exception).__name__})
            perdu.set()
            _arreter(ouvrier)

        boucle.set_exception_handler(lambda _boucle, fait: renoncer(fait))
        _ecouter_les_signaux(boucle, ouvrier, arrete)
        recherche = asyncio.create_task(reprise.sans_fin(ouvrier))
        recherche.add_done_callback(lambda _: _arreter(ouvrier))
        try:
            await ouvrier.run()  # type: ignore[no-untyped-call] # procrastinate ne l'annote pas
        finally:
            recherche.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await recherche  # une panne de la reprise a arrêté l'ouvrier : elle remonte ici
    if perdu.is_set() or not (une_fois or arrete.is_set()):
        raise _file_perdue()


def _ecouter_les_signaux(boucle: asyncio.AbstractEventLoop, ouvrier: Worker, arrete: asyncio.Event) -> None:
    """Le premier signal finit le travail en cours ; le second, qui retrouve son effet ordinaire, coupe."""
    signaux = {signal.SIGINT, signal.SIGTERM}

    def arreter() -> None:
        arrete.set()
        _arreter(ouvrier)
        for signal_ in signaux:
            boucle.remove_signal_handler(signal_)
        if parent is not None:
            boucle.remove_reader(parent.sentinel)

    parent = multiprocessing.parent_process()
    if threading.current_thread() is threading.main_thread():
        for signal_ in signaux:
            boucle.add_signal_handler(signal_, arreter)
    if parent is not None:
        boucle.add_reader(parent.sentinel, arreter)


def _arreter(ouvrier: Worker) -> None:
    ouvrier.stop()  # type: ignore[no-untyped-call] # procrastinate ne l'annote pas


def _dans_un_processus(configuration: Configuration, url: URL) -> None:
    journal.configurer(configuration.journaux.format, configuration.journaux.niveau)
    horloge = HorlogeSysteme()
    chargement = charger(configuration.briques.chargees)
    taches = toutes_les_taches(chargement, configuration)
    base = BaseDeDonnees(url, connexions=connexions_voulues(1))
    base.chiffreur = chiffreur_de(configuration)
    base.archive = archive_de(configuration, base.url)
    base.poste = poste_des_messages(chargement, configuration, horloge)
    parent = multiprocessing.parent_process()
    while parent is not None and parent.is_alive():
        try:
            executer(base, taches, horloge)
        except BaseIndisponible as erreur:
            # Personne d'autre ne le relancera.
            _journal.error("ouvrier_relance", extra={"code": erreur.code})
            time.sleep(Rythme().battement)
        else:
            break
    base.fermer()


class _Passerelle(logging.Handler):
    """Ce que les bibliothèques signalent, réduit à un mot : leurs messages citent arguments et adresses."""

    def emit(self, record: logging.LogRecord) -> None:
        acte = str(getattr(record, "action", record.name))
        if acte in _DEJA_DITS:
            return
        exception = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        _journal.log(record.levelno, "ouvrier", extra={"acte": acte, "exception": exception})


@contextlib.contextmanager
def _sans_bavardage() -> Iterator[None]:
    """Détourne les journaux des bibliothèques, le temps que l'ouvrier tourne."""
    passerelle = _Passerelle(logging.WARNING)
    sources = [logging.getLogger(nom) for nom in ("procrastinate", "psycopg.pool")]
    avant = [source.propagate for source in sources]
    for source in sources:
        source.propagate = False
        source.addHandler(passerelle)
    try:
        yield
    finally:
        for source, propage in zip(sources, avant, strict=True):
            source.propagate = propage
            source.removeHandler(passerelle)


def _file_perdue() -> BaseIndisponible:
    return BaseIndisponible(
        "l'ouvrier ne peut plus suivre la file et s'est arrêté ; ses travaux en cours reviendront.",
        remede="vérifier que PostgreSQL tourne, puis relancer « ent taches executer ».",
    )
