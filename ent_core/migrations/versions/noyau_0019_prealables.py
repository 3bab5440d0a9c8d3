"""Préalables d'une brique, attestés par chaque établissement.

Revision ID: noyau_0019
Revises: noyau_0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0019"
down_revision = "noyau_0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prealable",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("brique", sa.String(length=31), nullable=False),
        sa.Column("cle", sa.String(length=40), nullable=False),
        sa.Column("origine", sa.String(length=10), nullable=False),
        sa.Column("atteste_par", sa.Uuid(), nullable=True),
        sa.Column("atteste_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retire_par", sa.Uuid(), nullable=True),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("origine in ('page', 'commande')", name=op.f("ck_prealable_origine")),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_prealable_uai")),
        *(
            sa.ForeignKeyConstraint(
                [colonne], ["personne.id"], name=op.f(f"fk_prealable_{colonne}"), ondelete="SET NULL"
            )
            for colonne in ("atteste_par", "retire_par")
        ),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_prealable")),
    )
    op.create_index(
        "uq_prealable_en_vigueur", "prealable", ["uai", "brique", "cle"], unique=True,
        postgresql_where=sa.text("retire_le is null"),
    )  # fmt: skip
    for colonne in ("atteste_par", "retire_par"):
        op.create_index(op.f(f"ix_prealable_{colonne}"), "prealable", [colonne])


def downgrade() -> None:
    op.drop_table("prealable")
