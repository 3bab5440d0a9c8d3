"""Registre publié : réponses, sous-traitants, campagnes d'information, histoire des déclarations.

Revision ID: noyau_0009
Revises: noyau_0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0009"
down_revision = "noyau_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reponse_registre",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("responsable", sa.String(length=200), nullable=True),
        sa.Column("contact", sa.String(length=300), nullable=True),
        sa.Column("delegue", sa.String(length=200), nullable=True),
        sa.Column("delegue_contact", sa.String(length=300), nullable=True),
        sa.Column("conjoints", sa.String(length=500), nullable=True),
        sa.Column("mesures", sa.String(length=2000), nullable=True),
        sa.Column("analyse_le", sa.Date(), nullable=True),
        sa.Column("repondue_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repondue_par", sa.Uuid(), nullable=True),
        sa.Column("remplacee_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_reponse_registre_uai")),
        _vers_personne("reponse_registre", "repondue_par"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reponse_registre")),
    )
    op.create_index(
        "uq_reponse_registre_en_vigueur",
        "reponse_registre",
        [sa.text("coalesce(uai, '')")],
        unique=True,
        postgresql_where=sa.text("remplacee_le is null"),
    )
    op.create_index(op.f("ix_reponse_registre_uai"), "reponse_registre", ["uai"])
    op.create_index(op.f("ix_reponse_registre_repondue_par"), "reponse_registre", ["repondue_par"])
    op.create_table(
        "sous_traitant",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("nom", sa.String(length=200), nullable=False),
        sa.Column("mission", sa.String(length=300), nullable=False),
        sa.Column("pays", sa.String(length=64), nullable=False),
        sa.Column("hors_union", sa.Boolean(), nullable=False),
        sa.Column("garanties", sa.String(length=300), nullable=True),
        sa.Column("contrat_le", sa.Date(), nullable=True),
        sa.Column("debut", sa.Date(), nullable=False),
        sa.Column("fin", sa.Date(), nullable=True),
        sa.Column("declare_par", sa.Uuid(), nullable=True),
        sa.CheckConstraint("fin is null or debut <= fin", name=op.f("ck_sous_traitant_ordre")),
        sa.CheckConstraint(
            "not hors_union or garanties is not null", name=op.f("ck_sous_traitant_garanties")
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_sous_traitant_uai")),
        _vers_personne("sous_traitant", "declare_par"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sous_traitant")),
    )
    op.create_index(op.f("ix_sous_traitant_uai"), "sous_traitant", ["uai"])
    op.create_index(op.f("ix_sous_traitant_declare_par"), "sous_traitant", ["declare_par"])
    op.create_table(
        "campagne_information",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("faite_le", sa.Date(), nullable=False),
        sa.Column("moyen", sa.String(length=20), nullable=False),
        sa.Column("notee_par", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_campagne_information_uai")),
        _vers_personne("campagne_information", "notee_par"),
        sa.PrimaryKeyConstraint("uai", "annee", name=op.f("pk_campagne_information")),
    )
    op.create_index(op.f("ix_campagne_information_notee_par"), "campagne_information", ["notee_par"])
    op.create_table(
        "version_declaration",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("traitement", sa.String(length=64), nullable=False),
        sa.Column("brique", sa.String(length=31), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("contenu", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version_declaration")),
    )
    op.create_index(
        "uq_version_declaration_en_vigueur",
        "version_declaration",
        ["traitement"],
        unique=True,
        postgresql_where=sa.text("fin is null"),
    )
    op.create_index(op.f("ix_version_declaration_debut"), "version_declaration", ["debut"])


def downgrade() -> None:
    for table in ("version_declaration", "campagne_information", "sous_traitant", "reponse_registre"):
        op.drop_table(table)


def _vers_personne(table: str, colonne: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [colonne], ["personne.id"], name=op.f(f"fk_{table}_{colonne}"), ondelete="SET NULL"
    )
