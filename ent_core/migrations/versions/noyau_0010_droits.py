"""Droits des personnes : demandes, copies, oppositions, effacements.

Revision ID: noyau_0010
Revises: noyau_0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0010"
down_revision = "noyau_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "demande_droit",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=True),
        sa.Column("demandeur_id", sa.Uuid(), nullable=True),
        sa.Column("qualite", sa.String(length=12), nullable=False),
        sa.Column("droit", sa.String(length=16), nullable=False),
        sa.Column("traitement", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=6), nullable=False),
        sa.Column("controle", sa.String(length=12), server_default="", nullable=False),
        sa.Column("precisions", sa.String(length=2000), nullable=True),
        sa.Column("recue_le", sa.Date(), nullable=False),
        sa.Column("echeance", sa.Date(), nullable=False),
        sa.Column("prolongation", sa.String(length=500), nullable=True),
        sa.Column("etat", sa.String(length=10), server_default="recue", nullable=False),
        sa.Column("accuse_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("association", sa.String(length=12), nullable=True),
        sa.Column("motif_refus", sa.String(length=16), nullable=True),
        sa.Column("reponse", sa.String(length=4000), nullable=True),
        sa.Column("traitee_par", sa.Uuid(), nullable=True),
        sa.Column("close_le", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(close_le is null) = (etat in ('recue', 'en_cours'))", name=op.f("ck_demande_droit_close")
        ),
        sa.CheckConstraint(
            "(motif_refus is null) = (etat <> 'refusee')", name=op.f("ck_demande_droit_motif")
        ),
        sa.CheckConstraint(
            "etat in ('recue', 'en_cours', 'repondue', 'refusee', 'retiree')",
            name=op.f("ck_demande_droit_etat"),
        ),
        sa.CheckConstraint("source in ('ecran', 'papier')", name=op.f("ck_demande_droit_source")),
        sa.ForeignKeyConstraint(
            ["demandeur_id"], ["personne.id"], name=op.f("fk_demande_droit_demandeur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_demande_droit_personne_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["traitee_par"], ["personne.id"], name=op.f("fk_demande_droit_traitee_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_demande_droit_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_demande_droit")),
    )
    op.create_index(op.f("ix_demande_droit_demandeur_id"), "demande_droit", ["demandeur_id"], unique=False)
    op.create_index(op.f("ix_demande_droit_personne_id"), "demande_droit", ["personne_id"], unique=False)
    op.create_index(op.f("ix_demande_droit_traitee_par"), "demande_droit", ["traitee_par"], unique=False)
    op.create_index(
        op.f("ix_demande_droit_uai_echeance"),
        "demande_droit",
        ["uai", "echeance"],
        unique=False,
        postgresql_where=sa.text("close_le is null"),
    )
    op.create_table(
        "texte_a_relire",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("demande_id", sa.Uuid(), nullable=False),
        sa.Column("objet", sa.String(length=63), nullable=False),
        sa.Column("ligne", sa.String(length=400), nullable=False),
        sa.Column("colonne", sa.String(length=63), nullable=False),
        sa.Column("etat", sa.String(length=10), server_default="a_relire", nullable=False),
        sa.Column("remis", sa.String(length=20000), nullable=True),
        sa.Column("relu_par", sa.Uuid(), nullable=True),
        sa.Column("expire_le", sa.Date(), nullable=True),
        sa.CheckConstraint("etat in ('a_relire', 'remis', 'retenu')", name=op.f("ck_texte_a_relire_etat")),
        sa.ForeignKeyConstraint(
            ["relu_par"], ["personne.id"], name=op.f("fk_texte_a_relire_relu_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["uai", "demande_id"],
            ["demande_droit.uai", "demande_droit.id"],
            name=op.f("fk_texte_a_relire_uai_demande_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_texte_a_relire_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_texte_a_relire")),
    )
    op.create_index(op.f("ix_texte_a_relire_relu_par"), "texte_a_relire", ["relu_par"], unique=False)
    op.create_index(
        "uq_texte_a_relire_cellule",
        "texte_a_relire",
        ["uai", "demande_id", "objet", "ligne", "colonne"],
        unique=True,
    )
    op.create_table(
        "copie_remise",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("demande_id", sa.Uuid(), nullable=False),
        sa.Column("creee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expire_le", sa.Date(), nullable=False),
        sa.Column("taille", sa.BigInteger(), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("telechargements", sa.SmallInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["uai", "demande_id"],
            ["demande_droit.uai", "demande_droit.id"],
            name=op.f("fk_copie_remise_uai_demande_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_copie_remise_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_copie_remise")),
    )
    op.create_index(
        op.f("ix_copie_remise_uai_demande_id"), "copie_remise", ["uai", "demande_id"], unique=False
    )
    op.create_table(
        "copie_morceau",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("copie_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["uai", "copie_id"],
            ["copie_remise.uai", "copie_remise.id"],
            name=op.f("fk_copie_morceau_uai_copie_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("uai", "copie_id", "rang", name=op.f("pk_copie_morceau")),
    )
    op.create_table(
        "opposition_personne",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("traitement", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=6), nullable=False),
        sa.Column("motif", sa.String(length=500), nullable=False),
        sa.Column("debut", sa.Date(), nullable=False),
        sa.Column("fin", sa.Date(), nullable=True),
        sa.Column("saisie_par", sa.Uuid(), nullable=True),
        sa.CheckConstraint("source in ('ecran', 'papier')", name=op.f("ck_opposition_personne_source")),
        sa.CheckConstraint("fin is null or debut <= fin", name=op.f("ck_opposition_personne_ordre")),
        sa.ForeignKeyConstraint(
            ["personne_id"],
            ["personne.id"],
            name=op.f("fk_opposition_personne_personne_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["saisie_par"],
            ["personne.id"],
            name=op.f("fk_opposition_personne_saisie_par"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_opposition_personne_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_opposition_personne")),
    )
    op.create_index(
        op.f("ix_opposition_personne_personne_id"), "opposition_personne", ["personne_id"], unique=False
    )
    op.create_index(
        op.f("ix_opposition_personne_saisie_par"), "opposition_personne", ["saisie_par"], unique=False
    )
    op.create_index(
        "uq_opposition_personne_en_vigueur",
        "opposition_personne",
        ["uai", "personne_id", "traitement"],
        unique=True,
        postgresql_where=sa.text("fin is null"),
    )
    op.create_table(
        "effacement",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("jeton", sa.String(length=64), nullable=False),
        sa.Column("fondement", sa.String(length=16), nullable=False),
        sa.Column("traitements", postgresql.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("rejoue", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("((pg_current_xact_id())::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_effacement")),
    )
    # Un journal ne se corrige pas. Une personne effacée n'y est pourtant plus nommée : cette fonction vide ce
    # qui la désigne, ou ôte ses lignes, dans la seule transaction d'un effacement inscrit.
    op.execute(
        """
        create function ent_oublier(cible text, colonne text, qui uuid, effacement uuid, oter boolean)
        returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
        declare parties bigint;
        begin
          if cible in ('effacement', 'conservation_preuve') or not exists (
            select from effacement e
            where e.id = ent_oublier.effacement and e.transaction = ((pg_current_xact_id())::text)::bigint
          ) then
            raise exception 'aucun effacement de cette transaction ne le permet';
          end if;
          if oter then
            execute format('delete from %I where %I::text = $1', cible, colonne) using qui::text;
          else
            execute format('update %I set %I = null where %I::text = $1', cible, colonne, colonne)
              using qui::text;
          end if;
          get diagnostics parties = row_count;
          return parties;
        end $$
        """
    )
    op.execute("revoke all on function ent_oublier(text, text, uuid, uuid, boolean) from public")
    op.execute("grant execute on function ent_oublier(text, text, uuid, uuid, boolean) to ent_academie")


def downgrade() -> None:
    op.execute("drop function ent_oublier(text, text, uuid, uuid, boolean)")
    for table in (
        "effacement", "opposition_personne", "copie_morceau", "copie_remise", "texte_a_relire",
        "demande_droit",
    ):  # fmt: skip
        op.drop_table(table)
