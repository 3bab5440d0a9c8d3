"""Tables de la brique « sanctions ».

Revision ID: sanctions_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sanctions_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sanctions_mesure",
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("saisi_par", sa.Uuid(), nullable=True),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("division_id", sa.Uuid(), nullable=False),
        sa.Column("motif", sa.String(12), nullable=False),
        sa.Column("prevenue", sa.Boolean(), nullable=True),
        sa.Column("saisie_le", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("recit", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_sanctions_mesure_uai")),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_sanctions_mesure_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["saisi_par"], ["personne.id"], name=op.f("fk_sanctions_mesure_saisi_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["uai", "annee", "division_id"],
            ["division.uai", "division.annee", "division.id"],
            name=op.f("fk_sanctions_mesure_uai_annee_division_id"),
        ),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_sanctions_mesure")),
    )
    for colonnes in (["eleve_id"], ["saisi_par"], ["uai", "annee", "division_id"]):
        nom = op.f(f"ix_sanctions_mesure_{'_'.join(colonnes)}")
        op.create_index(nom, "sanctions_mesure", colonnes)


def downgrade() -> None:
    op.drop_table("sanctions_mesure")
