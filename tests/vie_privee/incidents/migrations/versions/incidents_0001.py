"""Tables de la brique « incidents ».

Revision ID: incidents_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "incidents_0001"
down_revision = None
branch_labels = None
depends_on = None


def _table(nom: str, *colonnes: sa.schema.SchemaItem) -> None:
    op.create_table(
        nom,
        sa.Column("uai", sa.String(8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{nom}_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f(f"pk_{nom}")),
        *colonnes,
    )


def _personne(table: str, colonne: str, *, ondelete: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(colonne, sa.Uuid(), nullable=ondelete == "SET NULL"),
        sa.ForeignKeyConstraint(
            [colonne], ["personne.id"], name=op.f(f"fk_{table}_{colonne}"), ondelete=ondelete
        ),
    ]


def upgrade() -> None:
    _table(
        "incidents_fait",
        *_personne("incidents_fait", "eleve_id", ondelete="CASCADE"),
        *_personne("incidents_fait", "temoin_id", ondelete="SET NULL"),
        *_personne("incidents_fait", "saisi_par", ondelete="SET NULL"),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("nature", sa.String(80), nullable=False),
        sa.Column("recit", sa.Text(), nullable=True),
        sa.Column("piece", sa.LargeBinary(), nullable=True),
    )
    for colonne in ("eleve_id", "temoin_id", "saisi_par"):
        op.create_index(op.f(f"ix_incidents_fait_{colonne}"), "incidents_fait", [colonne])
    _table(
        "incidents_suite",
        sa.Column("fait_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["uai", "fait_id"],
            ["incidents_fait.uai", "incidents_fait.id"],
            name=op.f("fk_incidents_suite_uai_fait_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_incidents_suite_uai_fait_id"), "incidents_suite", ["uai", "fait_id"])
    _table(
        "incidents_adhesion",
        *_personne("incidents_adhesion", "eleve_id", ondelete="CASCADE"),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("gout", sa.String(80), nullable=False),
    )
    op.create_index(op.f("ix_incidents_adhesion_eleve_id"), "incidents_adhesion", ["eleve_id"])


def downgrade() -> None:
    for table in ("incidents_adhesion", "incidents_suite", "incidents_fait"):
        op.drop_table(table)
