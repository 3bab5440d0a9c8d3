"""Protection des comptes : profils suspendus, adresses vérifiées, liens d'un seul usage, avis d'appareil.

Revision ID: noyau_0022
Revises: noyau_0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0022"
down_revision = "noyau_0021"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _suspension()
    op.create_table(
        "adresse_verifiee",
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("adresse", sa.Text(), nullable=False),
        sa.Column("verifiee_le", _INSTANT, nullable=False),
        *_liens("adresse_verifiee"),
        sa.PrimaryKeyConstraint("compte_id", name=op.f("pk_adresse_verifiee")),
    )
    op.create_table(
        "lien_secret",
        sa.Column("jeton", sa.LargeBinary(), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("usage", sa.String(length=8), nullable=False),
        sa.Column("adresse", sa.Text(), nullable=False),
        sa.Column("expire_le", _INSTANT, nullable=False),
        sa.CheckConstraint("usage in ('secret', 'adresse')", name=op.f("ck_lien_secret_usage")),
        *_liens("lien_secret"),
        sa.PrimaryKeyConstraint("jeton", name=op.f("pk_lien_secret")),
    )
    op.create_index(
        op.f("ix_lien_secret_compte_id_usage"), "lien_secret", ["compte_id", "usage"], unique=True
    )
    op.create_table(
        "avis_appareil",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("appareil", sa.Text(), nullable=False),
        sa.Column("reseau_connu", sa.Boolean(), nullable=False),
        sa.Column("vu_le", _INSTANT, nullable=False),
        sa.Column("reponse", sa.String(length=8), server_default="aucune", nullable=False),
        sa.CheckConstraint("reponse in ('aucune', 'moi', 'pas_moi')", name=op.f("ck_avis_appareil_reponse")),
        *_liens("avis_appareil"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avis_appareil")),
    )
    for colonne in ("compte_id", "vu_le"):
        op.create_index(op.f(f"ix_avis_appareil_{colonne}"), "avis_appareil", [colonne])
    for table in ("adresse_verifiee", "lien_secret", "avis_appareil"):
        op.create_index(op.f(f"ix_{table}_personne_id"), table, ["personne_id"])


def downgrade() -> None:
    for table in ("avis_appareil", "lien_secret", "adresse_verifiee", "suspension_profil"):
        op.drop_table(table)


def _suspension() -> None:
    op.create_table(
        "suspension_profil",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("profil", sa.String(length=12), nullable=False),
        sa.Column("motif", sa.String(length=12), nullable=False),
        sa.Column("suspendu_par", sa.Uuid(), nullable=True),
        sa.Column("suspendu_le", _INSTANT, nullable=False),
        sa.Column("rouvert_par", sa.Uuid(), nullable=True),
        sa.Column("rouvert_le", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "motif in ('comptes', 'travaux', 'autre')", name=op.f("ck_suspension_profil_motif")
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_suspension_profil_uai")),
        *(
            sa.ForeignKeyConstraint(
                [colonne], ["personne.id"], name=op.f(f"fk_suspension_profil_{colonne}"), ondelete="SET NULL"
            )
            for colonne in ("suspendu_par", "rouvert_par")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspension_profil")),
    )
    op.create_index(
        "uq_suspension_profil_en_vigueur", "suspension_profil", ["uai", "profil"], unique=True,
        postgresql_where=sa.text("rouvert_le is null"),
    )  # fmt: skip
    for colonne in ("suspendu_par", "rouvert_par"):
        op.create_index(op.f(f"ix_suspension_profil_{colonne}"), "suspension_profil", [colonne])


def _liens(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    """Le compte et la personne emportent la ligne avec eux."""
    return tuple(
        sa.ForeignKeyConstraint([colonne], [vers], name=op.f(f"fk_{table}_{colonne}"), ondelete="CASCADE")
        for colonne, vers in (("compte_id", "compte.id"), ("personne_id", "personne.id"))
    )
