"""Tables de la brique « confidences »."""

import sqlalchemy as sa
from alembic import op

revision = "confidences_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confidences_note",
        sa.Column("uai", sa.String(8), sa.ForeignKey("etablissement.uai"), nullable=False),
        sa.Column("annee", sa.SmallInteger, nullable=False),
        sa.Column("id", sa.Uuid, server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("eleve_id", sa.Uuid, sa.ForeignKey("personne.id", ondelete="CASCADE"), nullable=False),
        sa.Column("texte", sa.LargeBinary, nullable=False),
        sa.Column("piece", sa.LargeBinary),
        sa.Column("titre", sa.String(40)),
        sa.PrimaryKeyConstraint("uai", "annee", "id"),
    )
    op.create_index("ix_confidences_note_eleve_id", "confidences_note", ["eleve_id"])
    op.create_table(
        "confidences_conflit",
        sa.Column("uai", sa.String(8), sa.ForeignKey("etablissement.uai"), nullable=False),
        sa.Column("id", sa.Uuid, server_default=sa.text("ent_uuid7()"), nullable=False),
        sa.Column("un_id", sa.Uuid, sa.ForeignKey("personne.id", ondelete="SET NULL")),
        sa.Column("autre_id", sa.Uuid, sa.ForeignKey("personne.id", ondelete="SET NULL")),
        sa.Column("jour", sa.Date, nullable=False),
        sa.Column("recit", sa.LargeBinary),
        sa.PrimaryKeyConstraint("uai", "id"),
    )
    op.create_index("ix_confidences_conflit_un_id", "confidences_conflit", ["un_id"])
    op.create_index("ix_confidences_conflit_autre_id", "confidences_conflit", ["autre_id"])


def downgrade() -> None:
    op.drop_table("confidences_conflit")
    op.drop_table("confidences_note")
