"""Le schéma de la file des travaux : installé et mis à niveau avec les migrations.

Procrastinate livre son schéma sous forme de révisions, qui s'enchaînent depuis une base vide ;
les nôtres les suivent. Une table retient le nom de chaque fichier appliqué : une installation
neuve et une mise à niveau passent par le même chemin.

Tout vit dans le schéma ``taches``, hors de ``public`` : les tables des briques et le contrôle
des déclarations ne s'y mêlent pas.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import Connection, text

from ent_core.donnees.session import ROLE_ACADEMIE, ROLE_APPLICATION

__all__ = ["SCHEMA", "installer", "revisions"]

SCHEMA = "taches"

_NOTRES = Path(__file__).parent / "sql_taches"
_OUVRIR = (
    f"create schema if not exists {SCHEMA}",
    f"create table if not exists {SCHEMA}.revisions"
    " (fichier text primary key, appliquee_le timestamptz not null default now())",
    # Quiconque se connecte peut voir où en est la file ; ce qu'elle contient, non.
    f"grant usage on schema {SCHEMA} to public",
    f"grant select on {SCHEMA}.revisions to public",
)
_DROITS = (
    f"revoke all on all tables in schema {SCHEMA} from {ROLE_APPLICATION}, {ROLE_ACADEMIE}",
    f"revoke all on all functions in schema {SCHEMA} from public, {ROLE_APPLICATION}, {ROLE_ACADEMIE}",
    # L'application ajoute un travail, et rien d'autre : elle ne lit pas ceux des autres écoles.
    f"grant execute on function {SCHEMA}.differer to {ROLE_APPLICATION}",
    f"grant select, insert, update, delete on all tables in schema {SCHEMA} to {ROLE_ACADEMIE}",
    f"revoke insert, update, delete on {SCHEMA}.revisions from {ROLE_ACADEMIE}",
    f"grant usage on all sequences in schema {SCHEMA} to {ROLE_ACADEMIE}",
    f"grant execute on all functions in schema {SCHEMA} to {ROLE_ACADEMIE}",
)


def installer(connexion: Connection) -> None:
    """Applique les révisions manquantes, puis les droits ; peut être rejoué.

    :param connexion: connexion qui agit comme propriétaire, sous le verrou des migrations.
    """
    for ordre in _OUVRIR:
        connexion.exec_driver_sql(ordre)
    connexion.commit()
    for fichier in _manquantes(connexion):
        connexion.exec_driver_sql(f"set local search_path to {SCHEMA}, pg_temp")
        # Sans paramètre, le pilote envoie le fichier tel quel : plusieurs ordres, et des « % » littéraux.
        connexion.exec_driver_sql(fichier.read_text("utf-8"), execution_options={"no_parameters": True})
        connexion.execute(text(f"insert into {SCHEMA}.revisions (fichier) values (:f)"), {"f": fichier.name})  # noqa: S608 - nom constant
        connexion.commit()
    # Ainsi chaque fonction trouve ses tables, quel que soit le chemin de recherche de l'appelant.
    for fonction in connexion.execute(
        text("select oid::regprocedure::text from pg_proc where pronamespace = to_regnamespace(:s)"),
        {"s": SCHEMA},
    ).scalars():
        connexion.exec_driver_sql(f"alter function {fonction} set search_path to {SCHEMA}, pg_temp")
    for droit in _DROITS:
        connexion.exec_driver_sql(droit)
    connexion.commit()


def revisions(connexion: Connection) -> tuple[str | None, str]:
    """Révision présente et révision attendue, égales si rien ne manque.

    :param connexion: connexion de n'importe quel compte.
    """
    attendue = _fichiers()[-1].stem
    if not connexion.execute(text("select to_regclass(:t)"), {"t": f"{SCHEMA}.revisions"}).scalar():
        return None, attendue
    manquantes = {fichier.name for fichier in _manquantes(connexion)}
    if not manquantes:
        return attendue, attendue
    presentes = [fichier.stem for fichier in _fichiers() if fichier.name not in manquantes]
    return f"{presentes[-1] if presentes else 'aucune'}, {len(manquantes)} manquante(s)", attendue


def _fichiers() -> list[Path]:
    """Dans l'ordre : les révisions de Procrastinate, qui n'est pas importé pour autant, puis les nôtres."""
    specification = find_spec("procrastinate")
    assert specification is not None  # noqa: S101 - dépendance obligatoire
    assert specification.origin is not None  # noqa: S101 - un paquet ordinaire a un fichier
    livrees = Path(specification.origin).parent / "sql" / "migrations"
    return [*sorted(livrees.glob("*.sql")), *sorted(_NOTRES.glob("*.sql"))]


def _manquantes(connexion: Connection) -> list[Path]:
    appliquees = set(connexion.execute(text(f"select fichier from {SCHEMA}.revisions")).scalars())  # noqa: S608 - nom constant
    return [fichier for fichier in _fichiers() if fichier.name not in appliquees]
