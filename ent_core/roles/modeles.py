"""Rôles locaux et délégations, attribués par établissement."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, DateTime, Index, String, Text
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, donnee, neutre, vers_personne

__all__ = ["Delegation", "RoleLocal"]


class RoleLocal(Cloisonne, Base):
    """Rôle attribué dans un établissement, que ni le profil ni la fonction ne disent."""

    __tablename__ = "role_local"
    __traitement__ = "noyau.habilitations"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"), Sujet("attribue_par", Lien.AUTEUR))
    __depart__ = "fin"

    personne_id: Mapped[UUID] = vers_personne()
    role: Mapped[str] = donnee(Categorie.AFFECTATION, String(30))
    attribue_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    debut: Mapped[date] = donnee(Categorie.AFFECTATION, Date)
    fin: Mapped[date | None] = donnee(Categorie.AFFECTATION, Date)

    __table_args__ = (
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
        Index(None, "uai", "personne_id"),
        Index(None, "personne_id"),
        Index(None, "attribue_par"),
    )


class Delegation(Cloisonne, Base):
    """Permission confiée par le chef d'établissement à une personne nommée, pour un temps (SDET-AUT-02)."""

    __tablename__ = "delegation"
    __traitement__ = "noyau.habilitations"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"), Sujet("accordee_par", Lien.AUTEUR))
    __depart__ = "fin"

    personne_id: Mapped[UUID] = vers_personne()
    permission: Mapped[str] = donnee(Categorie.AFFECTATION, Text)
    portee: Mapped[str] = donnee(Categorie.AFFECTATION, Text)
    motif: Mapped[str] = donnee(Categorie.AFFECTATION, Text, libre=True)
    accordee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    accordee_le: Mapped[datetime] = neutre("date de l'acte", DateTime(timezone=True))
    debut: Mapped[date] = donnee(Categorie.AFFECTATION, Date)
    fin: Mapped[date] = donnee(Categorie.AFFECTATION, Date)
    revoquee_le: Mapped[datetime | None] = neutre("date de la révocation", DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("debut < fin", name="ordre"),
        Index(None, "uai", "personne_id"),
        Index(None, "personne_id"),
        Index(None, "accordee_par"),
    )
