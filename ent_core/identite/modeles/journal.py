"""Le journal des actes : qui a fait quoi, quand, où. On ajoute, on ne corrige pas."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Index, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre
from ent_core.donnees.exemptions import CODE, NOMBRES

__all__ = ["ActeJournal"]


class ActeJournal(Base):
    """Un acte : connexion, changement de droit, bascule, import. Jamais de valeur nominative."""

    __tablename__ = "acte_journal"
    __traitement__ = "noyau.journal"
    __cloisonnement__ = commun("le journal de l'académie réunit tous les établissements")
    __sujets__ = (Sujet("acteur_id", Lien.AUTEUR),)
    __ajout_seul__ = True
    __depart__ = "instant"

    id: Mapped[UUID] = cle()
    instant: Mapped[datetime] = neutre("date de l'acte", DateTime(timezone=True))
    acte: Mapped[str] = neutre("nom de l'acte", Text, exemption=CODE)
    uai: Mapped[str | None] = neutre("établissement", String(8))
    acteur_id: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)
    objet: Mapped[str | None] = donnee(Categorie.IDENTIFIANT, Text)
    details: Mapped[dict[str, Any]] = neutre(
        "codes et nombres", JSONB, server_default="{}", exemption=NOMBRES
    )
    reseau: Mapped[str | None] = donnee(Categorie.TRACE, Text)

    __table_args__ = (Index(None, "instant"), Index(None, "uai", "instant"), Index(None, "acteur_id"))
