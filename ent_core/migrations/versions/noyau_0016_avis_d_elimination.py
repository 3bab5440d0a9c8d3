"""Conservation : l'avis d'élimination, et l'unité qu'il cache.

Revision ID: noyau_0016
Revises: noyau_0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0016"
down_revision = "noyau_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conservation_avis",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("traitement", sa.String(length=63), nullable=False),
        sa.Column("objet", sa.String(length=63), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("annee", sa.SmallInteger(), nullable=True),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.Column("concernes", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("avise_le", sa.Date(), nullable=False),
        sa.Column("execution_le", sa.Date(), nullable=False),
        sa.Column("masque", sa.Boolean(), nullable=False),
        sa.Column("du", sa.Date(), nullable=True),
        sa.Column("au", sa.Date(), nullable=True),
        sa.Column("repere", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["conservation_plan.id"], name=op.f("fk_conservation_avis_plan_id")
        ),
        sa.PrimaryKeyConstraint("plan_id", "rang", name=op.f("pk_conservation_avis")),
    )
    op.create_index(
        op.f("ix_conservation_avis_objet"),
        "conservation_avis",
        ["objet"],
        unique=False,
        postgresql_where=sa.text("masque"),
    )
    op.create_index(op.f("ix_conservation_avis_uai"), "conservation_avis", ["uai"], unique=False)


def downgrade() -> None:
    # Les politiques qui cachent une unité la lisent : elles partent avec elle, la migration les recompile.
    op.execute("drop table conservation_avis cascade")
