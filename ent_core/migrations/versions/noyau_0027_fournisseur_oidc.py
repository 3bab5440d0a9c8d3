"""Fournisseur OpenID Connect : codes, jetons, accords, clés ; nom de l'ENT dans un avis de sortie.

Revision ID: noyau_0027
Revises: noyau_0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0027"
down_revision = "noyau_0026"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("partie_de_session", sa.Column("emetteur", sa.Text(), server_default="", nullable=False))
    _delegations(
        "code_oidc",
        sa.Column("retour", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("defi", sa.String(length=43), nullable=False),
        sa.Column("echange_le", _INSTANT, nullable=True),
    )
    _delegations(
        "jeton_oidc",
        sa.Column("sorte", sa.String(length=8), nullable=False),
        sa.Column("servi_le", _INSTANT, nullable=True),
        sa.Column("retire_le", _INSTANT, nullable=True),
        sa.CheckConstraint("sorte in ('acces', 'suite')", name=op.f("ck_jeton_oidc_sorte")),
    )
    op.create_index(op.f("ix_code_oidc_compte_id"), "code_oidc", ["compte_id"])
    op.create_index(op.f("ix_jeton_oidc_compte_id_service"), "jeton_oidc", ["compte_id", "service"])
    op.create_index(op.f("ix_jeton_oidc_famille"), "jeton_oidc", ["famille"])
    for table in ("code_oidc", "jeton_oidc"):
        op.create_index(op.f(f"ix_{table}_personne_id"), table, ["personne_id"])
        op.create_index(op.f(f"ix_{table}_expire_le"), table, ["expire_le"])
    _accords()
    op.create_table(
        "cle_oidc",
        sa.Column("kid", sa.String(length=16), nullable=False),
        sa.Column("algorithme", sa.String(length=5), nullable=False),
        sa.Column("privee", sa.LargeBinary(), nullable=False),
        sa.Column("cree_le", _INSTANT, nullable=False),
        sa.Column("remplacee_le", _INSTANT, nullable=True),
        sa.Column(
            "terme",
            sa.Date(),
            sa.Computed("(remplacee_le at time zone 'UTC')::date", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint("algorithme in ('RS256', 'ES256')", name=op.f("ck_cle_oidc_algorithme")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_cle_oidc")),
    )
    op.create_index(
        "uq_cle_oidc_en_service", "cle_oidc", ["algorithme"], unique=True,
        postgresql_where=sa.text("remplacee_le is null"),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("cle_oidc", "accord_service", "jeton_oidc", "code_oidc"):
        op.drop_table(table)
    op.drop_column("partie_de_session", "emetteur")


def _delegations(table: str, *propres: sa.Column[object] | sa.CheckConstraint) -> None:
    op.create_table(
        table,
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("famille", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("profil", sa.String(length=12), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("methode", sa.String(length=20), nullable=False),
        sa.Column("preuves", sa.String(length=40), nullable=False),
        sa.Column("niveau", sa.SmallInteger(), nullable=False),
        sa.Column("authentifie_le", _INSTANT, nullable=False),
        sa.Column("portees", postgresql.ARRAY(sa.String(length=60)), nullable=False),
        sa.Column("prolonge", sa.Boolean(), nullable=False),
        sa.Column("cree_le", _INSTANT, nullable=False),
        sa.Column("expire_le", _INSTANT, nullable=False),
        *propres,
        *_vers_compte_et_personne(table),
        sa.PrimaryKeyConstraint("empreinte", name=op.f(f"pk_{table}")),
    )


def _accords() -> None:
    op.create_table(
        "accord_service",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("portees", postgresql.ARRAY(sa.String(length=60)), nullable=False),
        sa.Column("accorde_le", _INSTANT, nullable=False),
        sa.Column("retire_le", _INSTANT, nullable=True),
        sa.Column(
            "terme",
            sa.Date(),
            sa.Computed("(retire_le at time zone 'UTC')::date", persisted=True),
            nullable=True,
        ),
        *_vers_compte_et_personne("accord_service"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accord_service")),
    )
    op.create_index(op.f("ix_accord_service_compte_id"), "accord_service", ["compte_id"])
    op.create_index(op.f("ix_accord_service_personne_id"), "accord_service", ["personne_id"])
    op.create_index(
        "uq_accord_service_en_vigueur", "accord_service", ["compte_id", "service"], unique=True,
        postgresql_where=sa.text("retire_le is null"),
    )  # fmt: skip


def _vers_compte_et_personne(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return tuple(
        sa.ForeignKeyConstraint(
            [f"{vers}_id"], [f"{vers}.id"], name=op.f(f"fk_{table}_{vers}_id"), ondelete="CASCADE"
        )
        for vers in ("compte", "personne")
    )
