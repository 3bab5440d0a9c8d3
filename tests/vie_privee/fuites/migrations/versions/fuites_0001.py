"""Tables de la brique « fuites ».

Revision ID: fuites_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "fuites_0001"
down_revision = None
branch_labels = None
depends_on = None


def _cles(nom: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{nom}_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f(f"pk_{nom}")),
    ]


def upgrade() -> None:
    op.create_table("fuites_lieu", *_cles("fuites_lieu"), sa.Column("nom", sa.String(40), nullable=False))
    op.create_table(
        "fuites_absence",
        *_cles("fuites_absence"),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("lieu_id", sa.Uuid(), nullable=False),
        sa.Column("ailleurs_id", sa.Uuid(), nullable=True),
        sa.Column("motif", sa.String(40), nullable=False),
        sa.Column("note", sa.String(80), nullable=True),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_fuites_absence_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["uai", "lieu_id"],
            ["fuites_lieu.uai", "fuites_lieu.id"],
            name=op.f("fk_fuites_absence_uai_lieu_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_fuites_absence_uai_lieu_id"), "fuites_absence", ["uai", "lieu_id"])
    op.create_index(op.f("ix_fuites_absence_eleve_id"), "fuites_absence", ["eleve_id"])
    op.create_table(
        "fuites_lien",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("absence_id", sa.Uuid(), nullable=False),
        sa.Column("lieu_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("uai", "absence_id", "lieu_id", name=op.f("pk_fuites_lien")),
        sa.ForeignKeyConstraint(
            ["uai", "absence_id"],
            ["fuites_absence.uai", "fuites_absence.id"],
            name=op.f("fk_fuites_lien_uai_absence_id"),
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    op.drop_table("fuites_lien")
    op.drop_table("fuites_absence")
    op.drop_table("fuites_lieu")
