"""Une connexion que la base a coupée ne sert à personne : elle est remplacée avant le premier énoncé.

Une connexion au repos n'a rien à lire. Si elle a quelque chose, c'est le plus souvent l'adieu d'une base qui
redémarre. Regarder ne demande rien au réseau ; interroger la base, ce que coûterait ``pool_pre_ping`` à
chaque requête, ne se fait que dans ce cas.
"""

from __future__ import annotations

import select
from typing import Any

from psycopg import Connection, Error
from psycopg.pq import ExecStatus
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

__all__ = ["veiller"]


def veiller(moteur: Engine) -> None:
    """Éprouve chaque connexion à sa sortie de la réserve ; coupée, toute la réserve est renouvelée.

    :param moteur: moteur de l'application.
    """
    event.listen(moteur, "checkout", _eprouver)


def _eprouver(connexion: Connection[Any], _fiche: object, _pret: object) -> None:
    if not _vivante(connexion):
        raise InvalidatePoolError


def _vivante(connexion: Connection[Any]) -> bool:
    if connexion.closed:
        return False
    guetteur = select.poll()
    guetteur.register(connexion.fileno(), select.POLLIN)
    if not guetteur.poll(0):
        return True
    try:
        return connexion.pgconn.exec_(b"").status == ExecStatus.EMPTY_QUERY
    except (Error, MemoryError):  # libpq ne rend rien d'une connexion perdue ; psycopg y voit la mémoire
        return False
