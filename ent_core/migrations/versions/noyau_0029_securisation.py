"""Mises en sécurité suivies, et codes donnés par les responsables.

Revision ID: noyau_0029
Revises: noyau_0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0029"
down_revision = "noyau_0028"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "securisation",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("demandee_le", _INSTANT, nullable=False),
        sa.Column("sessions", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("finie_le", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_securisation_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_securisation")),
    )
    op.create_table(
        "compte_a_securiser",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("securisation_id", sa.Uuid(), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("fait_le", _INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_compte_a_securiser_uai")),
        sa.ForeignKeyConstraint(
            ["uai", "securisation_id"], ["securisation.uai", "securisation.id"],
            name=op.f("fk_compte_a_securiser_uai_securisation_id"), ondelete="CASCADE",
        ),
        *(
            sa.ForeignKeyConstraint(
                [colonne], [vers], name=op.f(f"fk_compte_a_securiser_{colonne}"), ondelete="CASCADE"
            )
            for colonne, vers in (("compte_id", "compte.id"), ("personne_id", "personne.id"))
        ),
        sa.PrimaryKeyConstraint("uai", "securisation_id", "compte_id", name=op.f("pk_compte_a_securiser")),
    )  # fmt: skip
    for colonne in ("compte_id", "personne_id"):
        op.create_index(op.f(f"ix_compte_a_securiser_{colonne}"), "compte_a_securiser", [colonne])
    op.create_table(
        "codes_par_responsables",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("ouvert_le", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_codes_par_responsables_uai")),
        sa.PrimaryKeyConstraint("uai", name=op.f("pk_codes_par_responsables")),
    )


def downgrade() -> None:
    for table in ("codes_par_responsables", "compte_a_securiser", "securisation"):
        op.drop_table(table)
