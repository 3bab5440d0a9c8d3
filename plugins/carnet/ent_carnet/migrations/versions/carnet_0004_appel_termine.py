"""Un appel commencé n'est pas un appel terminé ; une séance longue a un appel par heure.

Revision ID: carnet_0004
Revises: carnet_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0004"
down_revision = "carnet_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("carnet_appel", sa.Column("termine_le", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(op.f("ix_carnet_appel_uai_annee_seance_id"), table_name="carnet_appel")
    op.create_index(
        op.f("ix_carnet_appel_uai_annee_seance_id_debut"),
        "carnet_appel",
        ["uai", "annee", "seance_id", "debut"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_carnet_appel_uai_annee_seance_id_debut"), table_name="carnet_appel")
    op.create_index(
        op.f("ix_carnet_appel_uai_annee_seance_id"),
        "carnet_appel",
        ["uai", "annee", "seance_id"],
        unique=True,
    )
    op.drop_column("carnet_appel", "termine_le")
