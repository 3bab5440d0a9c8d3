"""Tables de la brique « passages ».

Revision ID: passages_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "passages_0001"
down_revision = None
branch_labels = None
depends_on = None


def _table(nom: str, *colonnes: sa.schema.SchemaItem) -> None:
    op.create_table(
        nom,
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{nom}_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f(f"pk_{nom}")),
        *colonnes,
        postgresql_partition_by="LIST (annee)",
    )


def upgrade() -> None:
    _table(
        "passages_passage",
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("lieu", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_passages_passage_eleve_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_passages_passage_eleve_id"), "passages_passage", ["eleve_id"])
    _table(
        "passages_suite",
        sa.Column("passage_id", sa.Uuid(), nullable=False),
        sa.Column("dit", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["uai", "annee", "passage_id"],
            ["passages_passage.uai", "passages_passage.annee", "passages_passage.id"],
            name=op.f("fk_passages_suite_uai_annee_passage_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_passages_suite_uai_annee_passage_id"), "passages_suite", ["uai", "annee", "passage_id"]
    )


def downgrade() -> None:
    op.drop_table("passages_suite")
    op.drop_table("passages_passage")
