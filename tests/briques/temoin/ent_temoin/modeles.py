"""Les tables : chaque sorte d'annotation y est une fois au moins."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    Uuid,
    func,
)
from sqlalchemy.orm import Mapped

from ent_core.brique import (
    Base,
    Categorie,
    Cloisonne,
    Exemption,
    Lien,
    ParAnnee,
    Role,
    Sujet,
    cle,
    commun,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)

__all__ = ["Dossier", "Passage", "Point", "Suite"]

_SOIN = {Role.SANTE_SOCIAL}
_SUIVI = {Role.CPE, Role.SANTE_SOCIAL}


class Dossier(Cloisonne, Base):
    """Un dossier d'élève."""

    __tablename__ = "temoin_dossier"
    __traitement__ = "temoin.suivi"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("saisi_par", Lien.AUTEUR))
    __depart__ = "clos_le"

    eleve_id: Mapped[UUID] = vers_personne()
    saisi_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    motif: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(40))
    recit: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, Text, libre=True, pour=_SUIVI, deferred=True)
    soin: Mapped[str | None] = donnee(Categorie.SANTE, String(60), pour=_SOIN, deferred=True)
    precisions: Mapped[dict[str, Any] | None] = donnee(Categorie.VIE_SCOLAIRE, JSON, cles=("lieu", "heure"))
    etat: Mapped[str] = neutre("état du dossier, dans une liste", String(10))
    modele: Mapped[str | None] = neutre(
        "modèle de courrier, sans nom",
        Text,
        exemption=Exemption("le modèle vient de l'académie", "délégué à la protection", date(2026, 11, 22)),
    )
    certificat: Mapped[str | None] = donnee(
        Categorie.SANTE, Text, libre=True, chiffree=True, pour=_SOIN, deferred=True
    )
    clos_le: Mapped[date | None] = neutre("jour de clôture", Date)

    __table_args__ = (
        CheckConstraint("etat in ('ouvert', 'clos')", name="etat"),
        Index(None, "eleve_id"),
        Index(None, "saisi_par"),
    )


class Suite(Cloisonne, Base):
    """Ce qui est décidé d'un dossier ; elle n'a de sujet que par lui."""

    __tablename__ = "temoin_suite"
    __traitement__ = "temoin.suivi"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("dossier_id", par="temoin_dossier"), Sujet("decide_par", Lien.AUTEUR))

    dossier_id: Mapped[UUID] = neutre("dossier", Uuid)
    decide_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    decision: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(40))

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "dossier_id"], ["temoin_dossier.uai", "temoin_dossier.id"], ondelete="CASCADE"
        ),
        Index(None, "uai", "dossier_id"),
        Index(None, "decide_par"),
    )


class Point(ParAnnee, Base):
    """Un point donné à un élève, une année."""

    __tablename__ = "temoin_point"
    __traitement__ = "temoin.points"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)

    eleve_id: Mapped[UUID] = vers_personne()
    valeur: Mapped[str] = donnee(Categorie.EVALUATION, String(20))

    __table_args__ = (Index(None, "eleve_id"),)


class Passage(Base):
    """Une trace : qui a ouvert un dossier. On y ajoute, on n'y change rien."""

    __tablename__ = "temoin_passage"
    __traitement__ = "temoin.journal"
    __cloisonnement__ = commun("le délégué lit le journal de toute l'académie")
    __sujets__ = (Sujet("acteur_id", Lien.AUTEUR),)
    __ajout_seul__ = True
    __depart__ = "le"
    # Qui remplit le journal ne le lit pas : l'ajout ne redemande pas l'instant que la base a mis.
    __mapper_args__ = {"eager_defaults": False}  # noqa: RUF012 - lu par SQLAlchemy, jamais changé

    id: Mapped[UUID] = cle()
    acteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour={Role.DPD})
    le: Mapped[datetime] = donnee(
        Categorie.TRACE, DateTime(timezone=True), pour={Role.DPD}, server_default=func.now()
    )

    __table_args__ = (Index(None, "acteur_id"),)
