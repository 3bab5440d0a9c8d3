"""Services tiers, tickets CAS, services prévenus d'une session, réponses comptées.

Revision ID: noyau_0024
Revises: noyau_0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0024"
down_revision = "noyau_0023"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_PROTOCOLES = "protocole in ('cas', 'oidc', 'saml')"


def upgrade() -> None:
    _services()
    _tickets()
    _parties()
    op.create_table(
        "emission_service",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("profil", sa.String(length=12), nullable=False),
        sa.Column("mois", sa.Date(), nullable=False),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_emission_service_uai")),
        sa.PrimaryKeyConstraint("uai", "service", "profil", "mois", name=op.f("pk_emission_service")),
    )


def downgrade() -> None:
    for table in ("emission_service", "partie_de_session", "ticket_cas", "service_ferme", "service_tiers"):
        op.drop_table(table)


def _services() -> None:
    op.create_table(
        "service_tiers",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("cle", sa.String(length=40), nullable=False),
        sa.Column("nom", sa.String(length=80), nullable=False),
        sa.Column("adresse", sa.Text(), nullable=False),
        sa.Column("profils", postgresql.ARRAY(sa.String(length=12)), nullable=False),
        sa.Column("etablissements", postgresql.ARRAY(sa.String(length=8)), nullable=False),
        sa.Column("finalite", sa.String(length=300), nullable=False),
        sa.Column("base", sa.String(length=30), nullable=False),
        sa.Column("destinataire", sa.String(length=120), nullable=False),
        sa.Column("contact", sa.String(length=120), nullable=False),
        sa.Column("gabarit", sa.String(length=20), nullable=False),
        sa.Column("attributs", postgresql.ARRAY(sa.String(length=60)), nullable=False),
        sa.Column("protocole", sa.String(length=8), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("actif", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("debut", sa.Date(), nullable=True),
        sa.Column("fin", sa.Date(), nullable=True),
        sa.Column("origine", sa.String(length=10), nullable=False),
        sa.Column("declare_par", sa.Uuid(), nullable=True),
        sa.Column("declare_le", _INSTANT, nullable=False),
        sa.Column("retire_par", sa.Uuid(), nullable=True),
        sa.Column("retire_le", _INSTANT, nullable=True),
        sa.Column(
            "terme", sa.Date(), sa.Computed("(retire_le at time zone 'UTC')::date", persisted=True),
            nullable=True,
        ),
        sa.CheckConstraint(_PROTOCOLES, name=op.f("ck_service_tiers_protocole")),
        sa.CheckConstraint("origine in ('page', 'commande')", name=op.f("ck_service_tiers_origine")),
        sa.CheckConstraint("debut < fin", name=op.f("ck_service_tiers_ordre")),
        *(
            sa.ForeignKeyConstraint(
                [colonne], ["personne.id"], name=op.f(f"fk_service_tiers_{colonne}"), ondelete="SET NULL"
            )
            for colonne in ("declare_par", "retire_par")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_tiers")),
    )  # fmt: skip
    op.create_index(
        op.f("uq_service_tiers_en_vigueur"), "service_tiers", ["cle"], unique=True,
        postgresql_where=sa.text("retire_le is null"),
    )  # fmt: skip
    for colonne in ("declare_par", "retire_par"):
        op.create_index(op.f(f"ix_service_tiers_{colonne}"), "service_tiers", [colonne])
    op.create_table(
        "service_ferme",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("cle", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_service_ferme_uai")),
        sa.PrimaryKeyConstraint("uai", "cle", name=op.f("pk_service_ferme")),
    )


def _tickets() -> None:
    op.create_table(
        "ticket_cas",
        sa.Column("empreinte", sa.LargeBinary(), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("adresse", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("compte_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("profil", sa.String(length=12), nullable=False),
        sa.Column("principal", sa.Boolean(), nullable=False),
        sa.Column("cree_le", _INSTANT, nullable=False),
        sa.Column("expire_le", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session_web.id"], name=op.f("fk_ticket_cas_session_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["compte_id"], ["compte.id"], name=op.f("fk_ticket_cas_compte_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_ticket_cas_personne_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("empreinte", name=op.f("pk_ticket_cas")),
    )
    for colonne in ("session_id", "compte_id", "personne_id", "expire_le"):
        op.create_index(op.f(f"ix_ticket_cas_{colonne}"), "ticket_cas", [colonne])


def _parties() -> None:
    op.create_table(
        "partie_de_session",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("protocole", sa.String(length=8), nullable=False),
        sa.Column("nom_de_session", sa.Text(), nullable=False),
        sa.Column("adresse", sa.Text(), nullable=False),
        sa.Column("cree_le", _INSTANT, nullable=False),
        sa.Column("etat", sa.String(length=12), server_default="ouverte", nullable=False),
        sa.Column("essais", sa.SmallInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(_PROTOCOLES, name=op.f("ck_partie_de_session_protocole")),
        sa.CheckConstraint(
            "etat in ('ouverte', 'a_prevenir', 'prevenue', 'injoignable', 'sans_avis')",
            name=op.f("ck_partie_de_session_etat"),
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_partie_de_session_personne_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partie_de_session")),
    )  # fmt: skip
    op.create_index(op.f("ix_partie_de_session_session_id"), "partie_de_session", ["session_id"])
    op.create_index(
        op.f("ix_partie_de_session_personne_id_cree_le"), "partie_de_session", ["personne_id", "cree_le"]
    )
    op.create_index(op.f("ix_partie_de_session_cree_le"), "partie_de_session", ["cree_le"])
