"""Le compte de base qui lit l'archive intermédiaire : à part de celui de l'application, et propre à elle."""

from __future__ import annotations

import time

from psycopg import Error, IntegrityError, InternalError, sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from ent_core.donnees.session import ROLE_ARCHIVE
from ent_core.socle.erreurs import BaseIndisponible

__all__ = ["preparer_compte"]

_ESSAIS, _PAUSE = 5, 0.1


def preparer_compte(proprietaire: URL, compte: URL) -> None:
    """Crée le compte s'il manque, lui donne son mot de passe et le seul rôle qu'il peut prendre ; se rejoue.

    :param proprietaire: compte qui peut créer des rôles, base migrée.
    :param compte: adresse du compte de l'archive, dans la même base.
    :raises BaseIndisponible: droits insuffisants.
    """
    moteur = create_engine(
        proprietaire.set(drivername="postgresql+psycopg"), poolclass=NullPool, hide_parameters=True
    )
    for essai in range(1, _ESSAIS + 1):
        try:
            with moteur.begin() as connexion:
                _preparer(connexion, compte, sql.Identifier(proprietaire.database or ""))
            return
        except (DBAPIError, Error) as erreur:
            cause = erreur.orig if isinstance(erreur, DBAPIError) else erreur
            # Les rôles valent pour tout le serveur : une autre base y prépare peut-être les siens.
            if essai < _ESSAIS and isinstance(cause, InternalError | IntegrityError):
                time.sleep(_PAUSE * essai)
                continue
            raise BaseIndisponible(
                f"le compte de l'archive ne peut pas être préparé : {str(cause).splitlines()[0]}",
                remede="donner dans ENT_BASE_PROPRIETAIRE un compte qui peut créer des rôles.",
            ) from erreur
        finally:
            moteur.dispose()


def _preparer(connexion: Connection, compte: URL, base: sql.Identifier) -> None:
    nom = sql.Identifier(str(compte.username))
    curseur = connexion.connection.cursor()
    existe = text("select 1 from pg_roles where rolname = :r")
    if not connexion.execute(existe, {"r": compte.username}).scalar():
        curseur.execute(sql.SQL("create role {} login noinherit").format(nom))
    if compte.password:
        curseur.execute(sql.SQL("alter role {} password {}").format(nom, sql.Literal(str(compte.password))))
    curseur.execute(sql.SQL("grant {} to {}").format(sql.Identifier(ROLE_ARCHIVE), nom))
    curseur.execute(sql.SQL("grant connect on database {} to {}").format(base, nom))
