"""Traces des écritures et des lectures de données sensibles.

Revision ID: noyau_0007
Revises: noyau_0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0007"
down_revision = "noyau_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "trace_ecriture",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("instant", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("acteur_id", sa.Uuid(), nullable=True),
        sa.Column("finalite", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("traitement", sa.Text(), nullable=True),
        sa.Column("nom_table", sa.Text(), nullable=False),
        sa.Column("operation", sa.String(length=6), nullable=False),
        sa.Column("colonnes", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("sujet_id", sa.Uuid(), nullable=True),
        sa.Column("lignes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_ecriture")),
    )
    op.create_index(op.f("ix_trace_ecriture_instant"), "trace_ecriture", ["instant"])
    op.create_index(op.f("ix_trace_ecriture_sujet_id_instant"), "trace_ecriture", ["sujet_id", "instant"])
    op.create_index(op.f("ix_trace_ecriture_acteur_id"), "trace_ecriture", ["acteur_id"])
    op.create_table(
        "trace_lecture",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("lecteur_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("traitement", sa.Text(), nullable=False),
        sa.Column("colonnes", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sujet_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_lecture")),
        sa.UniqueConstraint(
            "jour", "lecteur_id", "uai", "traitement", "colonnes", "sujet_id", "role",
            name="uq_trace_lecture_fait", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_trace_lecture_sujet_id_jour"), "trace_lecture", ["sujet_id", "jour"])
    op.create_index(op.f("ix_trace_lecture_lecteur_id"), "trace_lecture", ["lecteur_id"])
    # Une audience ne peut rien écrire dans la trace, ni la lire : elle demande à la base de noter.
    op.execute(
        """
        create function ent_noter_lecture(quoi text, lues text[], sujets uuid[]) returns void
        language sql security definer set search_path = public, pg_temp as $$
          insert into trace_lecture (jour, uai, lecteur_id, role, traitement, colonnes, sujet_id)
          select (now() at time zone 'Europe/Paris')::date, nullif(current_setting('ent.uai', true), ''),
            nullif(current_setting('ent.personne', true), '')::uuid, current_setting('role'),
            quoi, lues, s
          from unnest(case when cardinality(sujets) = 0 then array[null::uuid] else sujets end) s
          on conflict do nothing
        $$
        """
    )
    op.execute("revoke all on function ent_noter_lecture(text, text[], uuid[]) from public")
    op.execute("grant execute on function ent_noter_lecture(text, text[], uuid[]) to ent_audience")


def downgrade() -> None:
    op.execute("drop function ent_noter_lecture(text, text[], uuid[])")
    op.drop_table("trace_lecture")
    op.drop_table("trace_ecriture")
