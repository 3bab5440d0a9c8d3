"""Message gardé tant que sa brique n'est pas servie ; preuve de ce qui part avec un élève, hors de tout plan.

Revision ID: noyau_0021
Revises: noyau_0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0021"
down_revision = "noyau_0020"
branch_labels = None
depends_on = None

_NATURES = "nature in ('lot', 'brique', 'annee', 'bilan'{})"


_ORIGINES = "origine in ('page', 'commande'{})"


def upgrade() -> None:
    _regle("prealable", "origine", _ORIGINES.format(", 'api'"))
    op.add_column("message", sa.Column("tenu_le", sa.DateTime(timezone=True), nullable=True))
    _regle("conservation_preuve", "nature", _NATURES.format(", 'depart'"))
    op.alter_column("conservation_preuve", "plan_id", nullable=True)
    op.create_check_constraint(
        op.f("ck_conservation_preuve_plan"), "conservation_preuve", "(plan_id is null) = (nature = 'depart')"
    )


def downgrade() -> None:
    """La chaîne ne se défait pas : avec une preuve de départ, la base refuse, et rien ne change."""
    op.drop_constraint(op.f("ck_conservation_preuve_plan"), "conservation_preuve", type_="check")
    op.alter_column("conservation_preuve", "plan_id", nullable=False)
    _regle("conservation_preuve", "nature", _NATURES.format(""))
    op.drop_column("message", "tenu_le")
    op.execute("update prealable set origine = 'page' where origine = 'api'")
    _regle("prealable", "origine", _ORIGINES.format(""))


def _regle(table: str, colonne: str, condition: str) -> None:
    nom = op.f(f"ck_{table}_{colonne}")
    op.drop_constraint(nom, table, type_="check")
    op.create_check_constraint(nom, table, condition)
