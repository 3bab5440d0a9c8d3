"""L'affichage aux familles : ce qui est montré, et qui l'a lu. Vidé chaque été (CARNET-09)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Lien,
    Partitionnee,
    Source,
    Sujet,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from sqlalchemy import Boolean, Date, DateTime, ForeignKeyConstraint, Index, String, Uuid, column, false
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import DUn, parmi
from ent_carnet.nomenclatures import NatureAffichage

__all__ = ["Accuse", "Affichage"]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE


class Affichage(DUn, Partitionnee, Base):
    """Une information montrée : nature, date, motif choisi dans une liste (CARNET-07, CARNET-15)."""

    __tablename__ = "carnet_affichage"
    __traitement__ = "carnet.affichage"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)

    nature: Mapped[str] = donnee(_VIE_SCOLAIRE, String(12))
    objet_id: Mapped[UUID] = neutre("événement typé dont elle vient", Uuid)
    debut: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    fin: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    libelle: Mapped[str] = donnee(_VIE_SCOLAIRE, String(64))
    visible_le: Mapped[datetime] = neutre("montrée à partir de", DateTime(timezone=True))
    retire_le: Mapped[datetime | None] = neutre("corrigée ou annulée", DateTime(timezone=True))

    __table_args__ = (
        parmi("nature", NatureAffichage),
        Index(None, "uai", "annee", "eleve_id", "debut"),
        Index(
            "ux_carnet_affichage_objet", "uai", "annee", "nature", "objet_id",
            unique=True, postgresql_where=column("retire_le").is_(None),
        ),
        Index(None, "eleve_id"),
    )  # fmt: skip


class Accuse(Partitionnee, Base):
    """Lu ou signé par une personne de la famille : la seule date, ni adresse ni appareil (CARNET-16)."""

    __tablename__ = "carnet_accuse"
    __traitement__ = "carnet.affichage"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("affichage_id", par="carnet_affichage"), Sujet("personne_id", Lien.AUTEUR))

    affichage_id: Mapped[UUID] = neutre("information", Uuid)
    personne_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    lu_le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date)
    signe: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, server_default=false())
    source: Mapped[str] = neutre("saisie ou papier", String(6), server_default=Source.SAISIE)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "affichage_id"],
            ["carnet_affichage.uai", "carnet_affichage.annee", "carnet_affichage.id"],
            ondelete="CASCADE",
        ),
        parmi("source", Source),
        Index(None, "uai", "annee", "affichage_id", "personne_id", unique=True),
        Index(None, "personne_id"),
    )
