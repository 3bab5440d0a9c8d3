"""Qui enseigne quoi, à qui, quand : services, professeurs principaux, créneaux."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Sujet, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import ParAnnee, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE, NOMENCLATURE

__all__ = ["Creneau", "CreneauEnseignant", "ProfesseurPrincipal", "Service"]

_DIVISION = (
    ["uai", "annee", "division_id"],
    ["division.uai", "division.annee", "division.id"],
)
_GROUPE = (["uai", "annee", "groupe_id"], ["groupe.uai", "groupe.annee", "groupe.id"])


class Service(ParAnnee, Base):
    """Enseignement d'une discipline à une division ou un groupe, par une personne, d'un jour à un autre.

    La co-intervention et la suppléance sont des services de plus, avec leurs dates.
    """

    __tablename__ = "service"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    # La clé composée vers la division ou le groupe tient déjà l'établissement.
    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True, sort_order=-20)
    personne_id: Mapped[UUID] = vers_personne()
    matiere: Mapped[str | None] = donnee(Categorie.AFFECTATION, String(6))
    division_id: Mapped[UUID | None] = donnee(Categorie.AFFECTATION, Uuid)
    groupe_id: Mapped[UUID | None] = donnee(Categorie.AFFECTATION, Uuid)
    nature: Mapped[str] = donnee(Categorie.AFFECTATION, String(12), server_default="titulaire")
    source: Mapped[str] = neutre("provenance (ENT-07)", Text, exemption=CODE)
    debut: Mapped[date] = donnee(Categorie.AFFECTATION, Date)
    fin: Mapped[date | None] = donnee(Categorie.AFFECTATION, Date)

    __table_args__ = (
        ForeignKeyConstraint(*_DIVISION, ondelete="CASCADE"),
        ForeignKeyConstraint(*_GROUPE, ondelete="CASCADE"),
        CheckConstraint("(division_id is null) <> (groupe_id is null)", name="structure"),
        CheckConstraint("nature in ('titulaire', 'co_enseignant', 'suppleant')", name="nature"),
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
        UniqueConstraint(
            "uai",
            "annee",
            "personne_id",
            "matiere",
            "division_id",
            "groupe_id",
            "debut",
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "uai", "annee", "division_id"),
        Index(None, "uai", "annee", "groupe_id"),
        Index(None, "personne_id"),
    )


class ProfesseurPrincipal(ParAnnee, Base):
    """Professeur principal d'une division, d'un jour à un autre."""

    __tablename__ = "professeur_principal"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    # La clé composée vers la division ou le groupe tient déjà l'établissement.
    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True, sort_order=-20)
    personne_id: Mapped[UUID] = vers_personne()
    division_id: Mapped[UUID] = donnee(Categorie.AFFECTATION, Uuid)
    source: Mapped[str] = neutre("provenance (ENT-07)", Text, exemption=CODE)
    debut: Mapped[date] = donnee(Categorie.AFFECTATION, Date)
    fin: Mapped[date | None] = donnee(Categorie.AFFECTATION, Date)

    __table_args__ = (
        ForeignKeyConstraint(*_DIVISION, ondelete="CASCADE"),
        UniqueConstraint("uai", "annee", "personne_id", "division_id", "debut"),
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
        Index(None, "uai", "annee", "division_id"),
        Index(None, "personne_id"),
    )


class Creneau(ParAnnee, Base):
    """Une séance de l'emploi du temps, à une date donnée."""

    __tablename__ = "creneau"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()

    # La clé composée vers la division ou le groupe tient déjà l'établissement.
    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True, sort_order=-20)
    debut: Mapped[datetime] = neutre("début de la séance", DateTime(timezone=True))
    fin: Mapped[datetime] = neutre("fin de la séance", DateTime(timezone=True))
    matiere: Mapped[str | None] = neutre("discipline", String(6))
    division_id: Mapped[UUID | None] = neutre("division", Uuid)
    groupe_id: Mapped[UUID | None] = neutre("groupe", Uuid)
    salle: Mapped[str | None] = neutre("salle", Text, exemption=NOMENCLATURE)
    etat: Mapped[str] = neutre("prévue, annulée ou déplacée", String(8), server_default="prevue")

    __table_args__ = (
        ForeignKeyConstraint(*_DIVISION, ondelete="CASCADE"),
        ForeignKeyConstraint(*_GROUPE, ondelete="CASCADE"),
        CheckConstraint("debut < fin", name="ordre"),
        CheckConstraint("(division_id is null) <> (groupe_id is null)", name="structure"),
        CheckConstraint("etat in ('prevue', 'annulee', 'deplacee')", name="etat"),
        Index(None, "uai", "annee", "division_id", "debut"),
        Index(None, "uai", "annee", "groupe_id", "debut"),
        Index(None, "uai", "annee", "debut"),
    )


class CreneauEnseignant(Base):
    """Enseignants d'une séance : un, ou plusieurs en co-intervention."""

    __tablename__ = "creneau_enseignant"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True)
    annee: Mapped[int] = neutre("année scolaire", primary_key=True)
    creneau_id: Mapped[UUID] = neutre("séance", Uuid, primary_key=True)
    personne_id: Mapped[UUID] = vers_personne(primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "creneau_id"], ["creneau.uai", "creneau.annee", "creneau.id"], ondelete="CASCADE"
        ),
        Index(None, "uai", "annee", "personne_id"),
        Index(None, "personne_id"),
    )
