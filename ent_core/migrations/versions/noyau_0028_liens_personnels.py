"""Liens personnels : un calendrier relu par l'appareil d'une personne.

Revision ID: noyau_0028
Revises: noyau_0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0028"
down_revision = "noyau_0027"
branch_labels = None
depends_on = None

_TABLE = "lien_personnel"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("jeton", sa.LargeBinary(), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("profil", sa.String(length=12), nullable=False),
        sa.Column("adresse", sa.Text(), nullable=False),
        sa.Column("nom", sa.String(length=60), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("vu_le", sa.Date(), nullable=True),
        sa.Column("lectures", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("fin", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["compte_id"], ["compte.id"], name=op.f("fk_lien_personnel_compte_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_lien_personnel_personne_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lien_personnel")),
    )
    op.create_index(op.f("ix_lien_personnel_jeton"), _TABLE, ["jeton"], unique=True)
    for colonne in ("compte_id", "personne_id", "fin"):
        op.create_index(op.f(f"ix_lien_personnel_{colonne}"), _TABLE, [colonne])


def downgrade() -> None:
    op.drop_table(_TABLE)
