"""Punitions, observations, sanctions, et le registre sans nom.

Revision ID: carnet_0003
Revises: carnet_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0003"
down_revision = "carnet_0002"
branch_labels = None
depends_on = None


def _parmi(table: str, colonne: str, valeurs: str) -> sa.CheckConstraint:
    permises = ", ".join(f"'{valeur}'" for valeur in valeurs.split())
    return sa.CheckConstraint(f"{colonne} in ({permises})", name=op.f(f"ck_{table}_{colonne}"))


def upgrade() -> None:
    op.create_table(
        "carnet_punition",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.String(length=20), nullable=False),
        sa.Column("motif", sa.String(length=24), nullable=False),
        sa.Column("circonstances", sa.LargeBinary(), nullable=True),
        sa.Column("travail", sa.Text(), nullable=True),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("seance_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(length=6), server_default="saisie", nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("donnee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("annulee_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "nature <> 'devoir' or travail is not null", name=op.f("ck_carnet_punition_travail")
        ),
        sa.CheckConstraint(
            "nature <> 'exclusion_de_cours' or seance_id is not null", name=op.f("ck_carnet_punition_seance")
        ),
        _parmi("carnet_punition", "nature", "mention excuse devoir exclusion_de_cours retenue"),
        _parmi("carnet_punition", "source", "saisie papier import"),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_punition_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_punition_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_punition_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_punition")),
    )
    op.create_index(op.f("ix_carnet_punition_auteur_id"), "carnet_punition", ["auteur_id"], unique=False)
    op.create_index(op.f("ix_carnet_punition_eleve_id"), "carnet_punition", ["eleve_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_punition_uai_annee_eleve_id_jour"),
        "carnet_punition",
        ["uai", "annee", "eleve_id", "jour"],
        unique=False,
    )
    op.create_index(
        op.f("ix_carnet_punition_uai_annee_jour"), "carnet_punition", ["uai", "annee", "jour"], unique=False
    )

    op.create_table(
        "carnet_retenue",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("punition_id", sa.Uuid(), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lieu", sa.String(length=32), nullable=False),
        sa.Column("surveille_par", sa.Uuid(), nullable=True),
        sa.Column("etat", sa.String(length=10), server_default="prevue", nullable=False),
        _parmi("carnet_retenue", "etat", "prevue faite reportee manquee levee"),
        sa.CheckConstraint("debut < fin", name=op.f("ck_carnet_retenue_ordre")),
        sa.ForeignKeyConstraint(
            ["surveille_par"],
            ["personne.id"],
            name=op.f("fk_carnet_retenue_surveille_par"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["uai", "annee", "punition_id"],
            ["carnet_punition.uai", "carnet_punition.annee", "carnet_punition.id"],
            name=op.f("fk_carnet_retenue_uai_annee_punition_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_retenue_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_retenue")),
    )
    op.create_index(
        op.f("ix_carnet_retenue_surveille_par"), "carnet_retenue", ["surveille_par"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_retenue_uai_annee_debut"), "carnet_retenue", ["uai", "annee", "debut"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_retenue_uai_annee_punition_id"),
        "carnet_retenue",
        ["uai", "annee", "punition_id"],
        unique=False,
    )
    op.create_index(
        "ux_carnet_retenue_prevue",
        "carnet_retenue",
        ["uai", "annee", "punition_id"],
        unique=True,
        postgresql_where=sa.text("etat = 'prevue'"),
    )

    op.create_table(
        "carnet_observation",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("seance_id", sa.Uuid(), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("retiree_le", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_observation_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_observation_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_observation_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_observation")),
    )
    op.create_index(
        op.f("ix_carnet_observation_auteur_id"), "carnet_observation", ["auteur_id"], unique=False
    )
    op.create_index(op.f("ix_carnet_observation_eleve_id"), "carnet_observation", ["eleve_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_observation_uai_annee_eleve_id_jour"),
        "carnet_observation",
        ["uai", "annee", "eleve_id", "jour"],
        unique=False,
    )

    op.create_table(
        "carnet_sanction",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("etat", sa.String(length=16), server_default="ouverte", nullable=False),
        sa.Column("motif", sa.String(length=24), nullable=False),
        sa.Column("faits", sa.LargeBinary(), nullable=False),
        sa.Column("faits_le", sa.Date(), nullable=False),
        sa.Column("defense_jusqu_au", sa.Date(), nullable=True),
        sa.Column("sanction", sa.SmallInteger(), nullable=True),
        sa.Column("par_conseil", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("prononcee_le", sa.Date(), nullable=True),
        sa.Column("prononcee_par", sa.Uuid(), nullable=True),
        sa.Column("motivation", sa.LargeBinary(), nullable=True),
        sa.Column("jours", sa.SmallInteger(), nullable=True),
        sa.Column("heures", sa.SmallInteger(), nullable=True),
        sa.Column("du", sa.Date(), nullable=True),
        sa.Column("au", sa.Date(), nullable=True),
        sa.Column("sursis_jusqu_au", sa.Date(), nullable=True),
        sa.Column("sursis_revoque_le", sa.Date(), nullable=True),
        sa.Column("mesure", sa.String(length=10), server_default="aucune", nullable=False),
        sa.Column("efface_le", sa.Date(), nullable=True),
        _parmi("carnet_sanction", "etat", "ouverte faits_notifies prononcee notifiee executee classee"),
        _parmi("carnet_sanction", "mesure", "aucune proposee acceptee respectee manquee"),
        sa.CheckConstraint(
            "(sanction is null) = (prononcee_le is null)", name=op.f("ck_carnet_sanction_prononce")
        ),
        sa.CheckConstraint(
            "heures is null or (heures between 1 and 20 and sanction = 3)",
            name=op.f("ck_carnet_sanction_responsabilisation"),
        ),
        sa.CheckConstraint(
            "jours is null or (jours between 1 and 8 and sanction in (4, 5))",
            name=op.f("ck_carnet_sanction_exclusion"),
        ),
        sa.CheckConstraint("sanction <> 6 or par_conseil", name=op.f("ck_carnet_sanction_autorite")),
        sa.CheckConstraint("sanction between 1 and 6", name=op.f("ck_carnet_sanction_echelle")),
        sa.CheckConstraint(
            "sursis_jusqu_au is null or sanction between 3 and 6", name=op.f("ck_carnet_sanction_sursis")
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_sanction_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["prononcee_par"],
            ["personne.id"],
            name=op.f("fk_carnet_sanction_prononcee_par"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_sanction_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_carnet_sanction")),
    )
    op.create_index(op.f("ix_carnet_sanction_eleve_id"), "carnet_sanction", ["eleve_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_sanction_prononcee_par"), "carnet_sanction", ["prononcee_par"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_sanction_uai_efface_le"), "carnet_sanction", ["uai", "efface_le"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_sanction_uai_eleve_id"), "carnet_sanction", ["uai", "eleve_id"], unique=False
    )
    op.create_index(op.f("ix_carnet_sanction_uai_etat"), "carnet_sanction", ["uai", "etat"], unique=False)

    op.create_table(
        "carnet_etape",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("sanction_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.String(length=24), nullable=False),
        sa.Column("le", sa.Date(), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("efface_le", sa.Date(), nullable=True),
        _parmi(
            "carnet_etape",
            "nature",
            "ouverture notification_eleve notification_responsables consultation_dossier "
            "observations_recues convocation_conseil prononce notification_decision "
            "revocation_sursis appel classement",
        ),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_etape_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["uai", "sanction_id"],
            ["carnet_sanction.uai", "carnet_sanction.id"],
            name=op.f("fk_carnet_etape_uai_sanction_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_etape_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_carnet_etape")),
    )
    op.create_index(op.f("ix_carnet_etape_auteur_id"), "carnet_etape", ["auteur_id"], unique=False)
    op.create_index(
        op.f("ix_carnet_etape_uai_sanction_id_le"), "carnet_etape", ["uai", "sanction_id", "le"], unique=False
    )

    op.create_table(
        "carnet_interdiction",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("levee_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("du <= au", name=op.f("ck_carnet_interdiction_ordre")),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_interdiction_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_interdiction_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_interdiction_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_interdiction")),
    )
    op.create_index(
        op.f("ix_carnet_interdiction_auteur_id"), "carnet_interdiction", ["auteur_id"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_interdiction_eleve_id"), "carnet_interdiction", ["eleve_id"], unique=False
    )
    op.create_index(
        op.f("ix_carnet_interdiction_uai_annee_eleve_id"),
        "carnet_interdiction",
        ["uai", "annee", "eleve_id"],
        unique=False,
    )

    op.create_table(
        "carnet_registre",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("mois", sa.SmallInteger(), nullable=False),
        sa.Column("motif", sa.String(length=24), nullable=False),
        sa.Column("sanction", sa.SmallInteger(), nullable=False),
        sa.Column("avec_sursis", sa.Boolean(), nullable=False),
        sa.Column("par_conseil", sa.Boolean(), nullable=False),
        sa.Column("mesure", sa.String(length=10), nullable=False),
        _parmi("carnet_registre", "mesure", "aucune proposee acceptee respectee manquee"),
        sa.CheckConstraint("mois between 1 and 12", name=op.f("ck_carnet_registre_mois")),
        sa.CheckConstraint("sanction between 1 and 6", name=op.f("ck_carnet_registre_echelle")),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_registre_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_registre")),
    )


def downgrade() -> None:
    op.drop_table("carnet_registre")
    op.drop_table("carnet_interdiction")
    op.drop_table("carnet_etape")
    op.drop_table("carnet_sanction")
    op.drop_table("carnet_observation")
    op.drop_table("carnet_retenue")
    op.drop_table("carnet_punition")
