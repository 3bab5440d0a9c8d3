"""Les rôles de la base, et la preuve que leur cloisonnement tient.

Aucun ne se connecte : le propriétaire des tables, l'application (un établissement à la fois), l'académie
(actes inter-établissements), et une audience par rôle de l'ENT, sous laquelle les briques travaillent. Le
compte de l'application ne possède rien et ne reçoit rien par héritage : sans prologue, il ne peut rien lire.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from psycopg import sql
from sqlalchemy import Connection, Engine, Table, text
from sqlalchemy.engine import URL

from ent_core.contrat.resultats import Anomalie
from ent_core.donnees.audiences import AUDIENCE, roles_d_audience
from ent_core.donnees.declencheurs_sql import COMPTEURS, SOUS_ACADEMIE, TRACES
from ent_core.donnees.droits import ROLE_PROPRIETAIRE
from ent_core.donnees.session import ROLE_ACADEMIE, ROLE_APPLICATION, ROLE_ARCHIVE, connecter

__all__ = [
    "COMPTE_ARCHIVE",
    "ROLE_PROPRIETAIRE",
    "VERSION_MINIMALE",
    "preparer_roles",
    "sonder",
]

VERSION_MINIMALE = 15
COMPTE_ARCHIVE = "ent_archiviste"
"""Compte qui se connecte pour lire l'archive intermédiaire ; il ne peut rien d'autre."""


def preparer_roles(connexion: Connection, compte: URL) -> None:
    """Crée les rôles manquants et le compte de l'application ; peut être rejoué.

    :param connexion: connexion d'un compte qui peut créer des rôles, hors transaction de l'appelant.
    :param compte: adresse de l'application ; son compte est créé s'il n'existe pas.
    """
    curseur = connexion.connection.cursor()
    audiences = roles_d_audience()
    presents = set(connexion.execute(text("select rolname from pg_roles")).scalars())
    for role in (ROLE_PROPRIETAIRE, ROLE_APPLICATION, ROLE_ACADEMIE, ROLE_ARCHIVE, *audiences):
        if role not in presents:
            curseur.execute(sql.SQL("create role {} nologin").format(sql.Identifier(role)))
            if role in audiences and role != AUDIENCE:
                curseur.execute(
                    sql.SQL("grant {} to {}").format(sql.Identifier(AUDIENCE), sql.Identifier(role))
                )
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
        sql.SQL("grant {} to {}" + sans_heritage).format(
            sql.SQL(", ").join(map(sql.Identifier, (ROLE_APPLICATION, ROLE_ACADEMIE, *audiences))),
            sql.Identifier(nom),
        )
    )
    if COMPTE_ARCHIVE not in presents:
        curseur.execute(sql.SQL("create role {} login noinherit").format(sql.Identifier(COMPTE_ARCHIVE)))
    curseur.execute(
        sql.SQL("grant {} to {}" + sans_heritage).format(
            sql.Identifier(ROLE_ARCHIVE), sql.Identifier(COMPTE_ARCHIVE)
        )
    )
    base = connexion.engine.url.database or ""
    # Les rôles valent pour tout le serveur : le compte d'une autre instance n'entre pas dans cette base.
    curseur.execute(sql.SQL("revoke connect on database {} from public").format(sql.Identifier(base)))
    curseur.execute(
        sql.SQL("grant connect on database {} to {}, {}, {}").format(
            *map(sql.Identifier, (base, nom, ROLE_PROPRIETAIRE, COMPTE_ARCHIVE))
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
            # L'application n'a pas le droit d'y lire, contexte ou non.
            if table.name in TRACES | COMPTEURS | SOUS_ACADEMIE:
                continue
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
    if (
        not superutilisateur
        and connexion.execute(
            text("select pg_has_role(current_user, :r, 'member')"), {"r": ROLE_ARCHIVE}
        ).scalar()
    ):
        yield Anomalie(
            "BASE-006",
            f"compte {compte}",
            "ce compte peut prendre le rôle qui lit l'archive intermédiaire",
            f"le lui retirer (revoke {ROLE_ARCHIVE} from {compte}), et donner un autre compte à ENT_ARCHIVE",
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
