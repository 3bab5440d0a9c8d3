"""Ce que chaque brique sait de son ouverture.

Revision ID: noyau_0005
Revises: noyau_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0005"
down_revision = "noyau_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "brique_preparee",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("brique", sa.String(length=31), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_brique_preparee_uai")),
        sa.PrimaryKeyConstraint("uai", "brique", name=op.f("pk_brique_preparee")),
    )


def downgrade() -> None:
    op.drop_table("brique_preparee")
