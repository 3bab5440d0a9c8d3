"""Migrations : une table de version par distribution, un seul environnement.

Une brique désinstallée ne bloque donc jamais les autres ; ses tables deviennent orphelines, et
le démarrage les refuse tant que son retrait n'est pas enregistré.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import DuplicateObject, InternalError_, UniqueViolation
from sqlalchemy import Connection, Engine, Table, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

from ent_core.contrat.donnees import Traitement
from ent_core.donnees import schema_taches
from ent_core.donnees.cloisonnement import preparer_roles
from ent_core.donnees.droits import ROLE_PROPRIETAIRE, appliquer_droits, oter_declencheurs
from ent_core.donnees.garde_migrations import Garde
from ent_core.donnees.partitions import ouvrir_les_premieres
from ent_core.donnees.session import base_indisponible, connecter
from ent_core.socle.erreurs import BaseIndisponible

__all__ = [
    "PREFIXE",
    "Distribution",
    "Etat",
    "configuration_alembic",
    "declarees",
    "etats",
    "migrer",
    "orphelines",
]

PREFIXE = "ent_migration_"
"""Préfixe des tables de version, suivi de l'identifiant de la distribution."""

_VERROU = 0x454E54
_ESSAIS = 5
_COMMUN = Path(__file__).parent / "alembic_commun"


@dataclass(frozen=True, slots=True)
class Distribution:
    """Le noyau, ou une brique : ses tables et ses révisions.

    :param id: identifiant, ``noyau`` pour le noyau.
    :param tables: tables déclarées.
    :param revisions: dossier des révisions, ou ``None`` si elle n'a pas de table.
    :param traitements: traitements déclarés, dont se tirent les droits.
    """

    id: str
    tables: tuple[Table, ...]
    revisions: Path | None
    traitements: tuple[Traitement, ...] = ()

    @property
    def table_de_version(self) -> str:
        """Nom de sa table de version."""
        return PREFIXE + self.id


@dataclass(frozen=True, slots=True)
class Etat:
    """Où en est une distribution dans la base."""

    id: str
    actuelle: str | None
    attendue: str | None

    @property
    def a_jour(self) -> bool:
        """La base est à la dernière révision."""
        return self.actuelle == self.attendue


def declarees(
    distributions: Sequence[Distribution],
) -> tuple[list[tuple[str, Table]], dict[str, Traitement]]:
    """Tables, avec leur distribution, et traitements par clé.

    :param distributions: noyau et briques chargées.
    """
    tables = [(distribution.id, table) for distribution in distributions for table in distribution.tables]
    return tables, {t.cle: t for distribution in distributions for t in distribution.traitements}


def migrer(
    proprietaire: str | URL, application: str | URL, distributions: Sequence[Distribution]
) -> list[Etat]:
    """Prépare les rôles, applique les révisions manquantes, recompile droits, cloisonnement, partitions.

    Deux migrations lancées ensemble se suivent : la seconde attend un verrou de la base.

    :param proprietaire: adresse d'un compte qui peut créer rôles et tables.
    :param application: adresse de l'application, dont le compte est créé au besoin.
    :param distributions: noyau d'abord, puis briques dans l'ordre.
    :raises BaseIndisponible: connexion impossible, ou droits insuffisants.
    :raises OperationRefusee: une révision ajoute de l'indéclaré, ou ôte une donnée avant son terme.
    """
    moteur = create_engine(make_url(proprietaire).set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        with moteur.connect() as connexion, _verrou(connexion):
            _preparer_roles(connexion, make_url(application))
            connexion.exec_driver_sql(f"set role {ROLE_PROPRIETAIRE}")
            connexion.exec_driver_sql("set lock_timeout = '10s'")
            connexion.commit()
            colonnes = {t.name: t.columns.keys() for d in distributions for t in d.tables}
            for distribution in distributions:
                if distribution.revisions is not None:
                    if not _etat(connexion, distribution).a_jour:
                        # Une révision peut ôter une colonne que la trace des écritures nomme encore.
                        oter_declencheurs(connexion, {table.name for table in distribution.tables})
                    configuration = configuration_alembic(distribution, connexion)
                    configuration.attributes["garde"] = Garde(connexion, colonnes, PREFIXE)
                    command.upgrade(configuration, "head")
                    connexion.commit()
            appliquer_droits(connexion, *declarees(distributions))
            ouvrir_les_premieres(connexion, [table for d in distributions for table in d.tables])
            for distribution in distributions:
                if distribution.revisions is not None:
                    connexion.exec_driver_sql(f'grant select on "{distribution.table_de_version}" to public')
            connexion.commit()
            schema_taches.installer(connexion)
            resultat = _etats(connexion, distributions)
            connexion.exec_driver_sql("reset role")
            connexion.commit()
        return resultat
    except OperationalError as erreur:
        raise base_indisponible(erreur) from erreur
    except ProgrammingError as erreur:
        raise BaseIndisponible(
            f"la base refuse la migration : {str(erreur.orig).splitlines()[0]}",
            remede="donner dans ENT_BASE_PROPRIETAIRE un compte qui peut créer des rôles et des tables.",
        ) from erreur
    finally:
        moteur.dispose()


def etats(moteur: Engine, distributions: Sequence[Distribution]) -> list[Etat]:
    """Révision présente et révision attendue de chaque distribution, puis de la file des travaux.

    :param moteur: moteur de l'application.
    :param distributions: noyau et briques chargées.
    """
    with connecter(moteur) as connexion:
        return _etats(connexion, distributions)


def orphelines(moteur: Engine, distributions: Sequence[Distribution]) -> list[str]:
    """Distributions dont la base garde des tables, mais qui ne sont plus là.

    :param moteur: moteur de l'application.
    :param distributions: noyau et briques chargées.
    """
    connues = {distribution.table_de_version for distribution in distributions}
    with connecter(moteur) as connexion:
        presentes = connexion.execute(
            text("select tablename from pg_tables where schemaname = 'public' and tablename like :p"),
            {"p": PREFIXE.replace("_", r"\_") + "%"},
        ).scalars()
        return sorted(nom.removeprefix(PREFIXE) for nom in presentes if nom not in connues)


def _etats(connexion: Connection, distributions: Sequence[Distribution]) -> list[Etat]:
    return [
        *(_etat(connexion, distribution) for distribution in distributions),
        Etat(schema_taches.SCHEMA, *schema_taches.revisions(connexion)),
    ]


def _etat(connexion: Connection, distribution: Distribution) -> Etat:
    if distribution.revisions is None:
        return Etat(distribution.id, None, None)
    contexte = MigrationContext.configure(connexion, opts={"version_table": distribution.table_de_version})
    fichiers = sorted(distribution.revisions.glob("*.py"))
    lus = tuple((fichier.name, fichier.stat().st_mtime_ns) for fichier in fichiers)
    return Etat(distribution.id, contexte.get_current_revision(), _tete(distribution.revisions, lus))


@cache
def _tete(revisions: Path, _lus: tuple[tuple[str, int], ...]) -> str | None:
    """Dernière révision d'un dossier ; pour la connaître, il faut exécuter tous ses fichiers.

    :param _lus: noms et dates des fichiers : changés, ils se relisent.
    """
    return ScriptDirectory.from_config(_dossier_alembic(revisions)).get_current_head()


def configuration_alembic(distribution: Distribution, connexion: Connection) -> Config:
    """Configuration d'Alembic pour une distribution, faite en code : une brique n'a que des révisions.

    :param distribution: noyau ou brique.
    :param connexion: connexion qui agit comme propriétaire.
    """
    configuration = _dossier_alembic(distribution.revisions or _COMMUN)
    configuration.attributes.update(
        connexion=connexion,
        tables=frozenset(table.name for table in distribution.tables),
        table_de_version=distribution.table_de_version,
    )
    return configuration


def _dossier_alembic(revisions: Path) -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", _echapper(_COMMUN))
    configuration.set_main_option("path_separator", "newline")
    configuration.set_main_option("version_locations", _echapper(revisions))
    return configuration


def _echapper(chemin: Path) -> str:
    return str(chemin).replace("%", "%%")


def _preparer_roles(connexion: Connection, application: URL) -> None:
    """Les rôles valent pour tout le serveur, le verrou pour une base : deux bases peuvent se gêner."""
    for essai in range(_ESSAIS):
        try:
            preparer_roles(connexion, application)
            connexion.commit()
        except (DuplicateObject, UniqueViolation, InternalError_):
            connexion.rollback()
            if essai == _ESSAIS - 1:
                raise
        else:
            return


@contextmanager
def _verrou(connexion: Connection) -> Iterator[None]:
    connexion.execute(text("select pg_advisory_lock(:v)"), {"v": _VERROU})
    connexion.commit()
    try:
        yield
    finally:
        connexion.rollback()
        connexion.exec_driver_sql("reset role")
        connexion.execute(text("select pg_advisory_unlock(:v)"), {"v": _VERROU})
        connexion.commit()
