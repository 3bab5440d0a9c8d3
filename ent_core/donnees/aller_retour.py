"""L'aller et retour des migrations d'une brique : elles créent ce qui est déclaré, et ne laissent rien."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, ForeignKeyConstraint, create_engine, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import Base
from ent_core.donnees.droits import ROLE_PROPRIETAIRE
from ent_core.donnees.migrations import Distribution, configuration_alembic, migrer
from ent_core.donnees.partitions import vers_une_partition
from ent_core.socle.erreurs import OperationRefusee

__all__ = ["aller_retour", "base_jetable"]

_REMEDE = "corriger la révision citée, ou en écrire une nouvelle ; une révision publiée ne se modifie plus"


@contextmanager
def base_jetable(serveur: str) -> Iterator[tuple[URL, URL]]:
    """Une base vide et un compte d'application, effacés à la sortie.

    :param serveur: adresse d'un compte qui peut créer des bases et des rôles.
    :returns: adresse du propriétaire, adresse de l'application.
    """
    maitre = make_url(serveur).set(drivername="postgresql+psycopg")
    nom = f"ent_verification_{secrets.token_hex(4)}"
    moteur = create_engine(maitre, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True)
    with moteur.connect() as connexion:
        connexion.exec_driver_sql(f'create database "{nom}"')
    proprietaire = maitre.set(database=nom)
    try:
        yield proprietaire, proprietaire.set(username=nom, password=secrets.token_urlsafe(24))
    finally:
        with moteur.connect() as connexion:
            connexion.exec_driver_sql(f'drop database "{nom}" with (force)')
            connexion.exec_driver_sql(f'drop role if exists "{nom}"')


def aller_retour(
    proprietaire: URL, application: URL, socle: Sequence[Distribution], brique: Distribution
) -> list[Anomalie]:
    """Migre une base vide, compare, revient à zéro, cherche des restes, puis migre de nouveau.

    :param proprietaire: adresse d'une base vide et jetable, avec un compte qui peut tout y créer.
    :param application: la même base, avec le compte de l'application.
    :param socle: distributions migrées avant elle, noyau d'abord.
    :param brique: distribution à éprouver.
    :returns: toutes les anomalies ; aucune si la brique n'a pas de table.
    """
    if brique.revisions is None:
        return []
    anomalies: list[Anomalie] = []
    try:
        migrer(proprietaire, application, [*socle, brique])
        moteur = create_engine(proprietaire, poolclass=NullPool)
        with moteur.connect() as connexion:
            anomalies += _ecarts(connexion, brique)
            _revenir(connexion, brique)
            anomalies += _restes(connexion, brique)
        if not anomalies:
            migrer(proprietaire, application, [*socle, brique])
    except OperationRefusee as refus:
        anomalies.append(
            Anomalie(
                "MIGRATION-004",
                f"migrations de {brique.id}, {refus.lieu}",
                f"la garde les refuse : {refus.message}",
                f"{refus.remede} Puis relancer la vérification.",
            )
        )
    except (SQLAlchemyError, CommandError) as erreur:
        message = str(getattr(erreur, "orig", None) or erreur).splitlines()[0]
        lieu = f"migrations de {brique.id}"
        anomalies.append(Anomalie("MIGRATION-001", lieu, f"elles échouent : {message}", _REMEDE))
    return anomalies


def _ecarts(connexion: Connection, brique: Distribution) -> Iterator[Anomalie]:
    siennes = {table.name for table in brique.tables}

    def inclure(objet: object, nom: str | None, genre: str, reflete: bool, autre: object) -> bool:
        if reflete and isinstance(objet, ForeignKeyConstraint) and vers_une_partition(objet):
            return False
        return genre != "table" or nom in siennes

    contexte = MigrationContext.configure(
        connexion,
        opts={
            "version_table": brique.table_de_version,
            "include_object": inclure,
            "compare_server_default": True,
        },
    )
    for ecart in compare_metadata(contexte, Base.metadata):
        yield Anomalie(
            "MIGRATION-002",
            f"migrations de {brique.id}",
            f"la base migrée diffère des tables déclarées : {_dire(ecart)}",
            _REMEDE,
        )
    connexion.rollback()


def _dire(ecart: object) -> str:
    """Première différence d'un écart d'Alembic, en une ligne."""
    if isinstance(ecart, list) and ecart:
        return _dire(ecart[0])
    parties = ecart if isinstance(ecart, tuple) else (ecart,)
    return " ".join(str(getattr(partie, "name", None) or partie) for partie in parties if partie is not None)


def _revenir(connexion: Connection, brique: Distribution) -> None:
    connexion.exec_driver_sql(f"set role {ROLE_PROPRIETAIRE}")
    connexion.commit()
    command.downgrade(configuration_alembic(brique, connexion), "base")
    connexion.commit()


def _restes(connexion: Connection, brique: Distribution) -> Iterator[Anomalie]:
    for nom in inspect(connexion).get_table_names():
        if nom.startswith(f"{brique.id}_"):
            yield Anomalie(
                "MIGRATION-003",
                f"table {nom}",
                "elle reste après le retour à zéro",
                "la supprimer dans downgrade()",
            )
    connexion.rollback()
