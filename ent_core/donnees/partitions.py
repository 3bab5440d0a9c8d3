"""Les tables partitionnées par année scolaire : ouvrir les années d'avance, veiller sur les années finies.

Une partition vit dans un schéma où nul autre que le propriétaire n'entre : elle ne se lit et ne s'écrit que
par sa table, sous ses droits et ses politiques. Une année que rien n'attendait tombe dans le *reste* : la
saisie aboutit, et l'élimination s'y fait ligne à ligne.

La *veille* d'une année finie note la première écriture qui y touche. Sans écriture depuis avant un plan, ce
que le plan a compté est encore exactement ce que la partition contient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Connection,
    ForeignKeyConstraint,
    SmallInteger,
    Table,
    Text,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.orm import Session

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import PAR_ANNEE

__all__ = [
    "RESTE",
    "SCHEMA",
    "controler_partitions",
    "est_partitionnee",
    "oter",
    "ouvrir",
    "ouvrir_les_premieres",
    "presentes",
    "retenir",
    "veiller",
    "vers_une_partition",
]

SCHEMA = "partitions"
"""Schéma des partitions ; seul le propriétaire des tables y entre."""

RESTE = "reste"
"""Ce que rend l'ouverture d'une année que des lignes du reste empêchent."""

_PRESENTES = text(
    "select m.relname, c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid"
    " join pg_class m on m.oid = i.inhparent where c.relnamespace = to_regnamespace(:schema)"
)
_COURANTE = text("select extract(year from current_date - interval '7 months')::int")
# L'année scolaire bascule le 1er août, donc sept mois après le 1er janvier.


def est_partitionnee(table: Table) -> bool:
    """Vrai si la table est déclarée par le mixin ``Partitionnee``.

    :param table: table déclarée.
    """
    return bool(table.dialect_options["postgresql"]["partition_by"] == PAR_ANNEE)


def vers_une_partition(cle: ForeignKeyConstraint) -> bool:
    """Vrai d'une clé relue du catalogue que la base a ajoutée d'elle-même, une par partition de sa cible.

    Celle que la table déclare mène à la table ; le catalogue montre les deux.

    :param cle: clé étrangère relue.
    """
    return all(element.target_fullname.startswith(f"{SCHEMA}.") for element in cle.elements)


def ouvrir(session: Session | Connection, table: str, annee: int | None) -> str:
    """Ouvre une année d'une table : ``ouverte``, ``presente``, ou ``reste`` si le reste a de ses lignes.

    :param session: session de l'académie, transaction neuve.
    :param table: table partitionnée.
    :param annee: année scolaire ; ``None`` pour le reste.
    """
    an = cast(annee, SmallInteger)
    return str(session.execute(select(func.ent_ouvrir_partition(cast(table, Text), an))).scalar_one())


def ouvrir_les_premieres(connexion: Connection, tables: Iterable[Table]) -> None:
    """À la migration : le reste, l'année en cours et la suivante. La nuit fera les autres.

    :param connexion: connexion qui agit comme propriétaire.
    :param tables: tables déclarées.
    """
    partitionnees = [table.name for table in tables if est_partitionnee(table)]
    if not partitionnees:
        return
    courante = int(connexion.execute(_COURANTE).scalar_one())
    for nom in partitionnees:
        for annee in (None, courante, courante + 1):
            ouvrir(connexion, nom, annee)


def veiller(session: Session, table: str, annee: int) -> bool:
    """Commence, ou recommence, la veille d'une année finie ; vrai si elle ne courait pas.

    :param session: session de l'académie, transaction neuve.
    :param table: table partitionnée.
    :param annee: année scolaire.
    """
    an = cast(annee, SmallInteger)
    return bool(session.scalar(select(func.ent_veiller_partition(cast(table, Text), an))))


def retenir(session: Session, table: str, annee: int, repere: UUID) -> str | None:
    """Empêche d'écrire dans une année jusqu'à la fin de la transaction.

    :param session: session de l'académie.
    :param table: table partitionnée.
    :param annee: année scolaire.
    :param repere: UUIDv7 tiré avant le comptage.
    :returns: description de la partition, ou ``None`` si quelque chose a pu y changer depuis le repère.
    """
    an = cast(annee, SmallInteger)
    rendu: str | None = session.scalar(select(func.ent_retenir_partition(cast(table, Text), an, repere)))
    return rendu


def oter(session: Session, table: str, annee: int, preuve: int) -> None:
    """Ôte une année, et tout ce qu'elle contient.

    :param session: session de l'académie ; la preuve y vient d'être ajoutée.
    :param table: table partitionnée.
    :param annee: année scolaire.
    :param preuve: numéro de la preuve, dans la chaîne.
    """
    cible = (cast(table, Text), cast(annee, SmallInteger), cast(preuve, BigInteger))
    session.execute(select(func.ent_detacher_partition(*cible)))


def presentes(session: Session | Connection) -> dict[str, set[int]]:
    """Années ouvertes de chaque table.

    :param session: session ou connexion ; le catalogue est à tous.
    """
    trouvees: dict[str, set[int]] = {}
    for mere, nom in session.execute(_PRESENTES, {"schema": SCHEMA}):
        suffixe = nom.removeprefix(f"{mere}_")
        if suffixe.isdigit():
            trouvees.setdefault(mere, set()).add(int(suffixe))
    return trouvees


# --- Relire ----------------------------------------------------------------------------------

_MERES = text(
    "select c.relname, pg_get_partkeydef(c.oid), exists (select from pg_inherits i"
    " join pg_class p on p.oid = i.inhrelid where i.inhparent = c.oid"
    " and pg_get_expr(p.relpartbound, p.oid) = 'DEFAULT')"
    " from pg_partitioned_table t join pg_class c on c.oid = t.partrelid"
    " where c.relnamespace = to_regnamespace('public')"
)
_OUVERTES = text(
    "select p.relname, not p.relrowsecurity or p.relnamespace <> coalesce(to_regnamespace(:schema), 0)"
    " or exists (select from aclexplode(p.relacl) a where a.grantee <> p.relowner)"
    " from pg_inherits i join pg_class p on p.oid = i.inhrelid join pg_class m on m.oid = i.inhparent"
    " where m.relnamespace = to_regnamespace('public') and p.relkind in ('r', 'p')"
)
_SCHEMA = text(
    "select exists (select from pg_namespace n, aclexplode(n.nspacl) a"
    " where n.nspname = :schema and a.grantee <> n.nspowner)"
)


def controler_partitions(connexion: Connection, tables: Iterable[Table]) -> Iterator[Anomalie]:
    """Compare les partitions aux déclarations ; chacune doit n'être accessible que par sa table.

    :param connexion: connexion de l'application.
    :param tables: tables déclarées.
    """
    meres: dict[str, tuple[str, bool]] = {m: (cle, reste) for m, cle, reste in connexion.execute(_MERES)}
    for table in sorted(tables, key=lambda t: t.name):
        cle, reste = meres.pop(table.name, ("", False))
        if cle != (PAR_ANNEE if est_partitionnee(table) else ""):
            yield Anomalie(
                "BASE-025",
                f"table {table.name}",
                f"déclarée {_dite(table)}, elle est {f'partitionnée par {cle}' if cle else 'entière'}"
                " dans la base",
                "créer la table partitionnée par année (guide des briques), ou ôter le mixin Partitionnee",
            )
        elif cle and not reste:
            yield Anomalie(
                "BASE-026",
                f"table {table.name}",
                "aucune partition n'y reçoit les années que l'on n'attend pas : y saisir échouerait",
                "lancer « ent base migrer », qui l'ouvre",
            )
    yield from _accessibles(connexion)


def _dite(table: Table) -> str:
    return "partitionnée par année" if est_partitionnee(table) else "entière"


def _accessibles(connexion: Connection) -> Iterator[Anomalie]:
    ouvertes = {"schema": SCHEMA}
    if connexion.execute(_SCHEMA, ouvertes).scalar():
        lieu = f"schéma {SCHEMA}"
        yield Anomalie(
            "BASE-035",
            lieu,
            "un autre que le propriétaire y entre",
            f"revoke all on schema {SCHEMA} from public, et de chaque rôle qui y entre",
        )
    nues: list[Any] = [nom for nom, nue in connexion.execute(_OUVERTES, ouvertes) if nue]
    for nom in sorted(nues):
        yield Anomalie(
            "BASE-035",
            f"partition {nom}",
            "on peut l'atteindre sans passer par sa table, donc hors de ses droits et de son cloisonnement",
            f"la remettre dans le schéma {SCHEMA}, y activer la sécurité par ligne, et en retirer tout droit",
        )
