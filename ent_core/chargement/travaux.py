"""Des tâches déclarées à l'application Procrastinate : essais, recul, rendez-vous, traces sans contenu."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import Any

from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.jobs import Job
from psycopg.conninfo import make_conninfo

from ent_core.contrat.taches import Tache
from ent_core.donnees.file_taches import noter_echec
from ent_core.donnees.schema_taches import SCHEMA
from ent_core.donnees.session import ROLE_ACADEMIE, BaseDeDonnees, Portage
from ent_core.socle.calendrier import FUSEAU, Horloge
from ent_core.socle.erreurs import ErreurEnt

__all__ = ["RATTRAPAGE", "Recul", "TravailEnEchec", "construire"]

RATTRAPAGE = timedelta(hours=24)
"""Un rendez-vous manqué depuis moins longtemps (machine éteinte la nuit) est honoré au démarrage."""

_PREMIER_RECUL = 30
_RECUL_MAXIMAL = 6 * 3600
_journal = logging.getLogger("ent.taches")


class TravailEnEchec(Exception):
    """Un essai a échoué. Ne porte que le type de la cause : son message peut citer une valeur."""


class Recul(BaseRetryStrategy):
    """Essais de plus en plus espacés : 30 s, 2 min, 8 min, 32 min… jusqu'à 6 h ; puis le travail est mort.

    :param essais: nombre total d'essais.
    """

    def __init__(self, essais: int) -> None:
        self.essais = essais

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if job.attempts + 1 >= self.essais:
            return None
        return RetryDecision(retry_in={"seconds": min(_PREMIER_RECUL * 4**job.attempts, _RECUL_MAXIMAL)})


def construire(base: BaseDeDonnees, taches: Sequence[Tache], horloge: Horloge) -> App:
    """Application Procrastinate qui connaît toutes les tâches.

    :param base: base donnée aux tâches ; l'ouvrier s'y connecte aussi, avec le même compte.
    :param taches: tâches contrôlées.
    :param horloge: date les échecs ; donnée à chaque tâche.
    """
    application = App(
        connector=PsycopgConnector(
            conninfo=_adresse(base),
            kwargs={"options": f"-c search_path={SCHEMA} -c role={ROLE_ACADEMIE} -c timezone=UTC"},
            min_size=1,
            max_size=3,
        ),
        periodic_defaults={"max_delay": RATTRAPAGE.total_seconds()},
    )
    for tache in taches:
        inscrite = application.task(name=tache.nom, pass_context=True, retry=Recul(tache.essais))(
            _envelopper(base, tache, horloge)
        )
        if tache.periode:
            # La clé retient une seule occurrence en attente, si l'ouvrier a pris du retard.
            application.periodic(cron=tache.periode, queueing_lock=f"{tache.nom}:periode")(inscrite)
    for rendez_vous in application.periodic_registry.periodic_tasks.values():
        rendez_vous.croniter.set_current(datetime(2026, 1, 1, tzinfo=FUSEAU))  # fixe le fuseau des calculs
    return application


def _envelopper(base: BaseDeDonnees, tache: Tache, horloge: Horloge) -> Callable[..., None]:
    def executer(contexte: JobContext, **arguments: Any) -> None:
        if tache.periode:
            arguments.pop("timestamp", None)  # ajouté par Procrastinate à chaque rendez-vous
        numero, debut = contexte.job.id or 0, time.perf_counter()
        try:
            tache.fonction(base, horloge, **arguments)
        except Exception as erreur:  # noqa: BLE001 - quelle que soit sa panne, un travail se rejoue ou meurt
            with (
                contextlib.suppress(ErreurEnt),
                base.unite(Portage("travaux", role=ROLE_ACADEMIE)) as session,
            ):
                noter_echec(session, numero, type(erreur).__name__, horloge.maintenant())
            _journal.error(
                "travail_en_echec", extra=_champs(tache, numero, debut) | {"exception": _lieu(erreur)}
            )
            raise TravailEnEchec(type(erreur).__name__) from None
        _journal.info("travail_fini", extra=_champs(tache, numero, debut))

    return executer


def _champs(tache: Tache, numero: int, debut: float) -> dict[str, Any]:
    duree = round((time.perf_counter() - debut) * 1000)
    return {"tache": tache.nom, "travail": numero, "duree_ms": duree}


def _lieu(erreur: BaseException) -> str:
    """« ValueError envoi.py:12 » : le type et la ligne, jamais le message."""
    trace = erreur.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    lieu = f"{PurePath(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(erreur).__name__} {lieu}".strip()


def _adresse(base: BaseDeDonnees) -> str:
    """Les paramètres que SQLAlchemy donne au pilote, moins ses adaptateurs de types."""
    _, parametres = base.moteur.dialect.create_connect_args(base.url)
    parametres.pop("context", None)
    return make_conninfo(**parametres, application_name="ent-taches")
