"""Les énoncés qu'une connexion tient prêts, gardés aussi longtemps qu'elle.

À chaque retour en arrière, psycopg oublie tous les siens, au cas où la transaction défaite aurait créé ce
qu'ils lisent. L'application ne crée ni ne supprime aucun objet, et PostgreSQL garde ses énoncés préparés :
une page refusée (404, 403…) coûterait à la suivante de tout préparer de nouveau.

Quand c'est la base qui a refusé un énoncé, psycopg oublie comme il l'entend : si une table vient de changer
sous une application qui tourne, tout repart de neuf.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import Connection, Engine, PoolProxiedConnection, event

__all__ = ["garder_prets"]

_AU_PLUS = 500
"""Une page en demande vingt, et chaque rôle qui la lit a les siens ; psycopg s'en tiendrait à cent."""


def garder_prets(moteur: Engine) -> None:
    """Fait garder à chaque connexion ce qu'elle a préparé, même quand une transaction est défaite.

    :param moteur: moteur de l'application.
    """
    event.listen(moteur, "connect", _elargir)
    ordres: Any = moteur.dialect
    ordres.do_rollback = _defaire
    ordres.do_savepoint = _poser
    ordres.do_release_savepoint = _rendre
    ordres.do_rollback_to_savepoint = _revenir


def _elargir(pilote: psycopg.Connection[Any], _fiche: object) -> None:
    pilote.prepared_max = _AU_PLUS


def _defaire(tenue: PoolProxiedConnection) -> None:
    pilote = _pilote(tenue)
    if pilote.info.transaction_status is TransactionStatus.INTRANS:
        _executer(pilote, b"rollback")
    else:
        pilote.rollback()


def _poser(connexion: Connection, point: str) -> None:
    # Par le curseur, qui ouvre la transaction s'il le faut ; un point de reprise ne sert qu'une fois.
    _pilote(connexion.connection).execute(f"savepoint {point}".encode(), prepare=False)


def _rendre(connexion: Connection, point: str) -> None:
    _executer(_pilote(connexion.connection), f"release savepoint {point}".encode())


def _revenir(connexion: Connection, point: str) -> None:
    pilote, ordre = _pilote(connexion.connection), f"rollback to savepoint {point}".encode()
    if pilote.info.transaction_status is TransactionStatus.INTRANS:
        _executer(pilote, ordre)
    else:
        pilote.execute(ordre, prepare=False)


def _executer(pilote: psycopg.Connection[Any], ordre: bytes) -> None:
    """Envoie un ordre par la libpq, sans que psycopg en voie le résultat."""
    try:
        resultat = pilote.pgconn.exec_(ordre)
    except MemoryError:  # libpq ne rend rien d'une connexion perdue ; psycopg y voit la mémoire
        raise psycopg.OperationalError(pilote.pgconn.get_error_message()) from None
    if resultat.status != ExecStatus.COMMAND_OK:
        raise psycopg.OperationalError(resultat.get_error_message())


def _pilote(tenue: PoolProxiedConnection) -> psycopg.Connection[Any]:
    return cast("psycopg.Connection[Any]", tenue.dbapi_connection)
