"""Ce que les connexions d'une base d'essai savent déjà, gardé d'un essai à l'autre.

Une connexion neuve relit le catalogue, et la base y prépare de nouveau chaque énoncé : le plus clair du temps
d'un petit essai. Une connexion au repos ne retient ni verrou ni ligne ; ramenée à ses réglages, elle en vaut
une neuve.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from psycopg.pq import ExecStatus
from sqlalchemy import PoolProxiedConnection, QueuePool

from ent_core.donnees.session import BaseDeDonnees

__all__ = ["au_repos"]

_COMME_NEUVE = (
    b"reset role; reset all; close all; unlisten *; discard temp; discard sequences;"
    b" select pg_advisory_unlock_all()"
)


def au_repos(base: BaseDeDonnees) -> list[int]:
    """Ramène à leurs réglages les connexions d'une base rendue ; les ferme toutes si l'une sert encore.

    :param base: base dont aucun essai ne se sert plus.
    :returns: numéros des connexions gardées.
    """
    reserve = cast("QueuePool", base.moteur.pool)
    if reserve.checkedout():
        base.fermer()
        return []
    gardees = [base.moteur.raw_connection() for _ in range(reserve.checkedin())]
    pilotes = [_pilote(gardee) for gardee in gardees]
    neuves = [pilote.pgconn.exec_(_COMME_NEUVE).status == ExecStatus.TUPLES_OK for pilote in pilotes]
    for gardee in gardees:
        gardee.close()
    if not all(neuves):
        base.fermer()
        return []
    return [pilote.info.backend_pid for pilote in pilotes]


def _pilote(connexion: PoolProxiedConnection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", connexion.dbapi_connection)
