"""Absences : un contact noté par erreur se retire, avec trace.

Revision ID: carnet_0011
Revises: carnet_0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0011"
down_revision = "carnet_0010"
branch_labels = None
depends_on = None

_TABLE = "carnet_contact"


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Ce qui était retiré le reste : l'état d'avant n'a pas de quoi le dire."""
    contact = sa.table(_TABLE, sa.column("retire_le"))
    op.execute(contact.delete().where(contact.c.retire_le.is_not(None)))
    op.drop_column(_TABLE, "retire_le")
