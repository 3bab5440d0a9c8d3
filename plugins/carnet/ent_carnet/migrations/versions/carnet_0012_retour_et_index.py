"""Absences : ce qui valait avant un motif retenu est gardé. Deux lectures par le bon index.

Revision ID: carnet_0012
Revises: carnet_0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0012"
down_revision = "carnet_0011"
branch_labels = None
depends_on = None

_ABSENCE, _JUSTIFICATION, _PUNITION = "carnet_absence", "carnet_justification", "carnet_punition"
_PAR_DATE, _PAR_FIN = "ix_carnet_punition_uai_annee_jour", "ix_carnet_absence_uai_annee_fin"


def upgrade() -> None:
    op.drop_index(_PAR_DATE, table_name=_PUNITION)
    op.create_index(_PAR_FIN, _ABSENCE, ["uai", "annee", "fin"])
    op.add_column(_ABSENCE, sa.Column("justification_id", sa.Uuid(), nullable=True))
    op.add_column(_ABSENCE, sa.Column("motif_avant_id", sa.Uuid(), nullable=True))
    op.add_column(_ABSENCE, sa.Column("etat_avant", sa.String(length=12), nullable=True))
    op.add_column(_JUSTIFICATION, sa.Column("retenue_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column(_JUSTIFICATION, "retenue_id")
    for colonne in ("etat_avant", "motif_avant_id", "justification_id"):
        op.drop_column(_ABSENCE, colonne)
    op.drop_index(_PAR_FIN, table_name=_ABSENCE)
    op.create_index(_PAR_DATE, _PUNITION, ["uai", "annee", "jour"])
