"""Archive intermédiaire : l'index, les demandes, les versements ; et le schéma des contenus scellés.

Revision ID: noyau_0012
Revises: noyau_0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0012"
down_revision = "noyau_0010"
branch_labels = None
depends_on = None

_ETATS = "etat in ('sur_place', 'a_porter', 'portee', 'verifiee', 'ailleurs')"


def _cloisonnee(nom: str, *colonnes: sa.schema.SchemaItem) -> None:
    op.create_table(
        nom,
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        *colonnes,
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{nom}_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f(f"pk_{nom}")),
    )


def _vers_personne(nom: str, *colonnes: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(
            [colonne], ["personne.id"], name=op.f(f"fk_{nom}_{colonne}"), ondelete="SET NULL"
        )
        for colonne in colonnes
    ]


def upgrade() -> None:
    for nom in ("archive_unite", "archive_unite_visa"):
        _cloisonnee(
            nom,
            sa.Column("traitement", sa.String(length=64), nullable=False),
            sa.Column("annee", sa.SmallInteger(), nullable=False),
            sa.Column("jeton", sa.Uuid(), nullable=True),
            sa.Column("entree_le", sa.Date(), nullable=False),
            sa.Column("echeance", sa.Date(), nullable=False),
            sa.Column("sort", sa.String(length=30), nullable=False),
            sa.Column("autorite", sa.String(length=300), nullable=False),
            sa.Column("fin", sa.Date(), nullable=True),
            sa.Column("empreinte", sa.String(length=64), nullable=False),
            sa.Column("etat", sa.String(length=10), server_default="sur_place", nullable=False),
            sa.Column("versement_id", sa.Uuid(), nullable=True),
            sa.CheckConstraint(_ETATS, name=op.f(f"ck_{nom}_etat")),
        )
        op.create_index(op.f(f"ix_{nom}_jeton"), nom, ["jeton"], unique=False)
        op.create_index(
            op.f(f"ix_{nom}_etat"),
            nom,
            ["etat"],
            unique=False,
            postgresql_where=sa.text("etat <> 'sur_place' and etat <> 'ailleurs'"),
        )
    _cloisonnee(
        "demande_archive",
        sa.Column("personne_id", sa.Uuid(), nullable=True),
        sa.Column("jeton", sa.Uuid(), nullable=True),
        sa.Column("traitement", sa.String(length=64), nullable=True),
        sa.Column("annee", sa.SmallInteger(), nullable=True),
        sa.Column("motif", sa.String(length=500), nullable=False),
        sa.Column("heures", sa.SmallInteger(), nullable=False),
        sa.Column("demandee_par", sa.Uuid(), nullable=True),
        sa.Column("demandee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etat", sa.String(length=10), server_default="en_attente", nullable=False),
        sa.Column("decidee_par", sa.Uuid(), nullable=True),
        sa.Column("decidee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("motif_refus", sa.String(length=500), nullable=True),
        sa.Column("ferme_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lectures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("terme", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "etat in ('en_attente', 'accordee', 'refusee')", name=op.f("ck_demande_archive_etat")
        ),
        sa.CheckConstraint("heures between 1 and 72", name=op.f("ck_demande_archive_heures")),
        sa.CheckConstraint(
            "personne_id is not null or jeton is not null or traitement is not null",
            name=op.f("ck_demande_archive_objet"),
        ),
        sa.CheckConstraint(
            "decidee_par is null or decidee_par <> demandee_par",
            name=op.f("ck_demande_archive_deux_personnes"),
        ),
        sa.CheckConstraint(
            "(ferme_le is null) = (etat <> 'accordee')", name=op.f("ck_demande_archive_fermeture")
        ),
        *_vers_personne("demande_archive", "personne_id", "demandee_par", "decidee_par"),
    )
    for colonne in ("personne_id", "demandee_par", "decidee_par"):
        op.create_index(op.f(f"ix_demande_archive_{colonne}"), "demande_archive", [colonne], unique=False)
    _cloisonnee(
        "archive_versement",
        sa.Column("traitement", sa.String(length=64), nullable=False),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("verse_le", sa.Date(), nullable=False),
        sa.Column("verse_par", sa.Uuid(), nullable=True),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("acquitte_le", sa.Date(), nullable=True),
        sa.Column("acquitte_par", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(reference is null) = (acquitte_le is null)", name=op.f("ck_archive_versement_acquittement")
        ),
        *_vers_personne("archive_versement", "verse_par", "acquitte_par"),
    )
    for colonne in ("verse_par", "acquitte_par"):
        op.create_index(op.f(f"ix_archive_versement_{colonne}"), "archive_versement", [colonne], unique=False)
    for ordre in _SCHEMA:
        op.execute(ordre)


_SCHEMA = (
    "create schema archive",
    "revoke all on schema archive from public",
    "grant usage on schema archive to ent_academie, ent_archive",
    "create table archive.contenu (unite uuid primary key, scelle bytea not null)",
    # Ce qui reste à détruire ailleurs : la clé dans le coffre, le contenu dans l'autre base.
    "create table archive.partie (unite uuid primary key)",
    "revoke all on archive.contenu, archive.partie from public, ent_application, ent_academie",
    "grant select on archive.contenu to ent_archive",
    "grant select, delete on archive.partie to ent_academie",
    # L'application dépose sans pouvoir relire ; l'empreinte rendue est celle de ce que la base a gardé.
    """
    create function archive.deposer(unites uuid[], scelles bytea[])
    returns table (deposee uuid, empreinte text)
    language plpgsql security definer set search_path = archive, pg_temp as $$
    begin
      insert into archive.contenu (unite, scelle) select * from unnest(unites, scelles);
      return query
        select c.unite, encode(sha256(c.scelle), 'hex') from archive.contenu c where c.unite = any(unites);
    end $$
    """,
    "revoke all on function archive.deposer(uuid[], bytea[]) from public",
    "grant execute on function archive.deposer(uuid[], bytea[]) to ent_academie",
    # Le contenu suit l'index, quoi qui l'efface : le moteur, un effacement, une main.
    """
    create function archive.suivre() returns trigger
    language plpgsql security definer set search_path = archive, pg_temp as $$
    begin
      if tg_op = 'DELETE' then
        delete from archive.contenu where unite = old.id;
        insert into archive.partie (unite) values (old.id) on conflict do nothing;
      elsif new.etat = 'ailleurs' and old.etat = 'verifiee' then
        delete from archive.contenu where unite = new.id;
      end if;
      return null;
    end $$
    """,
    "revoke all on function archive.suivre() from public",
    *(
        f"create trigger ent_archive_suivre after delete or update of etat on {table}"
        " for each row execute function archive.suivre()"
        for table in ("archive_unite", "archive_unite_visa")
    ),
)


def downgrade() -> None:
    for table in ("archive_versement", "demande_archive", "archive_unite_visa", "archive_unite"):
        op.drop_table(table)
    op.execute("drop schema archive cascade")
