"""Un motif se change à une date ; un import se défait ; une alerte a un référent.

Revision ID: carnet_0005
Revises: carnet_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0005"
down_revision = "carnet_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carnet_motif_change",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("motif_id", sa.Uuid(), nullable=False),
        sa.Column("indicateur", sa.String(length=10), nullable=False),
        sa.Column("valeur", sa.Boolean(), nullable=False),
        sa.Column("effet_le", sa.Date(), nullable=False),
        sa.Column("decide_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "indicateur in ('recevable', 'regle', 'compte', 'affichable')",
            name=op.f("ck_carnet_motif_change_indicateur"),
        ),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_motif_change_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_motif_change_uai")),
        sa.ForeignKeyConstraint(
            ["uai", "motif_id"],
            ["carnet_motif.uai", "carnet_motif.id"],
            name=op.f("fk_carnet_motif_change_uai_motif_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_motif_change")),
    )
    op.create_index(
        op.f("ix_carnet_motif_change_uai_motif_id"), "carnet_motif_change", ["uai", "motif_id"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_motif_change_auteur_id"), "carnet_motif_change", ["auteur_id"], unique=False
    )
    op.add_column("carnet_absence", sa.Column("lot_id", sa.Uuid(), nullable=True))
    op.create_index(
        op.f("ix_carnet_absence_uai_annee_lot_id"),
        "carnet_absence",
        ["uai", "annee", "lot_id"],
        unique=False,
        postgresql_where=sa.text("lot_id IS NOT NULL"),
    )
    op.add_column("carnet_alerte", sa.Column("referent_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_carnet_alerte_referent_id"),
        "carnet_alerte",
        "personne",
        ["referent_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.create_index(op.f("ix_carnet_alerte_referent_id"), "carnet_alerte", ["referent_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_carnet_alerte_referent_id"), table_name="carnet_alerte")
    op.drop_constraint(op.f("fk_carnet_alerte_referent_id"), "carnet_alerte", type_="foreignkey")
    op.drop_column("carnet_alerte", "referent_id")
    op.drop_index(op.f("ix_carnet_absence_uai_annee_lot_id"), table_name="carnet_absence")
    op.drop_column("carnet_absence", "lot_id")
    op.drop_table("carnet_motif_change")
