"""Autorisations d'absence, désaccords connus, signalements exceptionnels ; adresse du règlement intérieur.

Revision ID: carnet_0008
Revises: carnet_0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0008"
down_revision = "carnet_0007"
branch_labels = None
depends_on = None

_HEURE = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("carnet_reglage", sa.Column("reglement", sa.String(length=500), nullable=True))
    _table(
        "carnet_demande_absence",
        sa.Column("debut", _HEURE, nullable=False),
        sa.Column("fin", _HEURE, nullable=False),
        sa.Column("invitee_le", sa.Date(), nullable=False),
        *(sa.Column(nom, sa.Date(), nullable=True) for nom in ("recue_le", "transmise_le", "repondue_le")),
        sa.Column("reponse", sa.String(length=8), nullable=True),
        sa.Column("levee_le", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "reponse in ('accordee', 'refusee')", name=op.f("ck_carnet_demande_absence_reponse")
        ),
        sa.CheckConstraint("debut < fin", name=op.f("ck_carnet_demande_absence_ordre")),
        sa.CheckConstraint(
            "(transmise_le is null or recue_le is not null)"
            " and (repondue_le is null or transmise_le is not null)",
            name=op.f("ck_carnet_demande_absence_etapes"),
        ),
        sa.CheckConstraint(
            "(reponse is null) = (repondue_le is null)", name=op.f("ck_carnet_demande_absence_repondue")
        ),
        personnes=("auteur_id",),
    )
    op.create_index(
        op.f("ix_carnet_demande_absence_uai_annee_eleve_id_debut"), "carnet_demande_absence",
        ["uai", "annee", "eleve_id", "debut"],
    )  # fmt: skip
    _table(
        "carnet_desaccord",
        sa.Column("signale_le", sa.Date(), nullable=False),
        sa.Column("leve_le", sa.Date(), nullable=True),
        personnes=("auteur_id",),
    )
    op.create_index(
        "ux_carnet_desaccord_ouvert", "carnet_desaccord", ["uai", "annee", "eleve_id"], unique=True,
        postgresql_where=sa.text("leve_le is null"),
    )  # fmt: skip
    _table(
        "carnet_signalement",
        sa.Column("motif", sa.String(length=12), nullable=False),
        sa.Column("etat", sa.String(length=8), server_default="propose", nullable=False),
        sa.Column("propose_le", sa.Date(), nullable=False),
        sa.Column("decide_le", sa.Date(), nullable=True),
        sa.CheckConstraint("motif in ('absenteisme', 'abandon')", name=op.f("ck_carnet_signalement_motif")),
        sa.CheckConstraint(
            "etat in ('propose', 'decide', 'ecarte')", name=op.f("ck_carnet_signalement_etat")
        ),
        sa.CheckConstraint(
            "(decide_le is null) = (etat = 'propose')", name=op.f("ck_carnet_signalement_decide")
        ),
        personnes=("auteur_id", "decide_par"),
    )
    op.create_index(
        op.f("ix_carnet_signalement_uai_annee_eleve_id"), "carnet_signalement", ["uai", "annee", "eleve_id"]
    )


def downgrade() -> None:
    for table in ("carnet_signalement", "carnet_desaccord", "carnet_demande_absence"):
        op.drop_table(table)
    op.drop_column("carnet_reglage", "reglement")


def _table(table: str, *colonnes: sa.schema.SchemaItem, personnes: tuple[str, ...]) -> None:
    op.create_table(
        table,
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        *colonnes,
        *(sa.Column(nom, sa.Uuid(), nullable=True) for nom in personnes),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{table}_uai")),
        sa.ForeignKeyConstraint(
            ["eleve_id"], ["personne.id"], name=op.f(f"fk_{table}_eleve_id"), ondelete="CASCADE"
        ),
        *(
            sa.ForeignKeyConstraint(
                [nom], ["personne.id"], name=op.f(f"fk_{table}_{nom}"), ondelete="SET NULL"
            )
            for nom in personnes
        ),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f(f"pk_{table}")),
    )
    for nom in ("eleve_id", *personnes):
        op.create_index(op.f(f"ix_{table}_{nom}"), table, [nom])
