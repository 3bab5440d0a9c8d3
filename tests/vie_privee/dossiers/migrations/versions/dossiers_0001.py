"""Tables de la brique « dossiers ».

Revision ID: dossiers_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "dossiers_0001"
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


def _eleve(table: str, colonne: str, *, obligatoire: bool = True) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(colonne, sa.Uuid(), nullable=not obligatoire),
        sa.ForeignKeyConstraint(
            [colonne],
            ["personne.id"],
            name=op.f(f"fk_{table}_{colonne}"),
            ondelete="CASCADE" if obligatoire else "SET NULL",
        ),
    ]


def upgrade() -> None:
    for nom in ("dossiers_sanction", "dossiers_registre", "dossiers_livret"):
        _table(
            nom,
            *_eleve(nom, "eleve_id"),
            *_eleve(nom, "camarade_id", obligatoire=False),
            sa.Column("jour", sa.Date(), nullable=False),
            sa.Column("nature", sa.String(80), nullable=False),
            sa.Column("recit", sa.Text(), nullable=True),
            sa.Column("secret", sa.LargeBinary(), nullable=True),
        )
        for colonne in ("eleve_id", "camarade_id"):
            op.create_index(op.f(f"ix_{nom}_{colonne}"), nom, [colonne])
    _table(
        "dossiers_suite",
        sa.Column("sanction_id", sa.Uuid(), nullable=False),
        sa.Column("decision", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["uai", "sanction_id"],
            ["dossiers_sanction.uai", "dossiers_sanction.id"],
            name=op.f("fk_dossiers_suite_uai_sanction_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_dossiers_suite_uai_sanction_id"), "dossiers_suite", ["uai", "sanction_id"])


def downgrade() -> None:
    for table in ("dossiers_suite", "dossiers_sanction", "dossiers_registre", "dossiers_livret"):
        op.drop_table(table)
