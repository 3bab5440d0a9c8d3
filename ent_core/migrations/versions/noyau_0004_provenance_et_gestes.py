"""Provenance des divisions et des groupes ; gestes des lots, pour les annuler.

Revision ID: noyau_0004
Revises: noyau_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "noyau_0004"
down_revision = "noyau_0002"
branch_labels = None
depends_on = None

_LUES = ("division", "groupe", "etablissement", "import_lot")


def upgrade() -> None:
    for table in ("division", "groupe"):
        op.add_column(table, sa.Column("source", sa.Text(), nullable=True))
    _deduire_la_provenance()
    op.create_table(
        "import_geste",
        sa.Column("uai", sa.String(length=8), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("nature", sa.String(length=12), nullable=False),
        sa.Column("objet", sa.Text(), nullable=False),
        sa.Column("cle", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("avant", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("empreinte", sa.String(length=64), nullable=True),
        sa.Column("personne_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["uai"], ["etablissement.uai"], name=op.f("fk_import_geste_uai")),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["import_lot.id"], name=op.f("fk_import_geste_lot_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["personne_id"], ["personne.id"], name=op.f("fk_import_geste_personne_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("uai", "id", name=op.f("pk_import_geste")),
    )
    op.create_index(op.f("ix_import_geste_uai_lot_id"), "import_geste", ["uai", "lot_id"])
    op.create_index(op.f("ix_import_geste_lot_id"), "import_geste", ["lot_id"])
    op.create_index(op.f("ix_import_geste_personne_id"), "import_geste", ["personne_id"])


def downgrade() -> None:
    op.drop_table("import_geste")
    for table in ("groupe", "division"):
        op.drop_column(table, "source")


def _deduire_la_provenance() -> None:
    """Là où nulle liste n'a été importée, tout vient de l'annuaire ; ailleurs, on ne sait pas : vide.

    Une structure vide ne sera pas fermée par l'annuaire, tant qu'une de ses livraisons ne l'aura pas citée.
    """
    # Le cloisonnement s'impose au propriétaire même : sans cela, il ne lirait aucune ligne.
    for table in _LUES:
        op.execute(f"alter table {table} no force row level security")
    for table in ("division", "groupe"):
        op.execute(
            f"""
            update {table} s set source = e.source from etablissement e
            where e.uai = s.uai and starts_with(e.source, 'AAF:')
              and not exists (
                select from import_lot l where l.source = 'TABLEUR:' || s.uai and l.etat = 'applique'
              )
            """  # noqa: S608 - deux tables, nommées ici
        )
    for table in _LUES:
        op.execute(f"alter table {table} force row level security")
