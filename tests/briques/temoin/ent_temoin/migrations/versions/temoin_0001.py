"""Les tables de la brique témoin.

Revision ID: temoin_0001
Revises:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "temoin_0001"
down_revision = None
branch_labels = None
depends_on = None


def _cloison(table: str, *annee: sa.Column[Any]) -> list[sa.Column[Any]]:
    return [
        sa.Column(
            "uai", sa.String(8), sa.ForeignKey("etablissement.uai", name=f"fk_{table}_uai"), primary_key=True
        ),
        *annee,
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), primary_key=True),
    ]


def _personne(table: str, nom: str, effet: str) -> sa.Column[Any]:
    cle = sa.ForeignKey("personne.id", name=f"fk_{table}_{nom}", ondelete=effet)
    return sa.Column(nom, sa.Uuid(), cle, nullable=effet == "SET NULL")


def upgrade() -> None:
    op.create_table(
        "temoin_dossier",
        *_cloison("temoin_dossier"),
        _personne("temoin_dossier", "eleve_id", "CASCADE"),
        _personne("temoin_dossier", "saisi_par", "SET NULL"),
        sa.Column("motif", sa.String(40), nullable=False),
        sa.Column("recit", sa.Text()),
        sa.Column("soin", sa.String(60)),
        sa.Column("precisions", sa.JSON()),
        sa.Column("etat", sa.String(10), nullable=False),
        sa.Column("modele", sa.Text()),
        sa.Column("certificat", sa.LargeBinary()),
        sa.Column("clos_le", sa.Date()),
        sa.CheckConstraint("etat in ('ouvert', 'clos')", name=op.f("ck_temoin_dossier_etat")),
    )
    op.create_index("ix_temoin_dossier_eleve_id", "temoin_dossier", ["eleve_id"])
    op.create_index("ix_temoin_dossier_saisi_par", "temoin_dossier", ["saisi_par"])
    op.create_table(
        "temoin_suite",
        *_cloison("temoin_suite"),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        _personne("temoin_suite", "decide_par", "SET NULL"),
        sa.Column("decision", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(
            ["uai", "dossier_id"],
            ["temoin_dossier.uai", "temoin_dossier.id"],
            name="fk_temoin_suite_uai_dossier_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_temoin_suite_uai_dossier_id", "temoin_suite", ["uai", "dossier_id"])
    op.create_index("ix_temoin_suite_decide_par", "temoin_suite", ["decide_par"])
    op.create_table(
        "temoin_point",
        *_cloison("temoin_point", sa.Column("annee", sa.SmallInteger(), primary_key=True)),
        _personne("temoin_point", "eleve_id", "CASCADE"),
        sa.Column("valeur", sa.String(20), nullable=False),
    )
    op.create_index("ix_temoin_point_eleve_id", "temoin_point", ["eleve_id"])
    op.create_table(
        "temoin_passage",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), primary_key=True),
        _personne("temoin_passage", "acteur_id", "SET NULL"),
        sa.Column("le", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_index("ix_temoin_passage_acteur_id", "temoin_passage", ["acteur_id"])


def downgrade() -> None:
    for table in ("temoin_passage", "temoin_point", "temoin_suite", "temoin_dossier"):
        op.drop_table(table)
