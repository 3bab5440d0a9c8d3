"""Les mots affichés.

Revision ID: annonces_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "annonces_0001"
down_revision = None
branch_labels = None
depends_on = None


TABLE = "annonces_mot"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("texte", sa.Text(), nullable=False),
        sa.Column("fin", sa.Date(), nullable=False),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{TABLE}_uai")),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f(f"fk_{TABLE}_auteur_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_uai_fin"), TABLE, ["uai", "fin"])
    op.create_index(op.f(f"ix_{TABLE}_auteur_id"), TABLE, ["auteur_id"])


def downgrade() -> None:
    op.drop_table(TABLE)
