"""Acceptation des déclarations, terme des bascules, index des clés qui mènent à une personne.

Revision ID: noyau_0006
Revises: noyau_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0006"
down_revision = "noyau_0005"
branch_labels = None
depends_on = None

_INDEX = (
    ("bascule", "posee_par"),
    ("delegation", "accordee_par"),
    ("import_lot", "par"),
    ("restriction", "saisi_par"),
    ("role_local", "attribue_par"),
)


def upgrade() -> None:
    for table, colonne in _INDEX:
        op.create_index(op.f(f"ix_{table}_{colonne}"), table, [colonne])
    op.add_column(
        "bascule",
        sa.Column(
            "terme",
            sa.Date(),
            sa.Computed("least(fin, (retiree_le at time zone 'UTC')::date)", persisted=True),
            nullable=True,
        ),
    )
    op.create_table(
        "declaration_soumise",
        sa.Column("brique", sa.String(length=31), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("contenu", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("vue_le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("brique", "empreinte", name=op.f("pk_declaration_soumise")),
    )
    op.create_table(
        "acceptation",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("brique", sa.String(length=31), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("reponse", sa.String(length=8), nullable=False),
        sa.Column("origine", sa.String(length=10), nullable=False),
        sa.Column("decidee_par", sa.Uuid(), nullable=True),
        sa.Column("decidee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remplacee_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reponse in ('acceptee', 'refusee')", name=op.f("ck_acceptation_reponse")),
        sa.CheckConstraint(
            "origine in ('ouverture', 'page', 'commande')", name=op.f("ck_acceptation_origine")
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_acceptation_uai")),
        sa.ForeignKeyConstraint(
            ["brique", "empreinte"],
            ["declaration_soumise.brique", "declaration_soumise.empreinte"],
            name=op.f("fk_acceptation_brique_empreinte"),
        ),
        sa.ForeignKeyConstraint(
            ["decidee_par"], ["personne.id"], name=op.f("fk_acceptation_decidee_par"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_acceptation")),
    )
    op.create_index(
        "uq_acceptation_en_vigueur",
        "acceptation",
        ["uai", "brique", "reponse"],
        unique=True,
        postgresql_where=sa.text("remplacee_le is null"),
    )
    op.create_index(op.f("ix_acceptation_decidee_par"), "acceptation", ["decidee_par"])


def downgrade() -> None:
    op.drop_table("acceptation")
    op.drop_table("declaration_soumise")
    op.drop_column("bascule", "terme")
    for table, colonne in _INDEX:
        op.drop_index(op.f(f"ix_{table}_{colonne}"), table)
