"""Seconds facteurs, niveau des sessions, visites de l'assistance.

Revision ID: noyau_0023
Revises: noyau_0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0023"
down_revision = "noyau_0022"
branch_labels = None
depends_on = None

_UUID = sa.text("ent_uuid7()")


def upgrade() -> None:
    _facteurs()
    op.create_table(
        "exigence_facteur",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("des_le", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_exigence_facteur_uai")),
        sa.PrimaryKeyConstraint("uai", name=op.f("pk_exigence_facteur")),
    )
    _support()
    op.add_column("session_web", sa.Column("niveau", sa.SmallInteger(), server_default="1", nullable=False))
    op.add_column(
        "session_web", sa.Column("preuves", sa.String(length=40), server_default="", nullable=False)
    )
    op.add_column(
        "session_web",
        sa.Column("prouvee_le", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.add_column("session_web", sa.Column("partagee", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("session_web", sa.Column("support_id", sa.Uuid(), nullable=True))
    op.create_check_constraint(op.f("ck_session_web_niveau"), "session_web", "niveau in (0, 1, 2)")
    op.create_foreign_key(
        op.f("fk_session_web_support_id"), "session_web", "acces_support", ["support_id"], ["id"],
        ondelete="SET NULL",
    )  # fmt: skip
    op.create_index(op.f("ix_session_web_support_id"), "session_web", ["support_id"])


def downgrade() -> None:
    """Une session en attente du second facteur serait ouverte : toutes se ferment."""
    op.execute("delete from session_web")
    op.drop_index(op.f("ix_session_web_support_id"), "session_web")
    op.drop_constraint(op.f("fk_session_web_support_id"), "session_web", type_="foreignkey")
    op.drop_constraint(op.f("ck_session_web_niveau"), "session_web", type_="check")
    for colonne in ("support_id", "partagee", "prouvee_le", "preuves", "niveau"):
        op.drop_column("session_web", colonne)
    for table in ("acces_support", "exigence_facteur", "defi", "code_secours", "facteur"):
        op.drop_table(table)


def _vers_le_compte(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["compte_id"], ["compte.id"], name=op.f(f"fk_{table}_compte_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f(f"fk_{table}_personne_id"), ondelete="CASCADE"
        ),
    )


def _facteurs() -> None:
    op.create_table(
        "facteur",
        sa.Column("id", sa.Uuid(), server_default=_UUID, nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("genre", sa.String(length=12), nullable=False),
        sa.Column("nom", sa.String(length=60), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirme_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("servi_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("dernier_pas", sa.BigInteger(), nullable=True),
        sa.Column("cle_id", sa.LargeBinary(), nullable=True),
        sa.Column("cle_publique", sa.LargeBinary(), nullable=True),
        sa.Column("compteur", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("genre in ('cle', 'application')", name=op.f("ck_facteur_genre")),
        sa.CheckConstraint(
            "(genre = 'cle') = (cle_id is not null and cle_publique is not null and compteur is not null)",
            name=op.f("ck_facteur_cle"),
        ),
        sa.CheckConstraint(
            "(genre = 'application') = (secret is not null)", name=op.f("ck_facteur_application")
        ),
        *_vers_le_compte("facteur"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_facteur")),
        sa.UniqueConstraint("cle_id", name=op.f("uq_facteur_cle_id")),
    )
    op.create_index(op.f("ix_facteur_compte_id"), "facteur", ["compte_id"])
    op.create_index(op.f("ix_facteur_personne_id"), "facteur", ["personne_id"])
    op.create_table(
        "code_secours",
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("servi_le", sa.DateTime(timezone=True), nullable=True),
        *_vers_le_compte("code_secours"),
        sa.PrimaryKeyConstraint("empreinte", name=op.f("pk_code_secours")),
    )
    op.create_index(op.f("ix_code_secours_compte_id"), "code_secours", ["compte_id"])
    op.create_index(op.f("ix_code_secours_personne_id"), "code_secours", ["personne_id"])
    op.create_table(
        "defi",
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("navigateur", sa.LargeBinary(), nullable=False),
        sa.Column("usage", sa.String(length=8), nullable=False),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("usage in ('ajouter', 'entrer', 'prouver')", name=op.f("ck_defi_usage")),
        sa.PrimaryKeyConstraint("empreinte", name=op.f("pk_defi")),
    )
    op.create_index(op.f("ix_defi_expire_le"), "defi", ["expire_le"])


def _support() -> None:
    op.create_table(
        "acces_support",
        sa.Column("id", sa.Uuid(), server_default=_UUID, nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("profil", sa.String(length=12), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("par", sa.Uuid(), nullable=True),
        sa.Column("demande", sa.String(length=40), nullable=False),
        sa.Column("motif", sa.String(length=12), nullable=False),
        sa.Column("ouvert_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ferme_le", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "motif in ('affichage', 'droits', 'donnees', 'erreur')", name=op.f("ck_acces_support_motif")
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_acces_support_uai")),
        sa.ForeignKeyConstraint(
            ["par"], ["personne.id"], name=op.f("fk_acces_support_par"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_acces_support_personne_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acces_support")),
    )
    op.create_index(
        op.f("ix_acces_support_personne_id_ouvert_le"), "acces_support", ["personne_id", "ouvert_le"]
    )
    for colonne in ("par", "uai", "ouvert_le"):
        op.create_index(op.f(f"ix_acces_support_{colonne}"), "acces_support", [colonne])
