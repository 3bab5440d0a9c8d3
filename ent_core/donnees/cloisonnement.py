"""Rôles, droits et politiques de la base, compilés des déclarations ; et la preuve qu'ils tiennent.

Trois rôles sans connexion : le propriétaire des tables, l'application (un établissement à la
fois) et l'académie (actes inter-établissements). Le compte de l'application ne possède rien et
ne reçoit rien par héritage : sans prologue, il ne peut rien lire.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from psycopg import sql
from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.engine import URL

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.base import declaration
from ent_core.donnees.session import ROLE_ACADEMIE, ROLE_APPLICATION, connecter

__all__ = [
    "ROLE_PROPRIETAIRE",
    "VERSION_MINIMALE",
    "appliquer_droits",
    "preparer_roles",
    "sonder",
]

ROLE_PROPRIETAIRE = "ent_proprietaire"
VERSION_MINIMALE = 15

_MOI = "personne_id = nullif(current_setting('ent.personne', true), '')::uuid"


def preparer_roles(connexion: Connection, compte: URL) -> None:
    """Crée les rôles manquants et le compte de l'application ; peut être rejoué.

    :param connexion: connexion d'un compte qui peut créer des rôles, hors transaction de l'appelant.
    :param compte: adresse de l'application ; son compte est créé s'il n'existe pas.
    """
    curseur = connexion.connection.cursor()
    for role in (ROLE_PROPRIETAIRE, ROLE_APPLICATION, ROLE_ACADEMIE):
        if not _existe(connexion, role):
            curseur.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
    nom = compte.username or "ent_web"
    if not _existe(connexion, nom):
        curseur.execute(sql.SQL("create role {} login noinherit").format(sql.Identifier(nom)))
        if compte.password:
            curseur.execute(
                sql.SQL("alter role {} password {}").format(
                    sql.Identifier(nom), sql.Literal(str(compte.password))
                )
            )
    # Sans héritage, quel que soit celui qui a créé le compte : hors du prologue, il ne peut rien.
    curseur.execute(sql.SQL("alter role {} noinherit").format(sql.Identifier(nom)))
    sans_heritage = " with inherit false" if _version(connexion) >= 16 else ""
    curseur.execute(
        sql.SQL("grant {}, {} to {}" + sans_heritage).format(
            sql.Identifier(ROLE_APPLICATION), sql.Identifier(ROLE_ACADEMIE), sql.Identifier(nom)
        )
    )
    base = connexion.engine.url.database or ""
    # Les rôles valent pour tout le serveur : le compte d'une autre instance n'entre pas dans cette base.
    curseur.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(base)))
    curseur.execute(
        sql.SQL("grant connect on database {} to {}, {}").format(
            sql.Identifier(base), sql.Identifier(nom), sql.Identifier(ROLE_PROPRIETAIRE)
        )
    )
    curseur.execute(
        sql.SQL("grant create, temporary on database {} to {}").format(
            sql.Identifier(base), sql.Identifier(ROLE_PROPRIETAIRE)
        )
    )
    curseur.execute(
        sql.SQL("grant temporary on database {} to {}").format(
            sql.Identifier(base), sql.Identifier(ROLE_ACADEMIE)
        )
    )
    curseur.execute(
        sql.SQL("grant usage, create on schema public to {}").format(sql.Identifier(ROLE_PROPRIETAIRE))
    )
    curseur.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(ROLE_PROPRIETAIRE)))


def appliquer_droits(connexion: Connection, tables: Iterable[Table]) -> None:
    """Compile les droits et les politiques des tables déclarées ; peut être rejoué.

    :param connexion: connexion qui agit comme propriétaire.
    :param tables: tables déclarées et présentes.
    """
    ordres = [f"grant usage on schema public to {ROLE_APPLICATION}, {ROLE_ACADEMIE}"]
    for table in tables:
        ordres += _ordres(table)
    for ordre in ordres:
        connexion.exec_driver_sql(ordre)


def _ordres(table: Table) -> list[str]:
    nom = f'"{table.name}"'
    declaree = declaration(table)
    cloisonnee = bool(declaree and declaree.cloisonnement and declaree.cloisonnement.par_uai)
    ajout_seul = bool(declaree and declaree.ajout_seul)
    droits = "select, insert" if ajout_seul else "select, insert, update, delete"
    condition = (
        "uai = current_setting('ent.uai', true)"
        if cloisonnee
        else "(select current_setting('ent.finalite', true)) <> ''"
    )
    ordres = [
        f"alter table {nom} enable row level security",
        f"alter table {nom} force row level security",
        f"revoke all on {nom} from {ROLE_APPLICATION}, {ROLE_ACADEMIE}",
        f"grant {droits} on {nom} to {ROLE_APPLICATION}",
        f"grant {droits}{'' if ajout_seul else ', truncate'} on {nom} to {ROLE_ACADEMIE}",
        *_politique(nom, "ent_contexte", ROLE_APPLICATION, "all", condition),
        *_politique(nom, "ent_academie", ROLE_ACADEMIE, "all", "true"),
    ]
    if cloisonnee and "personne_id" in table.c:
        ordres += _politique(nom, "ent_moi", ROLE_APPLICATION, "select", _MOI)
    return ordres


def _politique(table: str, nom: str, role: str, acte: str, condition: str) -> list[str]:
    verification = f" with check ({condition})" if acte == "all" else ""
    return [
        f"drop policy if exists {nom} on {table}",
        f"create policy {nom} on {table} for {acte} to {role} using ({condition}){verification}",
    ]


def sonder(moteur: Engine, tables: Collection[Table]) -> list[Anomalie]:
    """Prouve, avec le compte de l'application, que sans contexte rien n'est lu.

    :param moteur: moteur de l'application.
    :param tables: tables déclarées.
    :returns: une anomalie par défaut constaté.
    """
    with connecter(moteur) as connexion:
        anomalies = list(_sonder_compte(connexion))
        if anomalies:
            return anomalies
        anomalies += _sonder_sans_prologue(connexion, tables)
        connexion.exec_driver_sql(f"set local role {ROLE_APPLICATION}")
        for table in tables:
            if connexion.execute(text(f'select exists (select 1 from "{table.name}")')).scalar():  # noqa: S608 - nom tiré de nos tables déclarées
                anomalies.append(
                    Anomalie(
                        "BASE-004",
                        f"table {table.name}",
                        "des lignes sont lisibles sans contexte",
                        "relancer « ent base migrer », qui recompile le cloisonnement",
                    )
                )
        connexion.rollback()
    return anomalies


def _sonder_sans_prologue(connexion: Connection, tables: Collection[Table]) -> Iterable[Anomalie]:
    """Avant tout prologue, le compte nu ne doit avoir aucun droit de lecture."""
    ouvertes = connexion.execute(
        text(
            "select n from unnest(cast(:noms as text[])) n"
            " where has_table_privilege(quote_ident(n), 'select')"
        ),
        {"noms": [table.name for table in tables]},
    ).scalars()
    for nom in ouvertes:
        yield Anomalie(
            "BASE-005",
            f"table {nom}",
            "le compte de l'application la lit sans prologue : il hérite d'un rôle",
            "relancer « ent base migrer », qui lui retire l'héritage",
        )


def _version(connexion: Connection) -> int:
    return int((connexion.dialect.server_version_info or (0,))[0])


def _sonder_compte(connexion: Connection) -> Iterable[Anomalie]:
    version = _version(connexion)
    if version < VERSION_MINIMALE:
        yield Anomalie(
            "BASE-001",
            "serveur PostgreSQL",
            f"version {version}, trop ancienne",
            "installer PostgreSQL 15 ou plus récent",
        )
    compte, superutilisateur, contourne = connexion.execute(
        text("select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
    ).one()
    if superutilisateur or contourne:
        yield Anomalie(
            "BASE-002",
            f"compte {compte}",
            "ce compte échappe au cloisonnement (superutilisateur ou BYPASSRLS)",
            "donner dans ENT_BASE un compte ordinaire, par exemple celui que crée « ent base migrer »",
        )
    possede = connexion.execute(
        text(
            "select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = 'public' and c.relkind = 'r'"
            " and pg_has_role(current_user, c.relowner, 'member')"
        )
    ).scalar_one()
    if possede and not superutilisateur:
        yield Anomalie(
            "BASE-003",
            f"compte {compte}",
            f"ce compte possède {possede} table(s)",
            "donner à ENT_BASE un compte qui ne possède rien, et réserver le propriétaire aux migrations",
        )


def _existe(connexion: Connection, role: str) -> bool:
    return bool(connexion.execute(text("select 1 from pg_roles where rolname = :r"), {"r": role}).scalar())
