"""Le dossier d'absences.

Revision ID: carnet_0002
Revises: carnet_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0002"
down_revision = "carnet_0001"
branch_labels = None
depends_on = None


def _parmi(table: str, colonne: str, valeurs: str) -> sa.CheckConstraint:
    permises = ", ".join(f"'{valeur}'" for valeur in valeurs.split())
    return sa.CheckConstraint(f"{colonne} in ({permises})", name=op.f(f"ck_{table}_{colonne}"))


def upgrade() -> None:
    op.create_table(
        "carnet_absence",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("genre", sa.String(length=7), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("motif_id", sa.Uuid(), nullable=True),
        sa.Column("etat", sa.String(length=12), server_default="sans_motif", nullable=False),
        sa.Column("annoncee", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("source", sa.String(length=6), server_default="saisie", nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("traitee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("annulee_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "etat = 'sans_motif' or motif_id is not null", name=op.f("ck_carnet_absence_motif")
        ),
        _parmi("carnet_absence", "etat", "sans_motif motif_donne reglee"),
        _parmi("carnet_absence", "genre", "absence retard"),
        _parmi("carnet_absence", "source", "saisie papier import"),
        sa.CheckConstraint("debut < fin", name=op.f("ck_carnet_absence_ordre")),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_absence_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_absence_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["uai", "motif_id"],
            ["carnet_motif.uai", "carnet_motif.id"],
            name=op.f("fk_carnet_absence_uai_motif_id"),
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_absence_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_absence")),
    )
    op.create_index(op.f("ix_carnet_absence_auteur_id"), "carnet_absence", ["auteur_id"], unique=False)
    op.create_index(op.f("ix_carnet_absence_eleve_id"), "carnet_absence", ["eleve_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_absence_uai_annee_eleve_id_debut"),
        "carnet_absence",
        ["uai", "annee", "eleve_id", "debut"],
        unique=False,
    )
    op.create_index(
        op.f("ix_carnet_absence_uai_annee_etat"),
        "carnet_absence",
        ["uai", "annee", "etat"],
        unique=False,
        postgresql_where=sa.text("etat != 'reglee' AND annulee_le IS NULL"),
    )
    op.create_index(
        op.f("ix_carnet_absence_uai_motif_id"), "carnet_absence", ["uai", "motif_id"], unique=False
    )

    op.create_table(
        "carnet_justification",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("declarant_id", sa.Uuid(), nullable=True),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("motif_id", sa.Uuid(), nullable=False),
        sa.Column("etat", sa.String(length=10), server_default="envoyee", nullable=False),
        sa.Column("source", sa.String(length=6), server_default="saisie", nullable=False),
        sa.Column("recue_le", sa.Date(), nullable=False),
        sa.Column("traitee_par", sa.Uuid(), nullable=True),
        sa.Column("traitee_le", sa.Date(), nullable=True),
        _parmi("carnet_justification", "etat", "envoyee acceptee refusee retiree"),
        _parmi("carnet_justification", "source", "saisie papier import"),
        sa.CheckConstraint("debut < fin", name=op.f("ck_carnet_justification_ordre")),
        sa.ForeignKeyConstraint(
            ["declarant_id"],
            ["personne.id"],
            name=op.f("fk_carnet_justification_declarant_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_justification_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["traitee_par"],
            ["personne.id"],
            name=op.f("fk_carnet_justification_traitee_par"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["uai", "motif_id"],
            ["carnet_motif.uai", "carnet_motif.id"],
            name=op.f("fk_carnet_justification_uai_motif_id"),
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_justification_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_justification")),
    )
    op.create_index(
        op.f("ix_carnet_justification_declarant_id"), "carnet_justification", ["declarant_id"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_justification_eleve_id"), "carnet_justification", ["eleve_id"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_justification_traitee_par"), "carnet_justification", ["traitee_par"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_justification_uai_annee_eleve_id_debut"),
        "carnet_justification",
        ["uai", "annee", "eleve_id", "debut"],
        unique=False,
    )
    op.create_index(
        op.f("ix_carnet_justification_uai_annee_recue_le"),
        "carnet_justification",
        ["uai", "annee", "recue_le"],
        unique=False,
        postgresql_where=sa.text("etat = 'envoyee'"),
    )
    op.create_index(
        op.f("ix_carnet_justification_uai_motif_id"),
        "carnet_justification",
        ["uai", "motif_id"],
        unique=False,
    )

    op.create_table(
        "carnet_contact",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("responsable_id", sa.Uuid(), nullable=True),
        sa.Column("canal", sa.String(length=10), nullable=False),
        sa.Column("abouti", sa.Boolean(), nullable=False),
        sa.Column("le", sa.Date(), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        _parmi("carnet_contact", "canal", "telephone sms courriel courrier entretien"),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_contact_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_contact_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["responsable_id"],
            ["personne.id"],
            name=op.f("fk_carnet_contact_responsable_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_contact_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_contact")),
    )
    op.create_index(op.f("ix_carnet_contact_auteur_id"), "carnet_contact", ["auteur_id"], unique=False)
    op.create_index(op.f("ix_carnet_contact_eleve_id"), "carnet_contact", ["eleve_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_contact_responsable_id"), "carnet_contact", ["responsable_id"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_contact_uai_annee_eleve_id_le"),
        "carnet_contact",
        ["uai", "annee", "eleve_id", "le"],
        unique=False,
    )

    op.create_table(
        "carnet_alerte",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("seuil", sa.String(length=16), nullable=False),
        sa.Column("nombre", sa.SmallInteger(), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=False),
        sa.Column("suite", sa.String(length=16), nullable=True),
        sa.Column("traitee_par", sa.Uuid(), nullable=True),
        sa.Column("traitee_le", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_alerte_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["traitee_par"], ["personne.id"], name=op.f("fk_carnet_alerte_traitee_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_alerte_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_alerte")),
    )
    op.create_index(op.f("ix_carnet_alerte_eleve_id"), "carnet_alerte", ["eleve_id"], unique=False)
    op.create_index(op.f("ix_carnet_alerte_traitee_par"), "carnet_alerte", ["traitee_par"], unique=False)
    op.create_index(
        op.f("ix_carnet_alerte_uai_annee_eleve_id_seuil_du"),
        "carnet_alerte",
        ["uai", "annee", "eleve_id", "seuil", "du"],
        unique=True,
    )

    op.create_table(
        "carnet_decompte",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("periode", sa.String(length=16), nullable=False),
        sa.Column("demi_journees", sa.SmallInteger(), nullable=False),
        sa.Column("non_reglees", sa.SmallInteger(), nullable=False),
        sa.Column("retards", sa.SmallInteger(), nullable=False),
        sa.Column("regle", sa.String(length=16), nullable=False),
        sa.Column("scelle_le", sa.DateTime(timezone=True), nullable=False),
        _parmi("carnet_decompte", "regle", "une_seance la_moitie toutes"),
        sa.CheckConstraint("non_reglees between 0 and demi_journees", name=op.f("ck_carnet_decompte_part")),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_decompte_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_decompte_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_decompte")),
    )
    op.create_index(op.f("ix_carnet_decompte_eleve_id"), "carnet_decompte", ["eleve_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_decompte_uai_annee_eleve_id_periode"),
        "carnet_decompte",
        ["uai", "annee", "eleve_id", "periode"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("carnet_decompte")
    op.drop_table("carnet_alerte")
    op.drop_table("carnet_contact")
    op.drop_table("carnet_justification")
    op.drop_table("carnet_absence")
