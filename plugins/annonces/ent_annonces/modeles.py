"""Les tables. Chaque colonne dit si elle porte une donnée personnelle, ou pourquoi elle n'en porte pas."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Cloisonne,
    Lien,
    Sujet,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from sqlalchemy import Date, DateTime, Index, Text
from sqlalchemy.orm import Mapped

__all__ = ["Mot"]


class Mot(Cloisonne, Base):
    """Une annonce, affichée jusqu'à une date."""

    __tablename__ = "annonces_mot"
    __traitement__ = "annonces.affichage"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("auteur_id", Lien.AUTEUR),)
    __depart__ = "fin"

    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    texte: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, Text, libre=True)
    fin: Mapped[date] = neutre("lendemain du dernier jour d'affichage", Date)
    retire_le: Mapped[datetime | None] = neutre("retiré avant sa fin", DateTime(timezone=True))

    __table_args__ = (Index(None, "uai", "fin"), Index(None, "auteur_id"))
