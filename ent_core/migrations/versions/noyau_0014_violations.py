"""Violations et leurs étapes ; accès demandés aux traces ; refus comptés.

Revision ID: noyau_0014
Revises: noyau_0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0014"
down_revision = "noyau_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _violations()
    _acces()
    op.create_table(
        "refus_compte",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("heure", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nature", sa.String(length=12), nullable=False),
        sa.Column("objet", sa.String(length=120), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refus_compte")),
        sa.UniqueConstraint(
            "heure", "nature", "objet", "role", "uai",
            name="uq_refus_compte_fait", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip
    # Nul compte n'y écrit : un refus se compte en demandant à la base, qui ne sait pas qui demande.
    op.execute(
        """
        create function ent_compter_refus(quelle text, quoi text, sous text, ou text, combien integer)
        returns void language sql security definer set search_path = public, pg_temp as $$
          insert into refus_compte (heure, nature, objet, role, uai, nombre)
          values (date_trunc('hour', now()), quelle, quoi, sous, ou, combien)
          on conflict on constraint uq_refus_compte_fait
            do update set nombre = refus_compte.nombre + excluded.nombre
        $$
        """
    )
    op.execute("revoke all on function ent_compter_refus(text, text, text, text, integer) from public")
    op.execute(
        "grant execute on function ent_compter_refus(text, text, text, text, integer) to ent_application"
    )
    # D'une trace, rien ne part plus qu'avec une preuve (ent_eliminer) ou un effacement (ent_oublier).
    op.execute("revoke delete on trace_ecriture, trace_lecture from ent_academie")


def _violations() -> None:
    op.create_table(
        "violation",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("connue_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("debut", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fin", sa.DateTime(timezone=True), nullable=True),
        sa.Column("en_cours", sa.Boolean(), nullable=False),
        sa.Column("natures", postgresql.ARRAY(sa.String(length=24)), nullable=False),
        sa.Column("origine", sa.String(length=24), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("traitements", postgresql.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("categories", postgresql.ARRAY(sa.String(length=24)), nullable=False),
        sa.Column("populations", postgresql.ARRAY(sa.String(length=24)), nullable=False),
        sa.Column("personnes", sa.Integer(), nullable=True),
        sa.Column("enregistrements", sa.Integer(), nullable=True),
        sa.Column("consequences", postgresql.ARRAY(sa.String(length=24)), nullable=False),
        sa.Column("gravite", sa.SmallInteger(), nullable=True),
        sa.Column("description", sa.String(length=4000), nullable=False),
        sa.Column("mesures", sa.String(length=4000), nullable=True),
        sa.Column("cnil", sa.String(length=10), server_default="a_decider", nullable=False),
        sa.Column("cnil_motif", sa.String(length=1000), nullable=True),
        sa.Column("notifiee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reference", sa.String(length=60), nullable=True),
        sa.Column("retard_motif", sa.String(length=1000), nullable=True),
        sa.Column("completee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("information", sa.String(length=10), server_default="a_decider", nullable=False),
        sa.Column("information_motif", sa.String(length=1000), nullable=True),
        sa.Column("informees_le", sa.Date(), nullable=True),
        sa.Column("signal", sa.String(length=200), nullable=True),
        sa.Column("declaree_par", sa.Uuid(), nullable=True),
        sa.Column("close_le", sa.Date(), nullable=True),
        sa.CheckConstraint("cnil in ('a_decider', 'oui', 'non')", name=op.f("ck_violation_cnil")),
        sa.CheckConstraint(
            "information in ('a_decider', 'oui', 'non')", name=op.f("ck_violation_information")
        ),
        sa.CheckConstraint("cnil <> 'non' or cnil_motif is not null", name=op.f("ck_violation_motif_cnil")),
        sa.CheckConstraint(
            "information <> 'non' or information_motif is not null",
            name=op.f("ck_violation_motif_information"),
        ),
        sa.CheckConstraint("gravite between 1 and 4", name=op.f("ck_violation_gravite")),
        sa.CheckConstraint("debut is null or fin is null or debut <= fin", name=op.f("ck_violation_ordre")),
        sa.CheckConstraint(
            "notifiee_le is null or retard_motif is not null"
            " or notifiee_le <= connue_le + interval '72 hours'",
            name=op.f("ck_violation_retard"),
        ),
        sa.ForeignKeyConstraint(
            ["declaree_par"], ["personne.id"], name=op.f("fk_violation_declaree_par"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation")),
        sa.UniqueConstraint("signal", name=op.f("uq_violation_signal")),
    )
    op.create_index(op.f("ix_violation_declaree_par"), "violation", ["declaree_par"])
    op.create_index(
        op.f("ix_violation_connue_le"), "violation", ["connue_le"],
        postgresql_where=sa.text("close_le is null"),
    )  # fmt: skip
    op.create_table(
        "violation_etape",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=False),
        sa.Column("instant", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.Uuid(), nullable=True),
        sa.Column("acte", sa.String(length=24), nullable=False),
        sa.Column("dit", sa.String(length=4000), nullable=True),
        sa.Column(
            "valeurs", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["violation_id"], ["violation.id"], name=op.f("fk_violation_etape_violation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation_etape")),
    )  # fmt: skip
    op.create_index(
        op.f("ix_violation_etape_violation_id_instant"), "violation_etape", ["violation_id", "instant"]
    )
    op.create_index(op.f("ix_violation_etape_par"), "violation_etape", ["par"])


def _acces() -> None:
    op.create_table(
        "acces_traces",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("journal", sa.String(length=10), nullable=False),
        sa.Column("motif", sa.String(length=500), nullable=False),
        sa.Column("violation_id", sa.Uuid(), nullable=True),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("sujet_id", sa.Uuid(), nullable=True),
        sa.Column("traitement", sa.String(length=64), nullable=True),
        sa.Column("du", sa.Date(), nullable=False),
        sa.Column("au", sa.Date(), nullable=False),
        sa.Column("jours", sa.Integer(), nullable=False),
        sa.Column("demandeur_id", sa.Uuid(), nullable=True),
        sa.Column("demandee_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accordee", sa.Boolean(), nullable=True),
        sa.Column("decidee_par", sa.Uuid(), nullable=True),
        sa.Column("decidee_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("motif_refus", sa.String(length=500), nullable=True),
        sa.Column("expire_le", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valable_au", sa.Date(), nullable=False),
        sa.Column("lectures", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("journal in ('lectures', 'ecritures')", name=op.f("ck_acces_traces_journal")),
        sa.CheckConstraint("du <= au", name=op.f("ck_acces_traces_ordre")),
        sa.CheckConstraint(
            "decidee_par is null or decidee_par <> demandeur_id", name=op.f("ck_acces_traces_deux_personnes")
        ),
        sa.CheckConstraint(
            "(accordee is null) = (decidee_le is null)", name=op.f("ck_acces_traces_decision")
        ),
        sa.CheckConstraint(
            "(expire_le is null) = (accordee is not true)", name=op.f("ck_acces_traces_terme")
        ),
        *(
            sa.ForeignKeyConstraint(
                [colonne], ["personne.id"], name=op.f(f"fk_acces_traces_{colonne}"), ondelete="SET NULL"
            )
            for colonne in ("demandeur_id", "decidee_par")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_acces_traces")),
    )
    for colonne in ("demandeur_id", "decidee_par", "sujet_id", "demandee_le"):
        op.create_index(op.f(f"ix_acces_traces_{colonne}"), "acces_traces", [colonne])


def downgrade() -> None:
    op.execute("drop function ent_compter_refus(text, text, text, text, integer)")
    for table in ("refus_compte", "acces_traces", "violation_etape", "violation"):
        op.drop_table(table)
    op.execute("grant delete on trace_ecriture, trace_lecture to ent_academie")
