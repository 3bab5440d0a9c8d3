"""Punitions et observations : des mesures individuelles, jamais inscrites au dossier (DISC-04, DISC-07)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Lien,
    ParAnnee,
    Source,
    Sujet,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    Uuid,
    column,
)
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import PERSONNELS, DUn, parmi
from ent_carnet.nomenclatures import (
    Accueil,
    EtatRetenue,
    MotifDiscipline,
    MotObservation,
    NaturePunition,
    SuiteDemande,
)

__all__ = ["DemandeSanction", "ObservationEleve", "Punition", "Retenue"]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE


class Punition(DUn, ParAnnee, Base):
    """Une punition, donnée à un élève par une personne."""

    __tablename__ = "carnet_punition"
    __traitement__ = "carnet.punitions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR))

    nature: Mapped[str] = donnee(_VIE_SCOLAIRE, String(20))
    motif: Mapped[str] = donnee(_VIE_SCOLAIRE, String(24))
    circonstances: Mapped[str | None] = donnee(
        _VIE_SCOLAIRE, Text, libre=True, chiffree=True, pour=PERSONNELS
    )
    travail: Mapped[str | None] = donnee(_VIE_SCOLAIRE, Text, libre=True)
    jour: Mapped[date] = donnee(_VIE_SCOLAIRE, Date)
    seance_id: Mapped[UUID | None] = neutre("séance, pour une exclusion de cours", Uuid)
    accueil: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(16))
    source: Mapped[str] = neutre("saisie, papier ou import", String(6), server_default=Source.SAISIE)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    donnee_le: Mapped[datetime] = neutre("instant de saisie, pour l'intégrité", DateTime(timezone=True))
    annulee_le: Mapped[datetime | None] = neutre("annulée, avec trace", DateTime(timezone=True))

    __table_args__ = (
        parmi("nature", NaturePunition),
        parmi("accueil", Accueil),
        parmi("source", Source),
        CheckConstraint("nature <> 'devoir' or travail is not null", name="travail"),
        CheckConstraint("nature <> 'exclusion_de_cours' or seance_id is not null", name="seance"),
        # L'information écrite du CPE et du chef, et la prise en charge de l'élève (DISC-06).
        CheckConstraint(
            "nature <> 'exclusion_de_cours' or (circonstances is not null and accueil is not null)",
            name="exclusion",
        ),
        # Aucun par la seule date : la base le préférerait pour lire un élève, et lirait toute l'école.
        Index(None, "uai", "annee", "eleve_id", "jour"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
    )


class Retenue(ParAnnee, Base):
    """Une retenue, à une date et en un lieu ; reportée, elle en laisse une autre et reste."""

    __tablename__ = "carnet_retenue"
    __traitement__ = "carnet.punitions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("punition_id", par="carnet_punition"), Sujet("surveille_par", Lien.AUTEUR))

    punition_id: Mapped[UUID] = neutre("punition", Uuid)
    debut: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    fin: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    lieu: Mapped[str] = donnee(_VIE_SCOLAIRE, String(32))
    surveille_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    etat: Mapped[str] = donnee(_VIE_SCOLAIRE, String(10), server_default=EtatRetenue.PREVUE)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "punition_id"],
            ["carnet_punition.uai", "carnet_punition.annee", "carnet_punition.id"],
            ondelete="CASCADE",
        ),
        parmi("etat", EtatRetenue),
        CheckConstraint("debut < fin", name="ordre"),
        Index(None, "uai", "annee", "punition_id"),
        Index(
            "ux_carnet_retenue_prevue", "uai", "annee", "punition_id",
            unique=True, postgresql_where=column("etat", String) == EtatRetenue.PREVUE,
        ),
        Index(None, "uai", "annee", "debut"),
        Index(None, "surveille_par"),
    )  # fmt: skip


class ObservationEleve(DUn, ParAnnee, Base):
    """Une observation rattachée à un événement, en mots choisis : ni point ni score (CARNET-15)."""

    __tablename__ = "carnet_observation"
    __traitement__ = "carnet.punitions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR))

    code: Mapped[str] = donnee(_VIE_SCOLAIRE, String(24))
    jour: Mapped[date] = donnee(_VIE_SCOLAIRE, Date)
    seance_id: Mapped[UUID] = neutre("séance à laquelle elle se rattache", Uuid)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    retiree_le: Mapped[datetime | None] = neutre("retirée, avec trace", DateTime(timezone=True))

    __table_args__ = (
        parmi("code", MotObservation),
        Index(None, "uai", "annee", "eleve_id", "jour"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
    )


class DemandeSanction(DUn, ParAnnee, Base):
    """La demande écrite d'un personnel : une procédure, ou un conseil de discipline (DISC-03, DISC-25).

    Ni punition ni sanction : elle part avec l'année, quelle que soit la suite.
    """

    __tablename__ = "carnet_demande"
    __traitement__ = "carnet.punitions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR), Sujet("suivie_par", Lien.AUTEUR))

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=PERSONNELS)
    conseil: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, pour=PERSONNELS)
    motif: Mapped[str] = donnee(_VIE_SCOLAIRE, String(24), pour=PERSONNELS)
    faits: Mapped[str] = donnee(_VIE_SCOLAIRE, Text, libre=True, chiffree=True, pour=PERSONNELS)
    personnel_vise: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, pour=PERSONNELS)
    jour: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=PERSONNELS)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    suite: Mapped[str] = donnee(
        _VIE_SCOLAIRE, String(8), server_default=SuiteDemande.ATTENTE, pour=PERSONNELS
    )
    suivie_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=PERSONNELS)
    suivie_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)

    __table_args__ = (
        parmi("motif", MotifDiscipline),
        parmi("suite", SuiteDemande),
        Index(None, "uai", "annee", "suite"),
        Index(None, "uai", "annee", "auteur_id"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
        Index(None, "suivie_par"),
    )
