"""L'affichage ne garde que ce qui sert : quoi montrer, dès quand, et qui l'a vu.

Le texte montré vient toujours du dossier, pour qu'une correction cache l'ancienne valeur (CARNET-18) : ses
copies, que nulle page ne lisait, sont ôtées (RGPD, article 5.1 c). Une observation est un mot de la liste, et
rien d'autre (CARNET-15).
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "carnet_0007"
down_revision = "carnet_0006"
branch_labels = None
depends_on = None

_HEURE = sa.DateTime(timezone=True)
_MOTS = ", ".join(
    f"'{mot}'"
    for mot in "participation entraide progres travail_non_rendu materiel_oublie distraction".split()
)


def upgrade() -> None:
    op.drop_index(op.f("ix_carnet_affichage_uai_annee_eleve_id_debut"), table_name="carnet_affichage")
    for colonne in ("debut", "fin", "libelle"):
        op.drop_column("carnet_affichage", colonne)
    op.create_index(
        op.f("ix_carnet_affichage_uai_annee_eleve_id"), "carnet_affichage", ["uai", "annee", "eleve_id"]
    )
    op.drop_column("carnet_accuse", "signe")
    op.create_check_constraint(op.f("ck_carnet_observation_code"), "carnet_observation", f"code in ({_MOTS})")


def downgrade() -> None:
    """Les copies ôtées ne reviennent pas : elles renaissent vides."""
    op.drop_constraint(op.f("ck_carnet_observation_code"), "carnet_observation", type_="check")
    op.add_column(
        "carnet_accuse", sa.Column("signe", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.drop_index(op.f("ix_carnet_affichage_uai_annee_eleve_id"), table_name="carnet_affichage")
    for nom, type_, vide in (
        ("debut", _HEURE, "now()"),
        ("fin", _HEURE, "now()"),
        ("libelle", sa.String(64), "''"),
    ):
        op.add_column("carnet_affichage", sa.Column(nom, type_, server_default=sa.text(vide), nullable=False))
        op.alter_column("carnet_affichage", nom, server_default=None)
    op.create_index(
        op.f("ix_carnet_affichage_uai_annee_eleve_id_debut"),
        "carnet_affichage",
        ["uai", "annee", "eleve_id", "debut"],
    )
