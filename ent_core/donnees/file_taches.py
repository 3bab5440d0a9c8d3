"""La file des travaux : différer dans la transaction de l'appelant, voir, rejouer, purger.

Un travail naît avec la transaction qui le demande, ou pas du tout. Ses arguments sont des
identifiants : ni nom, ni texte libre n'entrent dans la file, ni ce qu'une exception raconte.

Tout sauf ``differer`` demande une session de l'académie.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from ent_core.socle.erreurs import Introuvable

__all__ = [
    "GARDE_FINIS",
    "GARDE_MORTS",
    "ComptesTache",
    "TravailArrete",
    "TravailMort",
    "abandonner",
    "differer",
    "etat_file",
    "lister_morts",
    "noter_echec",
    "purger",
    "rejouer",
    "reprendre",
    "travail_arrete",
]

GARDE_FINIS = timedelta(days=7)
"""Durée de garde d'un travail réussi ou abandonné."""

GARDE_MORTS = timedelta(days=90)
"""Durée de garde d'un travail mort, que personne n'a rejoué ni abandonné."""

_INTERRUPTIONS = 3
"""Une coupure n'est pas la faute du travail, mais celui qui tue son ouvrier à chaque fois doit s'arrêter."""

_NOM = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
_IDENTIFIANT = re.compile(r"[A-Za-z0-9_.:+/-]{0,200}")

_DIFFERER = text(
    "select taches.differer("
    "cast(:tache as varchar), cast(:cle as text), cast(:arguments as jsonb), cast(:dans as interval))"
)
_ETAT = text(
    "select task_name, count(*) filter (where status = 'todo'), count(*) filter (where status = 'doing'),"
    " count(*) filter (where status = 'succeeded'), count(*) filter (where status = 'failed'),"
    " count(*) filter (where status in ('cancelled', 'aborted'))"
    " from taches.procrastinate_jobs group by task_name order by task_name"
)
_DERNIER = "(select max(e.at) from taches.procrastinate_events e where e.job_id = j.id)"
_MORTS = text(
    f"select j.id, j.task_name, j.args, j.attempts, x.exception, {_DERNIER}"  # noqa: S608 - fragment constant
    " from taches.procrastinate_jobs j left join taches.echecs x on x.travail_id = j.id"
    " where j.status = 'failed' order by j.id desc limit :limite"
)
_DEMANDE = text(
    "select j.id, j.status::text, j.attempts, x.exception"
    " from taches.procrastinate_jobs j left join taches.echecs x on x.travail_id = j.id"
    " where j.task_name = :tache and j.args @> cast(:arguments as jsonb) order by j.id desc limit 1"
)
_REJOUER = text(
    "update taches.procrastinate_jobs"
    " set status = 'todo', attempts = 0, scheduled_at = null, worker_id = null, queueing_lock = null"
    " where id = :id and status = 'failed' returning task_name"
)
_ABANDONNER = text(
    "update taches.procrastinate_jobs set status = 'cancelled'"
    " where id = :id and status = 'failed' returning task_name"
)
_ABANDONNE = text("insert into taches.procrastinate_events (job_id, type) values (:id, 'cancelled')")
_INTERROMPUS = text(
    "select j.id, j.task_name, j.attempts from taches.procrastinate_jobs j"
    " left join taches.procrastinate_workers o on o.id = j.worker_id"
    " where j.status = 'doing' and (o.id is null or o.id is distinct from cast(:sauf as bigint))"
    " and (o.id is null or o.last_heartbeat < now() - cast(:silence as interval))"
    " order by j.id for update of j skip locked"
)
_REPRENDRE = text(
    "update taches.procrastinate_jobs set attempts = attempts + 1, worker_id = null, scheduled_at = null,"
    " status = cast(:statut as taches.procrastinate_job_status) where id = :id"
)
_ECHEC = text(
    "insert into taches.echecs (travail_id, exception, instant) values (:id, :exception, :instant)"
    " on conflict (travail_id) do update set exception = excluded.exception, instant = excluded.instant"
)
_PURGER = text(
    "with effaces as (delete from taches.procrastinate_jobs j where"  # noqa: S608 - fragment constant
    f" (j.status in ('succeeded', 'cancelled', 'aborted') and {_DERNIER} < :finis)"
    f" or (j.status = 'failed' and {_DERNIER} < :morts) returning 1) select count(*) from effaces"
)


@dataclass(frozen=True, slots=True)
class ComptesTache:
    """Travaux d'une tâche, par état."""

    tache: str
    en_attente: int = 0
    en_cours: int = 0
    reussis: int = 0
    morts: int = 0
    abandonnes: int = 0


@dataclass(frozen=True, slots=True)
class TravailMort:
    """Un travail dont tous les essais ont échoué.

    :param exception: type de la dernière exception ; ``None`` si la tâche est inconnue de l'ouvrier.
    :param instant: moment du dernier échec.
    """

    id: int
    tache: str
    arguments: Mapping[str, Any]
    essais: int
    exception: str | None
    instant: datetime


@dataclass(frozen=True, slots=True)
class TravailArrete:
    """Un travail qui ne reprendra pas de lui-même.

    :param rejouable: mort ; sinon, quelqu'un y a renoncé.
    :param exception: type de la dernière exception, s'il y en a une.
    """

    id: int
    rejouable: bool
    essais: int
    exception: str | None


def differer(
    session: Session,
    nom_tache: str,
    /,
    *,
    dans: timedelta | None = None,
    cle_unique: str | None = None,
    **arguments: Any,
) -> int:
    """Demande un travail, dans la transaction de l'appelant : annulée, elle l'emporte avec elle.

    :param nom_tache: tâche déclarée par ``ent_taches``.
    :param dans: délai minimal avant l'exécution.
    :param cle_unique: de cette tâche et de cette clé, un seul travail attend son premier essai ; s'il
        est déjà là, il suffit, et son numéro est rendu.
    :param arguments: valeurs JSON ; les textes sont des identifiants, sans espace ni accent.
    :returns: numéro du travail.
    :raises ValueError: un nom, une clé ou un argument n'a pas la forme voulue (faute de programmation).
    """
    if not _NOM.fullmatch(nom_tache):
        raise ValueError(f"« {nom_tache} » n'est pas un nom de tâche : écrire « brique.verbe »")
    for nom, valeur in {**arguments, "cle_unique": cle_unique}.items():
        _exiger_identifiants(nom_tache, nom, valeur)
    numero: int = session.execute(
        _DIFFERER,
        {
            "tache": nom_tache,
            "cle": None if cle_unique is None else f"{nom_tache}:{cle_unique}",
            "arguments": json.dumps(arguments, allow_nan=False),
            "dans": dans,
        },
    ).scalar_one()
    return numero


def etat_file(session: Session) -> list[ComptesTache]:
    """Nombre de travaux par tâche et par état."""
    return [ComptesTache(*ligne) for ligne in session.execute(_ETAT)]


def lister_morts(session: Session, limite: int = 200) -> list[TravailMort]:
    """Travaux morts, le plus récent d'abord.

    :param limite: nombre maximal de lignes.
    """
    return [TravailMort(*ligne) for ligne in session.execute(_MORTS, {"limite": limite})]


def travail_arrete(session: Session, nom_tache: str, /, **arguments: Any) -> TravailArrete | None:
    """Le dernier travail demandé avec ces arguments, s'il est mort ou abandonné ; ``None`` sinon.

    :param nom_tache: tâche.
    :param arguments: arguments qui le distinguent.
    """
    trouve = session.execute(_DEMANDE, {"tache": nom_tache, "arguments": json.dumps(arguments)}).one_or_none()
    if trouve is None or trouve.status in ("todo", "doing", "succeeded"):
        return None
    return TravailArrete(trouve.id, trouve.status == "failed", trouve.attempts, trouve.exception)


def rejouer(session: Session, travail_id: int) -> str:
    """Remet un travail mort dans la file, avec tous ses essais ; rend le nom de sa tâche.

    :param travail_id: numéro du travail.
    :raises Introuvable: aucun travail mort ne porte ce numéro.
    """
    return _trouve(session.execute(_REJOUER, {"id": travail_id}).scalar(), travail_id)


def abandonner(session: Session, travail_id: int) -> str:
    """Renonce à un travail mort ; rend le nom de sa tâche.

    :param travail_id: numéro du travail.
    :raises Introuvable: aucun travail mort ne porte ce numéro.
    """
    tache = _trouve(session.execute(_ABANDONNER, {"id": travail_id}).scalar(), travail_id)
    session.execute(_ABANDONNE, {"id": travail_id})
    return tache


def noter_echec(session: Session, travail_id: int, exception: str, instant: datetime) -> None:
    """Retient le type de la dernière exception d'un travail, jamais son message.

    :param travail_id: numéro du travail.
    :param exception: nom du type.
    :param instant: moment de l'échec.
    """
    session.execute(_ECHEC, {"id": travail_id, "exception": exception[:128], "instant": instant})


def reprendre(
    session: Session, silence: timedelta, essais: Mapping[str, int], instant: datetime, sauf: int | None
) -> Sequence[int]:
    """Remet dans la file les travaux dont l'ouvrier ne donne plus signe de vie.

    :param silence: durée sans signe de vie au-delà de laquelle un ouvrier est tenu pour mort.
    :param essais: nombre d'essais de chaque tâche ; une coupure en compte un.
    :param instant: moment présent, pour la trace de ceux qui meurent là.
    :param sauf: ouvrier qui appelle, vivant même si sa machine a dormi.
    :returns: numéros des travaux repris ou déclarés morts.
    """
    repris = []
    for numero, tache, faits in session.execute(_INTERROMPUS, {"silence": silence, "sauf": sauf}).all():
        mort = faits + 1 >= max(essais.get(tache, 1), _INTERRUPTIONS)
        session.execute(_REPRENDRE, {"id": numero, "statut": "failed" if mort else "todo"})
        noter_echec(session, numero, "OuvrierInterrompu", instant)
        repris.append(numero)
    return repris


def purger(session: Session, instant: datetime) -> int:
    """Efface les travaux finis et les morts dont la durée de garde est passée ; rend leur nombre.

    :param instant: moment présent.
    """
    limites = {"finis": instant - GARDE_FINIS, "morts": instant - GARDE_MORTS}
    effaces: int = session.execute(_PURGER, limites).scalar_one()
    return effaces


def _trouve(tache: str | None, travail_id: int) -> str:
    if tache is None:
        raise Introuvable(
            "aucun travail mort ne porte ce numéro.",
            remede="voir la liste avec « ent taches morts » ; il a peut-être déjà été rejoué.",
            lieu=f"travail {travail_id}",
        )
    return tache


def _exiger_identifiants(tache: str, nom: str, valeur: Any) -> None:
    """Un identifiant n'a ni espace, ni accent, ni arobase : un nom ou une adresse n'en sont pas."""
    match valeur:
        case None | bool() | int() | float():
            return
        case str() if _IDENTIFIANT.fullmatch(valeur):
            return
        case list() | tuple():
            for element in valeur:
                _exiger_identifiants(tache, nom, element)
        case dict():
            for element in [*valeur, *valeur.values()]:
                _exiger_identifiants(tache, nom, element)
        case _:
            raise ValueError(
                f"tâche {tache}, argument « {nom} » : la file ne reçoit que du JSON et des identifiants"
                " (200 caractères sans espace ni accent). Passer l'identifiant, et relire le reste en base."
            )
