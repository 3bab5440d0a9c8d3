"""Suites des droits : effacement à deux, rectification, limitation, colonnes lues, oubli borné à une école.

Revision ID: noyau_0017
Revises: noyau_0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0017"
down_revision = "noyau_0016"
branch_labels = None
depends_on = None

_NATURES = "nature in ('litige', 'demande', 'reclamation', 'inspection'{})"
_OUBLIER = """
create function ent_oublier(cible text, colonne text, qui uuid, effacement uuid, oter boolean{parametre})
returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare parties bigint;
begin
  if cible in ('effacement', 'conservation_preuve') or not exists (
    select from effacement e
    where e.id = ent_oublier.effacement and e.transaction = ((pg_current_xact_id())::text)::bigint{borne}
  ) then
    raise exception 'aucun effacement de cette transaction ne le permet';
  end if;
  if oter then
    execute format('delete from %I as t where t.%I::text = $1{ou}', cible, colonne) using qui::text{ecole};
  else
    execute format('update %I as t set %I = null where t.%I::text = $1{ou}', cible, colonne, colonne)
      using qui::text{ecole};
  end if;
  get diagnostics parties = row_count;
  return parties;
end $$
"""


def upgrade() -> None:
    _tables()
    _natures(", 'limitation'")
    # Un effacement demandé pour une école n'oublie que les lignes de cette école : l'inscription et l'appel
    # doivent nommer la même.
    _remplacer_l_oubli(
        avant="text, text, uuid, uuid, boolean",
        apres="text, text, uuid, uuid, boolean, text",
        parametre=",\n  ecole text default null",
        borne="\n      and e.uai is not distinct from ecole",
        # Un journal commun n'a pas de colonne « uai » : la nommer ferait échouer tout effacement.
        ou=" and ($2 is null or to_jsonb(t) ->> ''uai'' = $2)",
        ecole=", ecole",
    )


def downgrade() -> None:
    _remplacer_l_oubli(
        avant="text, text, uuid, uuid, boolean, text",
        apres="text, text, uuid, uuid, boolean",
        parametre="", borne="", ou="", ecole="",
    )  # fmt: skip
    _natures("")
    for table in ("colonne_lue", "rectification", "effacement_propose"):
        op.drop_table(table)


def _remplacer_l_oubli(*, avant: str, apres: str, **morceaux: str) -> None:
    op.execute(f"drop function ent_oublier({avant})")
    op.execute(_OUBLIER.format(**morceaux))
    op.execute(f"revoke all on function ent_oublier({apres}) from public")
    op.execute(f"grant execute on function ent_oublier({apres}) to ent_academie")


def _natures(de_plus: str) -> None:
    nom = op.f("ck_conservation_gel_nature")
    op.drop_constraint(nom, "conservation_gel", type_="check")
    if not de_plus:
        op.execute("alter table conservation_gel no force row level security")
        op.execute("update conservation_gel set nature = 'demande' where nature = 'limitation'")
        op.execute("alter table conservation_gel force row level security")
    op.create_check_constraint(nom, "conservation_gel", _NATURES.format(de_plus))


def _tables() -> None:
    op.create_table(
        "effacement_propose",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("demande_id", sa.Uuid(), nullable=False),
        sa.Column("fondement", sa.String(length=16), nullable=False),
        sa.Column("traitements", postgresql.ARRAY(sa.String(length=64)), nullable=False),
        sa.Column("partout", sa.Boolean(), nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=False),
        sa.Column("etat", sa.String(length=8), server_default="propose", nullable=False),
        sa.Column("propose_le", sa.DateTime(timezone=True), nullable=False),
        sa.Column("propose_par", sa.Uuid(), nullable=True),
        sa.Column("clos_le", sa.Date(), nullable=True),
        sa.Column("clos_par", sa.Uuid(), nullable=True),
        sa.Column("effacement_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("etat in ('propose', 'fait', 'ecarte')", name=op.f("ck_effacement_propose_etat")),
        sa.CheckConstraint("(clos_le is null) = (etat = 'propose')", name=op.f("ck_effacement_propose_clos")),
        sa.CheckConstraint(
            "etat <> 'fait' or clos_par <> propose_par", name=op.f("ck_effacement_propose_deux_personnes")
        ),
        *_liens("effacement_propose", "propose_par", "clos_par"),
    )
    op.create_index(
        "uq_effacement_propose_ouvert", "effacement_propose", ["uai", "demande_id"], unique=True,
        postgresql_where=sa.text("clos_le is null"),
    )  # fmt: skip
    _index("effacement_propose", "propose_par", "clos_par")
    op.create_table(
        "rectification",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("demande_id", sa.Uuid(), nullable=False),
        sa.Column("traitement", sa.String(length=64), nullable=False),
        sa.Column("objet", sa.String(length=63), nullable=False),
        sa.Column("ligne", sa.String(length=400), nullable=True),
        sa.Column("colonne", sa.String(length=63), nullable=False),
        sa.Column("voulue", sa.String(length=2000), nullable=True),
        sa.Column("etat", sa.String(length=9), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=True),
        sa.Column("decidee_le", sa.Date(), nullable=False),
        sa.Column("decidee_par", sa.Uuid(), nullable=True),
        sa.Column("prevenus_le", sa.Date(), nullable=True),
        sa.CheckConstraint("etat in ('corrigee', 'transmise')", name=op.f("ck_rectification_etat")),
        sa.CheckConstraint("(source is null) = (etat = 'corrigee')", name=op.f("ck_rectification_source")),
        *_liens("rectification", "decidee_par"),
    )
    _index("rectification", "decidee_par")
    op.create_table(
        "colonne_lue",
        sa.Column("objet", sa.String(length=63), nullable=False),
        sa.Column("colonne", sa.String(length=63), nullable=False),
        sa.Column("suivie_depuis", sa.Date(), nullable=False),
        sa.Column("lue_le", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("objet", "colonne", name=op.f("pk_colonne_lue")),
    )


def _liens(table: str, *personnes: str) -> list[sa.schema.SchemaItem]:
    return [
        *(
            sa.ForeignKeyConstraint(
                [colonne], ["personne.id"], name=op.f(f"fk_{table}_{colonne}"), ondelete="SET NULL"
            )
            for colonne in personnes
        ),
        sa.ForeignKeyConstraint(
            ["uai", "demande_id"], ["demande_droit.uai", "demande_droit.id"],
            name=op.f(f"fk_{table}_uai_demande_id"), ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f(f"fk_{table}_uai")),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f(f"pk_{table}")),
    ]  # fmt: skip


def _index(table: str, *personnes: str) -> None:
    op.create_index(op.f(f"ix_{table}_uai_demande_id"), table, ["uai", "demande_id"])
    for colonne in personnes:
        op.create_index(op.f(f"ix_{table}_{colonne}"), table, [colonne])
