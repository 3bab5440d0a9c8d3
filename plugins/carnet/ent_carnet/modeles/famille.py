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
from sqlalchemy import Date, DateTime, ForeignKeyConstraint, Index, String, Uuid, column
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import FAMILLE, DUn, parmi
from ent_carnet.nomenclatures import NatureAffichage

__all__ = ["Accuse", "Affichage"]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE


class Affichage(DUn, Partitionnee, Base):
    """Qu'un événement est montré ; son texte et sa date se lisent au dossier (CARNET-07, CARNET-18)."""

    __tablename__ = "carnet_affichage"
    __traitement__ = "carnet.affichage"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=FAMILLE)
    nature: Mapped[str] = donnee(_VIE_SCOLAIRE, String(12), pour=FAMILLE)
    objet_id: Mapped[UUID] = neutre("événement typé dont elle vient", Uuid)
    retire_le: Mapped[datetime | None] = neutre("corrigée ou annulée", DateTime(timezone=True))

    __table_args__ = (
        parmi("nature", NatureAffichage),
        Index(None, "uai", "annee", "eleve_id"),
        Index(
            "ux_carnet_affichage_objet", "uai", "annee", "nature", "objet_id",
            unique=True, postgresql_where=column("retire_le").is_(None),
        ),
        Index(None, "eleve_id"),
    )  # fmt: skip


class Accuse(Partitionnee, Base):
    """Vu par une personne de la famille : la seule date, ni adresse ni appareil (CARNET-16)."""

    __tablename__ = "carnet_accuse"
    __traitement__ = "carnet.affichage"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("affichage_id", par="carnet_affichage"), Sujet("personne_id", Lien.AUTEUR))

    affichage_id: Mapped[UUID] = neutre("information", Uuid)
    personne_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=FAMILLE)
    lu_le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=FAMILLE)
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
