"""Conservation : plans, décisions, reports, visas, gels, et la chaîne des preuves.

Revision ID: noyau_0008
Revises: noyau_0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0008"
down_revision = "noyau_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conservation_plan",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("etabli_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("repere", sa.Uuid(), nullable=False),
        sa.Column("regles", sa.String(length=64), nullable=False),
        sa.Column("calendriers", sa.String(length=64), nullable=False),
        sa.Column("gels", sa.String(length=64), nullable=False),
        sa.Column("statuts", sa.String(length=64), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conservation_plan")),
    )
    op.create_index(op.f("ix_conservation_plan_etabli_le"), "conservation_plan", ["etabli_le"], unique=False)
    op.create_index(
        op.f("ix_conservation_plan_uai_etabli_le"), "conservation_plan", ["uai", "etabli_le"], unique=False
    )
    op.create_table(
        "conservation_ligne",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("brique", sa.String(length=31), nullable=False),
        sa.Column("traitement", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("objet", sa.String(length=63), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("periode", sa.SmallInteger(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("echues", sa.Integer(), nullable=False),
        sa.Column("gelees", sa.Integer(), nullable=False),
        sa.Column("actives", sa.Integer(), nullable=False),
        sa.Column("retenues", sa.Integer(), nullable=False),
        sa.Column("sans_date", sa.Integer(), nullable=False),
        sa.Column("echeance_min", sa.Date(), nullable=True),
        sa.Column("echeance_max", sa.Date(), nullable=True),
        sa.Column("duree", sa.String(length=60), nullable=False),
        sa.Column("depart", sa.String(length=40), nullable=False),
        sa.Column("sort", sa.String(length=30), nullable=False),
        sa.Column("autorite", sa.String(length=300), nullable=False),
        sa.Column("visa", sa.Boolean(), nullable=False),
        sa.Column("preavis", sa.SmallInteger(), nullable=False),
        sa.Column("second_regard", sa.Boolean(), nullable=False),
        sa.Column("defaut", sa.String(length=20), server_default="", nullable=False),
        sa.Column("graine", sa.String(length=64), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["conservation_plan.id"], name=op.f("fk_conservation_ligne_plan_id")
        ),
        sa.PrimaryKeyConstraint("plan_id", "rang", name=op.f("pk_conservation_ligne")),
    )
    op.create_table(
        "conservation_decision",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.String(length=12), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("par", sa.Uuid(), nullable=True),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("motif", sa.String(length=300), server_default="", nullable=False),
        sa.CheckConstraint(
            "nature in ('approbation', 'avis', 'annulation', 'execution', 'fin', 'ecart')",
            name=op.f("ck_conservation_decision_nature"),
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["conservation_plan.id"], name=op.f("fk_conservation_decision_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conservation_decision")),
    )
    op.create_index(
        op.f("ix_conservation_decision_plan_id"), "conservation_decision", ["plan_id"], unique=False
    )
    op.create_table(
        "conservation_report",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("traitement", sa.String(length=63), nullable=False),
        sa.Column("objet", sa.String(length=63), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("periode", sa.SmallInteger(), nullable=True),
        sa.Column("jusqu_au", sa.Date(), nullable=False),
        sa.Column("motif", sa.String(length=300), nullable=False),
        sa.Column("par", sa.Uuid(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conservation_report")),
    )
    op.create_index(
        op.f("ix_conservation_report_objet_uai_periode"),
        "conservation_report",
        ["objet", "uai", "periode"],
        unique=False,
    )
    op.create_table(
        "conservation_visa",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("traitement", sa.String(length=63), nullable=False),
        sa.Column("numero", sa.String(length=60), nullable=False),
        sa.Column("jour", sa.Date(), nullable=False),
        sa.Column("nom_fichier", sa.String(length=120), nullable=False),
        sa.Column("fichier", sa.LargeBinary(), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("par", sa.Uuid(), nullable=True),
        sa.Column("le", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["conservation_plan.id"], name=op.f("fk_conservation_visa_plan_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conservation_visa")),
    )
    op.create_index(op.f("ix_conservation_visa_plan_id"), "conservation_visa", ["plan_id"], unique=False)
    op.create_table(
        "conservation_gel",
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("personne_id", sa.Uuid(), nullable=False),
        sa.Column("traitement", sa.String(length=63), nullable=True),
        sa.Column("nature", sa.String(length=12), nullable=False),
        sa.Column("motif", sa.String(length=300), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("pose_le", sa.Date(), nullable=False),
        sa.Column("pose_par", sa.Uuid(), nullable=True),
        sa.Column("revoir_le", sa.Date(), nullable=False),
        sa.Column("leve_le", sa.Date(), nullable=True),
        sa.Column("leve_par", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "nature in ('litige', 'demande', 'reclamation', 'inspection')",
            name=op.f("ck_conservation_gel_nature"),
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_conservation_gel_personne_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conservation_gel")),
    )
    op.create_index(
        op.f("ix_conservation_gel_personne_id"), "conservation_gel", ["personne_id"], unique=False
    )
    op.create_table(
        "conservation_preuve",
        sa.Column("numero", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("precedente", sa.String(length=64), nullable=False),
        sa.Column("nature", sa.String(length=8), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("regle", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("autorite", sa.String(length=300), nullable=False),
        sa.Column("sort", sa.String(length=30), nullable=False),
        sa.Column("objet", sa.String(length=63), nullable=False),
        sa.Column("uai", sa.String(length=8), nullable=True),
        sa.Column("periode", sa.SmallInteger(), nullable=True),
        sa.Column("nombre", sa.Integer(), nullable=False),
        sa.Column("prevues", sa.Integer(), nullable=False),
        sa.Column("gelees", sa.Integer(), nullable=False),
        sa.Column("disparues", sa.Integer(), nullable=False),
        sa.Column("echeance_min", sa.Date(), nullable=True),
        sa.Column("echeance_max", sa.Date(), nullable=True),
        sa.Column("lignes", sa.String(length=64), nullable=False),
        sa.Column("graine", sa.String(length=64), nullable=False),
        sa.Column("instant", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "transaction",
            sa.BigInteger(),
            server_default=sa.text("((pg_current_xact_id())::text)::bigint"),
            nullable=False,
        ),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "nature in ('lot', 'brique', 'bilan')", name=op.f("ck_conservation_preuve_nature")
        ),
        sa.CheckConstraint(
            "length(precedente) = 64 and length(empreinte) = 64",
            name=op.f("ck_conservation_preuve_empreintes"),
        ),
        sa.CheckConstraint(
            "nombre >= 0 and prevues >= 0 and gelees >= 0 and disparues >= 0",
            name=op.f("ck_conservation_preuve_nombres"),
        ),
        sa.CheckConstraint("numero > 0", name=op.f("ck_conservation_preuve_numero")),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["conservation_plan.id"], name=op.f("fk_conservation_preuve_plan_id")
        ),
        sa.PrimaryKeyConstraint("numero", name=op.f("pk_conservation_preuve")),
        sa.UniqueConstraint("empreinte", name=op.f("uq_conservation_preuve_empreinte")),
    )
    op.create_index(
        op.f("ix_conservation_preuve_plan_id_rang"), "conservation_preuve", ["plan_id", "rang"], unique=False
    )
    # Nul compte ne peut effacer d'un journal. Cette fonction le peut, si une preuve vient d'être ajoutée à la
    # chaîne, dans la même transaction, pour cette table et ce nombre exact de lignes ; jamais de la chaîne.
    op.execute(
        """
        create function ent_eliminer(cible text, ids uuid[], preuve bigint) returns void
        language plpgsql security definer set search_path = public, pg_temp as $$
        declare parties bigint;
        begin
          if cible = 'conservation_preuve' or not exists (
            select from conservation_preuve p
            where p.numero = preuve and p.nature = 'lot' and p.objet = cible
              and p.nombre = cardinality(ids)
              and p.transaction = ((pg_current_xact_id())::text)::bigint
          ) then
            raise exception 'aucune preuve de cette transaction ne couvre ces lignes';
          end if;
          execute format('delete from %I where id = any($1)', cible) using ids;
          get diagnostics parties = row_count;
          if parties <> cardinality(ids) then
            raise exception 'la preuve annonce % lignes, % sont parties', cardinality(ids), parties;
          end if;
        end $$
        """
    )
    op.execute("revoke all on function ent_eliminer(text, uuid[], bigint) from public")
    op.execute("grant execute on function ent_eliminer(text, uuid[], bigint) to ent_academie")


def downgrade() -> None:
    op.execute("drop function ent_eliminer(text, uuid[], bigint)")
    op.drop_table("conservation_preuve")
    op.drop_table("conservation_gel")
    op.drop_table("conservation_visa")
    op.drop_table("conservation_report")
    op.drop_table("conservation_decision")
    op.drop_table("conservation_ligne")
    op.drop_table("conservation_plan")
