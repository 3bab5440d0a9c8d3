"""Messages en attente, préférences des personnes, réglages des établissements.

Revision ID: noyau_0018
Revises: noyau_0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0018"
down_revision = "noyau_0017"
branch_labels = None
depends_on = None

_CANAUX = "canal in ('ent', 'courriel', 'sms', 'papier')"


def upgrade() -> None:
    _message()
    op.create_table(
        "preference_message",
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("sujet", sa.String(length=64), nullable=False),
        sa.Column("canal", sa.String(length=8), nullable=False),
        sa.Column("rythme", sa.String(length=8), server_default="aussitot", nullable=False),
        sa.CheckConstraint(_CANAUX, name=op.f("ck_preference_message_canal")),
        sa.CheckConstraint("rythme in ('aussitot', 'jour')", name=op.f("ck_preference_message_rythme")),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_preference_message_personne_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("personne_id", "sujet", name=op.f("pk_preference_message")),
    )  # fmt: skip
    op.create_table(
        "reglage_messages",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("silence_debut", sa.Time(), nullable=False),
        sa.Column("silence_fin", sa.Time(), nullable=False),
        sa.Column("fin_de_semaine", sa.Boolean(), nullable=False),
        sa.Column("resume", sa.Time(), nullable=False),
        sa.Column("delai", sa.SmallInteger(), nullable=False),
        sa.Column("seuil", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("silence_fin < silence_debut", name=op.f("ck_reglage_messages_silence")),
        sa.CheckConstraint(
            "resume >= silence_fin and resume < silence_debut", name=op.f("ck_reglage_messages_resume")
        ),
        sa.CheckConstraint("delai between 0 and 120", name=op.f("ck_reglage_messages_delai")),
        sa.CheckConstraint("seuil between 1 and 100", name=op.f("ck_reglage_messages_seuil")),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_reglage_messages_uai")),
        sa.PrimaryKeyConstraint("uai", name=op.f("pk_reglage_messages")),
    )


def downgrade() -> None:
    for table in ("reglage_messages", "preference_message", "message"):
        op.drop_table(table)


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("a_propos", sa.Uuid(), nullable=True),
        sa.Column("par", sa.Uuid(), nullable=True),
        sa.Column("lot", sa.Uuid(), nullable=False),
        sa.Column("sujet", sa.String(length=64), nullable=False),
        sa.Column("lien", sa.String(length=200), nullable=False),
        sa.Column("qualite", sa.String(length=10), nullable=False),
        sa.Column("canal", sa.String(length=8), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("cree_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visible_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prevu_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etat", sa.String(length=8), server_default="attente", nullable=False),
        sa.Column("confirme", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("essais", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("echec", sa.String(length=24), nullable=True),
        sa.Column("clos_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("vu", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint(_CANAUX, name=op.f("ck_message_canal")),
        sa.CheckConstraint("qualite in ('famille', 'eleve', 'personnel')", name=op.f("ck_message_qualite")),
        sa.CheckConstraint(
            "etat in ('attente', 'retenu', 'parti', 'annule', 'echec')", name=op.f("ck_message_etat")
        ),
        sa.CheckConstraint(
            "(clos_le is null) = (etat in ('attente', 'retenu'))", name=op.f("ck_message_clos")
        ),
        sa.CheckConstraint("(echec is not null) = (etat = 'echec')", name=op.f("ck_message_echec")),
        sa.CheckConstraint("lien like '/%'", name=op.f("ck_message_lien")),
        *(
            sa.ForeignKeyConstraint(
                [colonne], ["personne.id"], name=op.f(f"fk_message_{colonne}"), ondelete=sort
            )
            for colonne, sort in (("personne_id", "CASCADE"), ("a_propos", "SET NULL"), ("par", "SET NULL"))
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_message_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_message")),
    )
    op.create_index(
        op.f("ix_message_uai_personne_id_visible_le"), "message", ["uai", "personne_id", "visible_le"]
    )
    op.create_index(
        op.f("ix_message_uai_prevu_le"), "message", ["uai", "prevu_le"],
        postgresql_where=sa.text("etat in ('attente', 'retenu')"),
    )  # fmt: skip
    op.create_index(op.f("ix_message_uai_sujet_cree_le"), "message", ["uai", "sujet", "cree_le"])
    for colonne in ("personne_id", "a_propos", "par"):
        op.create_index(op.f(f"ix_message_{colonne}"), "message", [colonne])
