"""Discipline : conseil, pièces et accompagnement d'une sanction, accueil de l'exclu, demandes écrites.

Revision ID: carnet_0006
Revises: carnet_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0006"
down_revision = "carnet_0005"
branch_labels = None
depends_on = None

_ETAPES_AVANT = (
    "ouverture notification_eleve notification_responsables consultation_dossier observations_recues"
    " convocation_conseil prononce notification_decision revocation_sursis appel classement"
)
_ETAPES = (
    "ouverture notification_eleve notification_responsables consultation_dossier observations_recues"
    " convocation_conseil seconde_convocation prononce notification_decision mesure_acceptee mesure_refusee"
    " mesure_respectee mesure_manquee revocation_sursis execution appel classement"
)
_MOTIFS = (
    "travail_non_fait materiel bavardage retards absenteisme telephone insolence degradation fraude"
    " mise_en_danger violence_verbale violence_physique harcelement atteinte_a_la_laicite autre"
)
_DATES = ("conseil_le", "accord_le", "convention_le", "engagement_le", "effacement_demande_le")


def _liste(colonne: str, valeurs: str) -> str:
    permises = ", ".join(f"'{valeur}'" for valeur in valeurs.split())
    return f"{colonne} in ({permises})"


def upgrade() -> None:
    op.add_column(
        "carnet_sanction", sa.Column("majeur", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    for nom in _DATES:
        op.add_column("carnet_sanction", sa.Column(nom, sa.Date(), nullable=True))
    op.add_column(
        "carnet_sanction",
        sa.Column("hors_etablissement", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("carnet_sanction", sa.Column("accompagnement", sa.String(length=24), nullable=True))
    op.add_column(
        "carnet_sanction", sa.Column("au_registre", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "carnet_sanction",
        sa.Column("issue", sa.String(length=20), server_default="en_cours", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_carnet_sanction_issue"),
        "carnet_sanction",
        _liste(
            "issue",
            "en_cours sans_sanction avertissement blame responsabilisation exclusion_classe exclusion_etab"
            " definitive",
        ),
    )
    op.create_check_constraint(
        op.f("ck_carnet_sanction_accompagnement"),
        "carnet_sanction",
        _liste(
            "accompagnement",
            "entretien fiche_de_suivi tutorat commission_educative rencontre_famille accueil_au_retour"
            " mediation",
        ),
    )
    op.create_check_constraint(
        op.f("ck_carnet_sanction_pieces"),
        "carnet_sanction",
        "not hors_etablissement"
        " or (accord_le is not null and convention_le is not null and engagement_le is not null)",
    )

    # « notification_responsables » a vingt-cinq lettres.
    op.alter_column("carnet_etape", "nature", type_=sa.String(length=32))
    op.add_column("carnet_etape", sa.Column("voie", sa.String(length=12), nullable=True))
    op.create_check_constraint(
        op.f("ck_carnet_etape_voie"), "carnet_etape", _liste("voie", "main_propre recommande")
    )
    op.drop_constraint(op.f("ck_carnet_etape_nature"), "carnet_etape", type_="check")
    op.create_check_constraint(op.f("ck_carnet_etape_nature"), "carnet_etape", _liste("nature", _ETAPES))

    op.add_column("carnet_punition", sa.Column("accueil", sa.String(length=16), nullable=True))
    op.create_check_constraint(
        op.f("ck_carnet_punition_accueil"),
        "carnet_punition",
        _liste("accueil", "vie_scolaire cpe direction cdi infirmerie"),
    )
    op.create_check_constraint(
        op.f("ck_carnet_punition_exclusion"),
        "carnet_punition",
        "nature <> 'exclusion_de_cours' or (circonstances is not null and accueil is not null)",
    )

    op.create_table(
        "carnet_demande",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("conseil", sa.Boolean(), nullable=False),
        sa.Column("motif", sa.String(length=24), nullable=False),
        sa.Column("faits", sa.LargeBinary(), nullable=False),
        sa.Column("personnel_vise", sa.Boolean(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("suite", sa.String(length=8), server_default="attente", nullable=False),
        sa.Column("suivie_le", sa.Date(), nullable=True),
        sa.Column("suivie_par", sa.Uuid(), nullable=True),
        sa.CheckConstraint(_liste("motif", _MOTIFS), name=op.f("ck_carnet_demande_motif")),
        sa.CheckConstraint(_liste("suite", "attente engagee classee"), name=op.f("ck_carnet_demande_suite")),
        sa.ForeignKeyConstraint(
            ["auteur_id"], ["personne.id"], name=op.f("fk_carnet_demande_auteur_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f("fk_carnet_demande_eleve_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["suivie_par"], ["personne.id"], name=op.f("fk_carnet_demande_suivie_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_carnet_demande_uai")),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f("pk_carnet_demande")),
    )
    for colonnes in (
        ["uai", "annee", "suite"],
        ["uai", "annee", "auteur_id"],
        ["eleve_id"],
        ["auteur_id"],
        ["suivie_par"],
    ):
        op.create_index(op.f(f"ix_carnet_demande_{'_'.join(colonnes)}"), "carnet_demande", colonnes)


def downgrade() -> None:
    op.drop_table("carnet_demande")
    for nom in ("exclusion", "accueil"):
        op.drop_constraint(op.f(f"ck_carnet_punition_{nom}"), "carnet_punition", type_="check")
    op.drop_column("carnet_punition", "accueil")
    op.drop_constraint(op.f("ck_carnet_etape_nature"), "carnet_etape", type_="check")
    op.create_check_constraint(
        op.f("ck_carnet_etape_nature"), "carnet_etape", _liste("nature", _ETAPES_AVANT)
    )
    op.drop_constraint(op.f("ck_carnet_etape_voie"), "carnet_etape", type_="check")
    op.drop_column("carnet_etape", "voie")
    op.alter_column("carnet_etape", "nature", type_=sa.String(length=24))
    for nom in ("pieces", "accompagnement", "issue"):
        op.drop_constraint(op.f(f"ck_carnet_sanction_{nom}"), "carnet_sanction", type_="check")
    for colonne in (
        "issue",
        "au_registre",
        "accompagnement",
        "hors_etablissement",
        *reversed(_DATES),
        "majeur",
    ):
        op.drop_column("carnet_sanction", colonne)
