"""Un acte de justice coupe l'accès d'un responsable, ou lui retire la décision ; liens familiaux fermés.

Revision ID: noyau_0020
Revises: noyau_0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "noyau_0020"
down_revision = "noyau_0019"
branch_labels = None
depends_on = None

_LIENS = "lien in ('10', '20', '37', '38', '39', '41', '42', '43', '50', '51', '70', '90')"


def upgrade() -> None:
    op.add_column(
        "restriction", sa.Column("effet", sa.String(length=8), server_default="acces", nullable=False)
    )
    op.create_check_constraint(op.f("ck_restriction_effet"), "restriction", "effet in ('acces', 'exercice')")
    op.create_check_constraint(op.f("ck_responsabilite_lien"), "responsabilite", _LIENS)


def downgrade() -> None:
    """Ce qui laissait lire redevient une restriction entière : le doute ne rouvre aucun accès."""
    op.drop_constraint(op.f("ck_responsabilite_lien"), "responsabilite", type_="check")
    op.drop_constraint(op.f("ck_restriction_effet"), "restriction", type_="check")
    op.drop_column("restriction", "effet")
