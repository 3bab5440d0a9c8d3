"""Statistiques : les publications, figées et protégées.

Revision ID: noyau_0013
Revises: noyau_0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0013"
down_revision = "noyau_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publication_statistique",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("statistique", sa.String(length=64), nullable=False),
        sa.Column("nom_table", sa.String(length=63), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("periode", sa.String(length=7), nullable=False),
        sa.Column("debut", sa.Date(), nullable=False),
        sa.Column("fin", sa.Date(), nullable=False),
        sa.Column("regle", sa.SmallInteger(), nullable=False),
        sa.Column("seuil", sa.SmallInteger(), nullable=False),
        sa.Column("contenu", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("figee_le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_publication_statistique_uai")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_statistique")),
    )
    op.create_index(
        "uq_publication_statistique_periode",
        "publication_statistique",
        ["statistique", sa.text("coalesce(uai, '')"), "periode"],
        unique=True,
    )
    op.create_index(op.f("ix_publication_statistique_uai"), "publication_statistique", ["uai"])


def downgrade() -> None:
    op.drop_table("publication_statistique")
