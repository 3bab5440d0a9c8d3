"""Table de la brique « souhaits ».

Revision ID: souhaits_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "souhaits_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "souhaits_voeu",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("langue", sa.String(40), nullable=False),
        sa.Column("source", sa.String(6), server_default="saisie", nullable=False),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_souhaits_voeu_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_souhaits_voeu_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_souhaits_voeu")),
    )
    op.create_index(op.f("ix_souhaits_voeu_eleve_id"), "souhaits_voeu", ["eleve_id"])


def downgrade() -> None:
    op.drop_table("souhaits_voeu")
