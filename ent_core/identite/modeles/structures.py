"""Établissements, années, périodes, divisions, groupes et nomenclatures."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import ParAnnee, neutre
from ent_core.donnees.exemptions import CODE, NOMENCLATURE, PUBLIC

__all__ = [
    "AnneeScolaire",
    "Division",
    "Etablissement",
    "Groupe",
    "GroupeDivision",
    "Matiere",
    "Mef",
    "Periode",
]

_PUBLIC = "annuaire public des établissements"


class Etablissement(Base):
    """École, collège ou lycée, désigné par son code UAI."""

    __tablename__ = "etablissement"
    __cloisonnement__ = commun(_PUBLIC)

    uai: Mapped[str] = neutre("code national", String(8), primary_key=True)
    source: Mapped[str | None] = neutre("annuaire d'origine", String(40))
    cle_source: Mapped[str | None] = neutre("ENTStructureJointure", String(40))
    nom: Mapped[str] = neutre(_PUBLIC, Text, exemption=PUBLIC)
    nature: Mapped[str | None] = neutre("code de nature", String(3))
    nature_libelle: Mapped[str | None] = neutre(_PUBLIC, Text, exemption=PUBLIC)
    degre: Mapped[int] = neutre("1 ou 2 ; 0 pour un service académique", SmallInteger)
    contrat: Mapped[str | None] = neutre("public ou privé sous contrat", String(4))
    siret: Mapped[str | None] = neutre(_PUBLIC, String(14))
    academie: Mapped[str | None] = neutre("code de l'académie", String(3))
    adresse: Mapped[str | None] = neutre(_PUBLIC, Text, exemption=PUBLIC)
    code_postal: Mapped[str | None] = neutre(_PUBLIC, String(10))
    ville: Mapped[str | None] = neutre(_PUBLIC, Text, exemption=PUBLIC)
    telephone: Mapped[str | None] = neutre("standard de l'établissement", String(30), exemption=PUBLIC)
    courriel: Mapped[str | None] = neutre("adresse de l'établissement", Text, exemption=PUBLIC)
    ferme_le: Mapped[date | None] = neutre("sorti de l'annuaire", Date)

    __table_args__ = (
        UniqueConstraint("source", "cle_source"),
        CheckConstraint("degre in (0, 1, 2)", name="degre"),
    )


class AnneeScolaire(Base):
    """Année scolaire d'un établissement, intervalle semi-ouvert."""

    __tablename__ = "annee_scolaire"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    annee: Mapped[int] = neutre("première année civile", SmallInteger, primary_key=True)
    debut: Mapped[date] = neutre("premier jour", Date)
    fin: Mapped[date] = neutre("lendemain du dernier jour", Date)

    __table_args__ = (CheckConstraint("debut < fin", name="ordre"),)


class Periode(ParAnnee, Base):
    """Trimestre ou semestre."""

    __tablename__ = "periode"
    __cloisonnement__ = par_etablissement()

    rang: Mapped[int] = neutre("rang dans l'année", SmallInteger)
    libelle: Mapped[str] = neutre("nom de la période", Text, exemption=NOMENCLATURE)
    debut: Mapped[date] = neutre("premier jour", Date)
    fin: Mapped[date] = neutre("lendemain du dernier jour", Date)

    __table_args__ = (
        UniqueConstraint("uai", "annee", "rang"),
        ForeignKeyConstraint(["uai", "annee"], ["annee_scolaire.uai", "annee_scolaire.annee"]),
        CheckConstraint("debut < fin", name="ordre"),
    )


class Division(ParAnnee, Base):
    """Classe d'un établissement pour une année ; son code vient de SIECLE."""

    __tablename__ = "division"
    __cloisonnement__ = par_etablissement()

    code: Mapped[str] = neutre("code de structure", Text, exemption=NOMENCLATURE)
    libelle: Mapped[str] = neutre("nom de la division", Text, exemption=NOMENCLATURE)
    mefs: Mapped[list[str]] = neutre("formations suivies", ARRAY(String(11)))
    ferme_le: Mapped[date | None] = neutre("sortie de l'annuaire", Date)
    source: Mapped[str | None] = neutre("provenance (ENT-07) ; vide, l'établissement", Text, exemption=CODE)

    __table_args__ = (UniqueConstraint("uai", "annee", "code"),)


class Groupe(ParAnnee, Base):
    """Groupe d'élèves, d'une ou de plusieurs divisions."""

    __tablename__ = "groupe"
    __cloisonnement__ = par_etablissement()

    code: Mapped[str] = neutre("code de structure", Text, exemption=NOMENCLATURE)
    libelle: Mapped[str] = neutre("nom du groupe", Text, exemption=NOMENCLATURE)
    ferme_le: Mapped[date | None] = neutre("sorti de l'annuaire", Date)
    source: Mapped[str | None] = neutre("provenance (ENT-07) ; vide, l'établissement", Text, exemption=CODE)

    __table_args__ = (UniqueConstraint("uai", "annee", "code"),)


class GroupeDivision(Base):
    """Divisions dont un groupe tire ses élèves."""

    __tablename__ = "groupe_division"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True)
    annee: Mapped[int] = neutre("année scolaire", SmallInteger, primary_key=True)
    groupe_id: Mapped[UUID] = neutre("groupe", Uuid, primary_key=True)
    division_id: Mapped[UUID] = neutre("division", Uuid, primary_key=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "groupe_id"], ["groupe.uai", "groupe.annee", "groupe.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["uai", "annee", "division_id"],
            ["division.uai", "division.annee", "division.id"],
            ondelete="CASCADE",
        ),
        Index(None, "uai", "annee", "division_id"),
    )


class Matiere(Base):
    """Discipline enseignée, par son code national (six caractères, zéros compris)."""

    __tablename__ = "matiere"
    __cloisonnement__ = commun("nomenclature nationale")

    code: Mapped[str] = neutre("code national", String(6), primary_key=True)
    libelle: Mapped[str] = neutre("nom de la discipline", Text, exemption=NOMENCLATURE)
    rattachement: Mapped[str | None] = neutre("discipline nationale d'une discipline locale", String(6))


class Mef(Base):
    """Module élémentaire de formation : niveau et voie d'un élève."""

    __tablename__ = "mef"
    __cloisonnement__ = commun("nomenclature nationale")

    code: Mapped[str] = neutre("code national", String(11), primary_key=True)
    libelle: Mapped[str] = neutre("nom de la formation", Text, exemption=NOMENCLATURE)
    rattachement: Mapped[str | None] = neutre("formation nationale", String(11))
    mefstat: Mapped[str | None] = neutre("code statistique, qui donne le niveau", String(11))
