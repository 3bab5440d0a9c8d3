"""Les liens datés d'une personne : établissement, division, groupe, enfant. Intervalles semi-ouverts."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import (
    Boolean,
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
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, ParAnnee, cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["Inscription", "Rattachement", "Responsabilite", "Restriction", "Scolarite"]


class Rattachement(Cloisonne, Base):
    """Ce qu'une personne est dans un établissement : profil national et fonction, d'un jour à un autre."""

    __tablename__ = "rattachement"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    personne_id: Mapped[UUID] = vers_personne()
    profil: Mapped[str] = donnee(Categorie.AFFECTATION, String(12))
    fonction: Mapped[str | None] = donnee(Categorie.AFFECTATION, String(10))
    source: Mapped[str] = neutre("provenance (ENT-07)", Text, exemption=CODE)
    debut: Mapped[date] = donnee(Categorie.AFFECTATION, Date)
    fin: Mapped[date | None] = donnee(Categorie.AFFECTATION, Date)

    __table_args__ = (
        UniqueConstraint(
            "uai", "personne_id", "profil", "fonction", "debut", postgresql_nulls_not_distinct=True
        ),
        Index(None, "personne_id"),
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
    )


class Scolarite(Base):
    """Formation et régime d'un élève pour une année."""

    __tablename__ = "scolarite"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    annee: Mapped[int] = neutre("année scolaire", SmallInteger, primary_key=True)
    personne_id: Mapped[UUID] = vers_personne(primary_key=True)
    mef: Mapped[str | None] = donnee(Categorie.SCOLARITE, String(11))
    niveau: Mapped[str | None] = donnee(Categorie.SCOLARITE, Text)
    regime: Mapped[str | None] = donnee(Categorie.SCOLARITE, Text)
    statut: Mapped[str | None] = donnee(Categorie.SCOLARITE, Text)

    __table_args__ = (Index(None, "personne_id"),)


class Inscription(ParAnnee, Base):
    """Appartenance d'un élève à une division ou à un groupe."""

    __tablename__ = "inscription"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    # La clé composée vers la division ou le groupe tient déjà l'établissement.
    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True, sort_order=-20)
    personne_id: Mapped[UUID] = vers_personne()
    division_id: Mapped[UUID | None] = donnee(Categorie.SCOLARITE, Uuid)
    groupe_id: Mapped[UUID | None] = donnee(Categorie.SCOLARITE, Uuid)
    debut: Mapped[date] = donnee(Categorie.SCOLARITE, Date)
    fin: Mapped[date | None] = donnee(Categorie.SCOLARITE, Date)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "division_id"],
            ["division.uai", "division.annee", "division.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["uai", "annee", "groupe_id"], ["groupe.uai", "groupe.annee", "groupe.id"], ondelete="CASCADE"
        ),
        CheckConstraint("(division_id is null) <> (groupe_id is null)", name="structure"),
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
        Index(None, "uai", "annee", "division_id", postgresql_where="division_id is not null"),
        Index(None, "uai", "annee", "groupe_id", postgresql_where="groupe_id is not null"),
        Index(None, "personne_id"),
    )


class Responsabilite(Base):
    """Lien d'un responsable avec un élève. Les indicateurs sont indépendants les uns des autres."""

    __tablename__ = "responsabilite"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = commun("un lien familial ne dépend d'aucun établissement")
    __sujets__ = (Sujet("eleve_id"), Sujet("responsable_id"))

    id: Mapped[UUID] = cle()
    eleve_id: Mapped[UUID] = vers_personne()
    responsable_id: Mapped[UUID] = vers_personne()
    lien: Mapped[str] = donnee(Categorie.FAMILLE, String(2))
    legal: Mapped[int] = donnee(Categorie.FAMILLE, SmallInteger)
    financier: Mapped[bool] = donnee(Categorie.FAMILLE, Boolean)
    contact: Mapped[bool] = donnee(Categorie.FAMILLE, Boolean)
    paiement: Mapped[bool] = donnee(Categorie.FAMILLE, Boolean)
    source: Mapped[str] = neutre("provenance (ENT-07)", Text, exemption=CODE)
    debut: Mapped[date] = donnee(Categorie.FAMILLE, Date)
    fin: Mapped[date | None] = donnee(Categorie.FAMILLE, Date)

    __table_args__ = (
        UniqueConstraint("eleve_id", "responsable_id", "debut"),
        Index(None, "responsable_id"),
        CheckConstraint("legal in (0, 1, 2)", name="legal"),
        # N_LIEN_ELEVE_RESPONSABLE : mère, tuteur, aide sociale… restent distincts (FAM-08).
        CheckConstraint(
            "lien in ('10', '20', '37', '38', '39', '41', '42', '43', '50', '51', '70', '90')", name="lien"
        ),
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
    )


class Restriction(Base):
    """Ce qu'un acte de justice retire à un responsable, pour un temps : l'accès, ou la décision (FAM-03)."""

    __tablename__ = "restriction"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = commun("suit le lien familial qu'elle restreint")
    __sujets__ = (Sujet("responsabilite_id", par="responsabilite"), Sujet("saisi_par", Lien.AUTEUR))

    id: Mapped[UUID] = cle()
    responsabilite_id: Mapped[UUID] = neutre(
        "lien restreint", Uuid, ForeignKey("responsabilite.id", ondelete="CASCADE")
    )
    reference: Mapped[str] = donnee(Categorie.FAMILLE, Text)
    effet: Mapped[str] = donnee(Categorie.FAMILLE, String(8), server_default="acces")
    debut: Mapped[date] = donnee(Categorie.FAMILLE, Date)
    fin: Mapped[date | None] = donnee(Categorie.FAMILLE, Date)
    saisi_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")

    __table_args__ = (
        CheckConstraint("effet in ('acces', 'exercice')", name="effet"),
        Index(None, "responsabilite_id"),
        Index(None, "saisi_par"),
        CheckConstraint("fin is null or debut < fin", name="ordre"),
    )
