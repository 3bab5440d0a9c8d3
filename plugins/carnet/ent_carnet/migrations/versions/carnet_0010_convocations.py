"""Discipline : une convocation garde quand et où l'élève est entendu ; une proposition peut être retirée.

Revision ID: carnet_0010
Revises: carnet_0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0010"
down_revision = "carnet_0009"
branch_labels = None
depends_on = None

_ETAPES_AVANT = (
    "ouverture notification_eleve notification_responsables consultation_dossier observations_recues"
    " convocation_conseil seconde_convocation prononce notification_decision mesure_acceptee mesure_refusee"
    " mesure_respectee mesure_manquee revocation_sursis execution appel classement"
)
_ETAPES = _ETAPES_AVANT.replace("convocation_conseil", "convocation_audition convocation_conseil")
_PROPOSITION = "carnet_proposition"


def upgrade() -> None:
    op.add_column("carnet_etape", sa.Column("reunion_le", sa.DateTime(timezone=True), nullable=True))
    op.add_column("carnet_etape", sa.Column("reunion_lieu", sa.String(length=64), nullable=True))
    op.create_check_constraint(
        op.f("ck_carnet_etape_reunion"), "carnet_etape", "(reunion_le is null) = (reunion_lieu is null)"
    )
    _changer("carnet_etape", "nature", _liste("nature", _ETAPES))
    _changer(_PROPOSITION, "etat", _liste("etat", "proposee acceptee refusee retiree"))
    _changer(_PROPOSITION, "repondue", "(etat in ('acceptee', 'refusee')) = (repondue_le is not null)")


def downgrade() -> None:
    """Ce que l'état d'avant ne sait pas dire s'en va : les auditions, et les propositions retirées."""
    proposition, etape = (sa.table(nom, sa.column("etat"), sa.column("nature")) for nom in _TABLES)
    op.execute(proposition.delete().where(proposition.c.etat == "retiree"))
    op.execute(etape.delete().where(etape.c.nature == "convocation_audition"))
    _changer(_PROPOSITION, "repondue", "(etat = 'proposee') = (repondue_le is null)")
    _changer(_PROPOSITION, "etat", _liste("etat", "proposee acceptee refusee"))
    _changer("carnet_etape", "nature", _liste("nature", _ETAPES_AVANT))
    op.drop_constraint(op.f("ck_carnet_etape_reunion"), "carnet_etape", type_="check")
    for colonne in ("reunion_lieu", "reunion_le"):
        op.drop_column("carnet_etape", colonne)


_TABLES = (_PROPOSITION, "carnet_etape")


def _changer(table: str, nom: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{nom}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{nom}"), table, condition)


def _liste(colonne: str, valeurs: str) -> str:
    permises = ", ".join(f"'{valeur}'" for valeur in valeurs.split())
    return f"{colonne} in ({permises})"
