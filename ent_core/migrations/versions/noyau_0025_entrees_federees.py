"""Entrées par un fournisseur d'identité : liens, sessions, entrées en attente, jetons déjà vus.

Revision ID: noyau_0025
Revises: noyau_0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0025"
down_revision = "noyau_0024"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "lien_identite",
        sa.Column("emetteur", sa.Text(), nullable=False),
        sa.Column("sujet", sa.Text(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("moyen", sa.String(length=10), nullable=False),
        sa.Column("fait_le", _INSTANT, nullable=False),
        sa.Column("vu_le", _INSTANT, nullable=True),
        sa.CheckConstraint(
            "moyen in ('source', 'etat_civil', 'preuve')", name=op.f("ck_lien_identite_moyen")
        ),
        _vers_personne("lien_identite"),
        sa.PrimaryKeyConstraint("emetteur", "sujet", "personne_id", name=op.f("pk_lien_identite")),
    )
    op.create_index(op.f("ix_lien_identite_personne_id"), "lien_identite", ["personne_id"])
    op.create_table(
        "session_federee",
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("fournisseur", sa.String(length=40), nullable=False),
        sa.Column("emetteur", sa.Text(), nullable=False),
        sa.Column("sujet", sa.Text(), nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("preuve", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session_web.id"], name=op.f("fk_session_federee_session_id"), ondelete="CASCADE"
        ),
        _vers_personne("session_federee"),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session_federee")),
    )
    op.create_index(op.f("ix_session_federee_personne_id"), "session_federee", ["personne_id"])
    op.create_index(op.f("ix_session_federee_emetteur_sid"), "session_federee", ["emetteur", "sid"])
    op.create_index(op.f("ix_session_federee_emetteur_sujet"), "session_federee", ["emetteur", "sujet"])
    op.create_table(
        "entree_en_attente",
        sa.Column("jeton", sa.LargeBinary(), nullable=False),
        sa.Column("evenement", postgresql.JSONB(), nullable=False),
        sa.Column("expire_le", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("jeton", name=op.f("pk_entree_en_attente")),
    )
    op.create_table(
        "jeton_vu",
        sa.Column("jeton", sa.LargeBinary(), nullable=False),
        sa.Column("expire_le", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("jeton", name=op.f("pk_jeton_vu")),
    )
    for table in ("entree_en_attente", "jeton_vu"):
        op.create_index(op.f(f"ix_{table}_expire_le"), table, ["expire_le"])
    # Un lien posé avant cette table l'a été par l'administration, sur une clé de l'annuaire.
    op.execute(
        "insert into lien_identite (emetteur, sujet, personne_id, moyen, fait_le)"
        " select source, valeur, personne_id, 'source', now() from identifiant where type = 'sujet'"
    )
    op.execute("delete from identifiant where type = 'sujet'")


def downgrade() -> None:
    op.execute(
        "insert into identifiant (source, type, valeur, personne_id)"
        " select distinct on (emetteur, sujet) emetteur, 'sujet', sujet, personne_id from lien_identite"
        " order by emetteur, sujet, fait_le on conflict do nothing"
    )
    for table in ("jeton_vu", "entree_en_attente", "session_federee", "lien_identite"):
        op.drop_table(table)


def _vers_personne(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["personne_id"], ["personne.id"], name=op.f(f"fk_{table}_personne_id"), ondelete="CASCADE"
    )
