"""GAR : les établissements ouverts, l'identifiant de chacun, ce que le dernier envoi n'a pas transmis.

Revision ID: noyau_0026
Revises: noyau_0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0026"
down_revision = "noyau_0025"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_FICHIERS = "fichier in ('Eleve', 'Enseignant', 'Etab', 'Groupe', 'RespAff')"


def upgrade() -> None:
    op.create_table(
        "gar_etablissement",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("ouvert", sa.Boolean(), nullable=False),
        sa.Column("decide_le", _INSTANT, nullable=False),
        sa.Column("baisse_acceptee", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("exporte_le", _INSTANT, nullable=True),
        sa.Column("archive", sa.Text(), nullable=True),
        *(
            sa.Column(compte, sa.Integer(), server_default=sa.text("0"), nullable=False)
            for compte in ("eleves", "personnels", "structures", "ecartes", "incompletes")
        ),
        sa.Column("retenu_le", _INSTANT, nullable=True),
        sa.Column("retenu_eleves", sa.Integer(), nullable=True),
        sa.Column("retenu_personnels", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_gar_etablissement_uai")),
        sa.PrimaryKeyConstraint("uai", name=op.f("pk_gar_etablissement")),
    )
    op.create_table(
        "gar_identifiant",
        sa.Column("identifiant", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("attribue_le", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_gar_identifiant_personne_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("identifiant", name=op.f("pk_gar_identifiant")),
    )
    op.create_index(
        op.f("ix_gar_identifiant_personne_id_attribue_le"), "gar_identifiant", ["personne_id", "attribue_le"]
    )
    op.create_table(
        "gar_anomalie",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=True),
        sa.Column("fichier", sa.String(length=12), nullable=False),
        sa.Column("cle", sa.Text(), nullable=False),
        sa.Column("motif", sa.String(length=24), nullable=False),
        sa.CheckConstraint(_FICHIERS, name=op.f("ck_gar_anomalie_fichier")),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_gar_anomalie_uai")),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_gar_anomalie_personne_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_gar_anomalie")),
    )
    op.create_index(op.f("ix_gar_anomalie_personne_id"), "gar_anomalie", ["personne_id"])


def downgrade() -> None:
    op.drop_table("gar_anomalie")
    op.drop_table("gar_identifiant")
    op.drop_table("gar_etablissement")
