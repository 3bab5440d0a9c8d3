"""Tables de la brique « cahiers ».

Revision ID: cahiers_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "cahiers_0001"
down_revision = None
branch_labels = None
depends_on = None


def _table(nom: str, cle: tuple[str, ...], *colonnes: sa.schema.SchemaItem) -> None:
    op.create_table(
        nom,
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        *colonnes,
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{nom}_uai")),
        sa.PrimaryKeyConstraint(*cle, name=op.f(f"pk_{nom}")),
    )


def upgrade() -> None:
    _table(
        "cahiers_absence",
        ("uai", "annee", "id"),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("motif", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_cahiers_absence_eleve_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_cahiers_absence_eleve_id"), "cahiers_absence", ["eleve_id"])
    _table(
        "cahiers_suite",
        ("uai", "annee", "id"),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("absence_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["uai", "annee", "absence_id"],
            ["cahiers_absence.uai", "cahiers_absence.annee", "cahiers_absence.id"],
            name=op.f("fk_cahiers_suite_uai_annee_absence_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        op.f("ix_cahiers_suite_uai_annee_absence_id"), "cahiers_suite", ["uai", "annee", "absence_id"]
    )
    _table(
        "cahiers_passage",
        ("uai", "id"),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("avis", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_cahiers_passage_eleve_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_cahiers_passage_eleve_id"), "cahiers_passage", ["eleve_id"])


def downgrade() -> None:
    op.drop_table("cahiers_passage")
    op.drop_table("cahiers_suite")
    op.drop_table("cahiers_absence")
