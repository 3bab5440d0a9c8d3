"""Une brique d'essai qui vieillit : des absences par année et leurs suites, et des passages datés."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, ForeignKeyConstraint, Index, String, Uuid
from sqlalchemy.orm import Mapped

from ent_core.brique import (
    Acces,
    Base,
    BaseLegale,
    Categorie,
    Cloisonne,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    ParAnnee,
    Population,
    Portee,
    Role,
    Sort,
    Sujet,
    Texte,
    Traitement,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from ent_core.essais.instance import faux_brique

__all__ = ["ABSENCES", "PASSAGES", "AbsenceNotee", "Passage", "Suite", "brique_cahiers"]

_COMMUN: dict[str, Any] = {
    "version": 1,
    "finalite": "Éprouver ce qui vieillit.",
    "finalite_ent": FinaliteEnt.VIE_SCOLAIRE,
    "base": BaseLegale.MISSION_INTERET_PUBLIC,
    "textes": ("code de l'éducation, article R. 131-5",),
    "personnes": frozenset({Population.ELEVE}),
    "destinataires": (
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.RESPONSABLE, Portee.MES_ENFANTS),
    ),
}
_TEXTE = Texte("code de l'éducation, article R. 131-6")

ABSENCES = Traitement(
    cle="cahiers.absences",
    intitule="Cahier d'absences",
    conservation=Conservation(Depart.FIN_ANNEE_SCOLAIRE, Duree(), Sort.SUPPRIMER, autorite=_TEXTE),
    **_COMMUN,
)
PASSAGES = Traitement(
    cle="cahiers.passages",
    intitule="Cahier de passages",
    conservation=Conservation(Depart.FAIT, Duree(mois=3), Sort.SUPPRIMER, autorite=_TEXTE, preavis=10),
    **_COMMUN,
)


class AbsenceNotee(ParAnnee, Base):
    """Une absence, d'une année scolaire."""

    __tablename__ = "cahiers_absence"
    __traitement__ = "cahiers.absences"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)

    eleve_id: Mapped[UUID] = vers_personne()
    motif: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))

    __table_args__ = (Index(None, "eleve_id"),)


class Suite(ParAnnee, Base):
    """Ce que l'on en a fait."""

    __tablename__ = "cahiers_suite"
    __traitement__ = "cahiers.absences"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("absence_id", par="cahiers_absence"),)

    absence_id: Mapped[UUID] = neutre("absence", Uuid)
    decision: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "absence_id"],
            ["cahiers_absence.uai", "cahiers_absence.annee", "cahiers_absence.id"],
            ondelete="CASCADE",
        ),
        Index(None, "uai", "annee", "absence_id"),
    )


class Passage(Cloisonne, Base):
    """Un passage à la vie scolaire, daté."""

    __tablename__ = "cahiers_passage"
    __traitement__ = "cahiers.passages"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)
    __depart__ = "le"

    eleve_id: Mapped[UUID] = vers_personne()
    le: Mapped[datetime] = neutre("instant du passage", DateTime(timezone=True))
    avis: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))

    __table_args__ = (Index(None, "eleve_id"),)


@cache
def brique_cahiers(*traitements: Traitement) -> ModuleType:
    """La brique.

    :param traitements: à la place des siens.
    """
    return faux_brique(
        "cahiers",
        ent_modeles=lambda: (AbsenceNotee, Suite, Passage),
        ent_migrations=lambda: Path(__file__).parent / "cahiers" / "migrations",
        ent_traitements=lambda: traitements or (ABSENCES, PASSAGES),
    )
