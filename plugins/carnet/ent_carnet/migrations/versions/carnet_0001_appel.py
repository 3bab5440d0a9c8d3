"""L'appel et l'affichage aux familles.

Revision ID: carnet_0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0001"
down_revision = None
branch_labels = None
depends_on = None


def _parmi(table: str, colonne: str, valeurs: str) -> sa.CheckConstraint:
    permises = ", ".join(f"'{valeur}'" for valeur in valeurs.split())
    return sa.CheckConstraint(f"{colonne} in ({permises})", name=op.f(f"ck_{table}_{colonne}"))


def upgrade() -> None:
    op.create_table(
        "carnet_reglage",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("midi", sa.Time(), server_default="13:00", nullable=False),
        sa.Column("regle", sa.String(length=16), server_default="une_seance", nullable=False),
        sa.Column("avance", sa.SmallInteger(), server_default="10", nullable=False),
        sa.Column("correction", sa.SmallInteger(), server_default="2", nullable=False),
        sa.Column("correction_cpe", sa.SmallInteger(), server_default="72", nullable=False),
        sa.Column("heure_precedente", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("seuil_mois", sa.SmallInteger(), server_default="4", nullable=False),
        sa.Column("seuil_renforce", sa.SmallInteger(), server_default="10", nullable=False),
        sa.Column("mois_glissant", sa.Boolean(), server_default=sa.false(), nullable=False),
        _parmi("carnet_reglage", "regle", "une_seance la_moitie toutes"),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_reglage_uai")),
        sa.PrimaryKeyConstraint("uai", name=op.f("pk_carnet_reglage")),
    )

    op.create_table(
        "carnet_motif",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("libelle", sa.String(length=64), nullable=False),
        sa.Column("genre", sa.String(length=7), nullable=False),
        sa.Column("legitimite", sa.String(length=24), nullable=False),
        sa.Column("recevable", sa.Boolean(), nullable=False),
        sa.Column("regle", sa.Boolean(), nullable=False),
        sa.Column("compte", sa.Boolean(), nullable=False),
        sa.Column("affichable", sa.Boolean(), nullable=False),
        sa.Column("proposable", sa.Boolean(), nullable=False),
        sa.Column("sante", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("ferme_le", sa.Date(), nullable=True),
        _parmi("carnet_motif", "genre", "absence retard"),
        _parmi(
            "carnet_motif",
            "legitimite",
            "maladie_enfant maladie_proche reunion_solennelle communications "
            "absence_responsables autre_a_apprecier etablissement",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_motif_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_carnet_motif")),
    )
    op.create_index(
        op.f("ix_carnet_motif_uai_genre_code"), "carnet_motif", ["uai", "genre", "code"], unique=True
    )

    op.create_table(
        "carnet_appel",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("seance_id", sa.Uuid(), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("division_id", sa.Uuid(), nullable=True),
        sa.Column("groupe_id", sa.Uuid(), nullable=True),
        sa.Column("matiere", sa.String(length=64), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("canal", sa.String(length=10), server_default="ecran", nullable=False),
        sa.Column("fait_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.SmallInteger(), server_default="1", nullable=False),
        _parmi("carnet_appel", "canal", "ecran hors_ligne papier"),
        sa.CheckConstraint(
            "(division_id is null) <> (groupe_id is null)", name=op.f("ck_carnet_appel_structure")
        ),
        sa.CheckConstraint("debut < fin", name=op.f("ck_carnet_appel_ordre")),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_appel_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_appel_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_appel")),
        postgresql_partition_by="LIST (annee)",
    )
    op.create_index(op.f("ix_carnet_appel_auteur_id"), "carnet_appel", ["auteur_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_appel_uai_annee_debut"), "carnet_appel", ["uai", "annee", "debut"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_appel_uai_annee_seance_id"),
        "carnet_appel",
        ["uai", "annee", "seance_id"],
        unique=True,
    )

    op.create_table(
        "carnet_fait",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("appel_id", sa.Uuid(), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nature", sa.String(length=16), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=True),
        sa.Column("ailleurs", sa.String(length=12), nullable=True),
        sa.Column("source", sa.String(length=6), server_default="saisie", nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("saisi_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remplace_id", sa.Uuid(), nullable=True),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retire_par", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(nature = 'ailleurs') = (ailleurs is not null)", name=op.f("ck_carnet_fait_lieu")
        ),
        _parmi("carnet_fait", "ailleurs", "infirmerie cdi sortie stage examen convocation dispense"),
        sa.CheckConstraint(
            "minutes is null or nature in ('retard', 'depart')", name=op.f("ck_carnet_fait_duree")
        ),
        _parmi("carnet_fait", "nature", "absent retard depart ailleurs exclu_accueilli"),
        _parmi("carnet_fait", "source", "saisie papier import"),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_carnet_fait_minutes")),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_fait_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_fait_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["retire_par"], ["personne.id"], name=op.f("fk_carnet_fait_retire_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["uai", "annee", "appel_id"],
            ["carnet_appel.uai", "carnet_appel.annee", "carnet_appel.id"],
            name=op.f("fk_carnet_fait_uai_annee_appel_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_fait_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_fait")),
        postgresql_partition_by="LIST (annee)",
    )
    op.create_index(op.f("ix_carnet_fait_auteur_id"), "carnet_fait", ["auteur_id"], unique=False)
    op.create_index(op.f("ix_carnet_fait_eleve_id"), "carnet_fait", ["eleve_id"], unique=False)
    op.create_index(op.f("ix_carnet_fait_retire_par"), "carnet_fait", ["retire_par"], unique=False)
    op.create_index(
        op.f("ix_carnet_fait_uai_annee_appel_id"), "carnet_fait", ["uai", "annee", "appel_id"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_fait_uai_annee_eleve_id_debut"),
        "carnet_fait",
        ["uai", "annee", "eleve_id", "debut"],
        unique=False,
    )
    op.create_index(
        "ux_carnet_fait_courant",
        "carnet_fait",
        ["uai", "annee", "appel_id", "eleve_id"],
        unique=True,
        postgresql_where=sa.text("retire_le IS NULL"),
    )

    op.create_table(
        "carnet_affichage",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.String(length=12), nullable=False),
        sa.Column("objet_id", sa.Uuid(), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("libelle", sa.String(length=64), nullable=False),
        sa.Column("visible_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retire_le", sa.DateTime(timezone=True), nullable=True),
        _parmi("carnet_affichage", "nature", "absence retard punition sanction observation"),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_affichage_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_affichage_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_affichage")),
        postgresql_partition_by="LIST (annee)",
    )
    op.create_index(op.f("ix_carnet_affichage_eleve_id"), "carnet_affichage", ["eleve_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_affichage_uai_annee_eleve_id_debut"),
        "carnet_affichage",
        ["uai", "annee", "eleve_id", "debut"],
        unique=False,
    )
    op.create_index(
        "ux_carnet_affichage_objet",
        "carnet_affichage",
        ["uai", "annee", "nature", "objet_id"],
        unique=True,
        postgresql_where=sa.text("retire_le IS NULL"),
    )

    op.create_table(
        "carnet_accuse",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("affichage_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=True),
        sa.Column("lu_le", sa.Date(), nullable=False),
        sa.Column("signe", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("source", sa.String(length=6), server_default="saisie", nullable=False),
        _parmi("carnet_accuse", "source", "saisie papier import"),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_carnet_accuse_personne_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["uai", "annee", "affichage_id"],
            ["carnet_affichage.uai", "carnet_affichage.annee", "carnet_affichage.id"],
            name=op.f("fk_carnet_accuse_uai_annee_affichage_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_accuse_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_accuse")),
        postgresql_partition_by="LIST (annee)",
    )
    op.create_index(op.f("ix_carnet_accuse_personne_id"), "carnet_accuse", ["personne_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_accuse_uai_annee_affichage_id_personne_id"),
        "carnet_accuse",
        ["uai", "annee", "affichage_id", "personne_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("carnet_accuse")
    op.drop_table("carnet_affichage")
    op.drop_table("carnet_fait")
    op.drop_table("carnet_appel")
    op.drop_table("carnet_motif")
    op.drop_table("carnet_reglage")
