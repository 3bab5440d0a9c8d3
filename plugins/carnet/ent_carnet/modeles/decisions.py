"""Ce que la direction décide au sujet d'une absence ou d'une famille : des dates et des états, sans récit."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Lien,
    ParAnnee,
    Role,
    Sujet,
    donnee,
    par_etablissement,
    vers_personne,
)
from sqlalchemy import CheckConstraint, Date, DateTime, Index, String, column
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import FAMILLE, SUIVI, DUn, parmi
from ent_carnet.nomenclatures import EtatSignalement, MotifSignalement, ReponseDemandeAbsence

__all__ = ["DemandeAbsence", "Desaccord", "Signalement"]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE
_LUE = (*FAMILLE, *SUIVI)
_ELEVE = (Role.ELEVE, *SUIVI)


class DemandeAbsence(DUn, ParAnnee, Base):
    """La demande d'autorisation à laquelle un doute sérieux fait inviter la famille (R. 131-5, ABS-05)."""

    __tablename__ = "carnet_demande_absence"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR))

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=_LUE)
    debut: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True), pour=_LUE)
    fin: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True), pour=_LUE)
    invitee_le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=SUIVI)
    recue_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_LUE)
    transmise_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_LUE)
    repondue_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_LUE)
    reponse: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(8), pour=_LUE)
    levee_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_LUE)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)

    __table_args__ = (
        parmi("reponse", ReponseDemandeAbsence),
        CheckConstraint("debut < fin", name="ordre"),
        CheckConstraint(
            "(transmise_le is null or recue_le is not null)"
            " and (repondue_le is null or transmise_le is not null)",
            name="etapes",
        ),
        CheckConstraint("(reponse is null) = (repondue_le is null)", name="repondue"),
        Index(None, "uai", "annee", "eleve_id", "debut"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
    )


class Desaccord(DUn, ParAnnee, Base):
    """Un désaccord connu entre responsables : chaque motif est examiné par une personne (FAM-05)."""

    __tablename__ = "carnet_desaccord"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR))

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=_LUE)
    signale_le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=SUIVI)
    leve_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_LUE)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)

    __table_args__ = (
        Index(
            "ux_carnet_desaccord_ouvert", "uai", "annee", "eleve_id",
            unique=True, postgresql_where=column("leve_le").is_(None),
        ),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
    )  # fmt: skip


class Signalement(DUn, ParAnnee, Base):
    """L'acte exceptionnel qui informe les responsables d'un élève majeur opposé (FAM-07)."""

    __tablename__ = "carnet_signalement"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (
        Sujet("eleve_id"),
        Sujet("auteur_id", Lien.AUTEUR),
        Sujet("decide_par", Lien.AUTEUR),
    )

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=_ELEVE)
    motif: Mapped[str] = donnee(_VIE_SCOLAIRE, String(12), pour=_ELEVE)
    etat: Mapped[str] = donnee(_VIE_SCOLAIRE, String(8), server_default=EtatSignalement.PROPOSE, pour=_ELEVE)
    propose_le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=_ELEVE)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)
    decide_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_ELEVE)
    decide_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)

    __table_args__ = (
        parmi("motif", MotifSignalement),
        parmi("etat", EtatSignalement),
        CheckConstraint("(decide_le is null) = (etat = 'propose')", name="decide"),
        Index(None, "uai", "annee", "eleve_id"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
        Index(None, "decide_par"),
    )
