"""Un ordre remis au curseur du pilote, entendu de tout ce qui écoute le moteur.

SQLAlchemy entoure chaque ordre d'un contexte d'exécution qui coûte plus que l'ordre. Ce qui est fréquent et
déjà écrit en SQL s'en passe ; les écouteurs (le tourniquet, qui juge ; les relevés) et les erreurs restent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

__all__ = ["Envoi", "envoyer"]


@dataclass(frozen=True, slots=True)
class Envoi:
    """Ce qu'un ordre qui part montre aux écouteurs, comme un contexte d'exécution de SQLAlchemy.

    :param compiled: l'énoncé traduit, et son relevé ; rien, si c'est du SQL du noyau.
    :param compiled_parameters: ses valeurs, seule entrée de la liste.
    """

    compiled: Any
    compiled_parameters: list[Any]


@dataclass(frozen=True, slots=True)
class _Echec:
    """Ce qu'un ordre qui échoue montre aux écouteurs, comme un ``ExceptionContext``."""

    connection: Connection
    original_exception: Exception


def envoyer(
    connexion: Connection, ordre: str, valeurs: Mapping[str, Any] | Sequence[Any], compile_: Any = None
) -> psycopg.Cursor[Any]:
    """Envoie un ordre, et rend le curseur où lire ses lignes.

    :param connexion: connexion dont la transaction est ouverte.
    :param ordre: SQL du pilote.
    :param valeurs: valeurs liées, telles que le pilote les attend.
    :param compile_: énoncé dont l'ordre est la traduction ; sans lui, le portillon n'en laisse passer que ce
        que le noyau donne lui-même.
    :raises DonneeProtegee: le portillon refuse.
    :raises DBAPIError: la base refuse, ou ne répond plus ; comme de tout énoncé de SQLAlchemy.
    """
    envoi = Envoi(compile_, [valeurs])
    curseur: psycopg.Cursor[Any] = connexion.connection.cursor()  # type: ignore[assignment] # celui du pilote
    for ecouteur in connexion.dispatch.before_cursor_execute:
        ordre, valeurs = ecouteur(connexion, curseur, ordre, valeurs, envoi, False)
    try:
        curseur.execute(ordre, valeurs)
    except psycopg.Error as erreur:
        raise _traduire(connexion, ordre, erreur) from erreur
    for ecouteur in connexion.dispatch.after_cursor_execute:
        ecouteur(connexion, curseur, ordre, valeurs, envoi, False)
    return curseur


def _traduire(connexion: Connection, ordre: str, erreur: Any) -> BaseException:
    """L'erreur de SQLAlchemy, les écouteurs prévenus ; une connexion coupée ne resservira pas."""
    for ecouteur in connexion.dialect.dispatch.handle_error:
        ecouteur(_Echec(connexion, erreur))
    pilote: Any = connexion.connection.dbapi_connection
    coupee = connexion.dialect.is_disconnect(erreur, pilote, None)
    if coupee:
        connexion.invalidate(erreur)
    traduite: BaseException = DBAPIError.instance(
        ordre, None, erreur, psycopg.Error,
        hide_parameters=True, connection_invalidated=coupee, dialect=connexion.dialect,
    )  # fmt: skip
    return traduite
