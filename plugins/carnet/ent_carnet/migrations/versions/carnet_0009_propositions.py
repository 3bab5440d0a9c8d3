"""Punitions proposées ; l'affichage ne garde plus une date que nulle page ne lisait.

« Montrée à partir de » se déduit de la punition et de son délai de correction : la colonne, neutre et écrite
pour rien, est ôtée (RGPD, article 5.1 c).

Revision ID: carnet_0009
Revises: carnet_0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0009"
down_revision = "carnet_0008"
branch_labels = None
depends_on = None

_TABLE = "carnet_proposition"
_MOTIFS = (
    "travail_non_fait materiel bavardage retards absenteisme telephone insolence degradation fraude"
    " mise_en_danger violence_verbale violence_physique harcelement atteinte_a_la_laicite autre"
)
_LISTES = {"nature": "mention excuse devoir retenue", "motif": _MOTIFS, "etat": "proposee acceptee refusee"}
_PERSONNES = {"eleve_id": "CASCADE", "auteur_id": "SET NULL", "repondue_par": "SET NULL"}


def upgrade() -> None:
    op.drop_column("carnet_affichage", "visible_le")
    op.create_table(
        _TABLE,
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("annee", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.String(length=20), nullable=False),
        sa.Column("motif", sa.String(length=24), nullable=False),
        sa.Column("circonstances", sa.LargeBinary(), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("auteur_id", sa.Uuid(), nullable=True),
        sa.Column("etat", sa.String(length=10), server_default="proposee", nullable=False),
        sa.Column("reponse", sa.LargeBinary(), nullable=True),
        sa.Column("repondue_le", sa.Date(), nullable=True),
        sa.Column("repondue_par", sa.Uuid(), nullable=True),
        sa.Column("punition_id", sa.Uuid(), nullable=True),
        *(_parmi(colonne, valeurs) for colonne, valeurs in _LISTES.items()),
        sa.CheckConstraint("(etat = 'proposee') = (repondue_le is null)", name=op.f(f"ck_{_TABLE}_repondue")),
        sa.CheckConstraint("etat <> 'refusee' or reponse is not null", name=op.f(f"ck_{_TABLE}_mot")),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{_TABLE}_uai")),
        *(
            sa.ForeignKeyConstraint([nom], ["personne.id"], name=op.f(f"fk_{_TABLE}_{nom}"), ondelete=sort)
            for nom, sort in _PERSONNES.items()
        ),
        sa.PrimaryKeyConstraint("uai", "annee", "id", name=op.f(f"pk_{_TABLE}")),
    )
    for nom in ("etat", "auteur_id"):
        op.create_index(op.f(f"ix_{_TABLE}_uai_annee_{nom}"), _TABLE, ["uai", "annee", nom])
    for nom in _PERSONNES:
        op.create_index(op.f(f"ix_{_TABLE}_{nom}"), _TABLE, [nom])


def downgrade() -> None:
    """La date ôtée ne revient pas : elle renaît à l'instant du retour."""
    op.drop_table(_TABLE)
    op.add_column(
        "carnet_affichage",
        sa.Column("visible_le", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.alter_column("carnet_affichage", "visible_le", server_default=None)


def _parmi(colonne: str, valeurs: str) -> sa.CheckConstraint:
    permises = ", ".join(f"'{valeur}'" for valeur in valeurs.split())
    return sa.CheckConstraint(f"{colonne} in ({permises})", name=op.f(f"ck_{_TABLE}_{colonne}"))
