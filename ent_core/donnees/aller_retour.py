"""L'aller et retour des migrations d'une brique : elles créent ce qui est déclaré, et ne laissent rien."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import Base
from ent_core.donnees.cloisonnement import ROLE_PROPRIETAIRE
from ent_core.donnees.migrations import Distribution, configuration_alembic, migrer

__all__ = ["aller_retour"]

_REMEDE = "corriger la révision citée, ou en écrire une nouvelle ; une révision publiée ne se modifie plus"


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
    try:
        migrer(proprietaire, application, [*socle, brique])
        moteur = create_engine(proprietaire, poolclass=NullPool)
        with moteur.connect() as connexion:
            anomalies = list(_ecarts(connexion, brique))
            _revenir(connexion, brique)
            anomalies += _restes(connexion, brique)
        migrer(proprietaire, application, [*socle, brique])
    except (SQLAlchemyError, CommandError) as erreur:
        message = str(getattr(erreur, "orig", None) or erreur).splitlines()[0]
        return [Anomalie("MIGRATION-001", f"migrations de {brique.id}", f"elles échouent : {message}", _REMEDE)]
    return anomalies


def _ecarts(connexion: Connection, brique: Distribution) -> Iterator[Anomalie]:
    siennes = {table.name for table in brique.tables}

    def inclure(objet: object, nom: str | None, genre: str, reflete: bool, autre: object) -> bool:
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
