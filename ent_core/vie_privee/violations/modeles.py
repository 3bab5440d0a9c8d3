"""Une violation, telle qu'elle est connue aujourd'hui, et la suite de ce qui en a été dit."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE
from ent_core.vie_privee.violations.nomenclatures import CHAMPS

__all__ = ["Violation", "ViolationEtape"]

_PLUSIEURS = "une violation peut toucher plusieurs établissements"
_DECISION = "in ('a_decider', 'oui', 'non')"


class Violation(Base):
    """Une violation de données (RGPD, articles 33 et 34) ; ``connue_le`` fait courir les 72 heures."""

    __tablename__ = "violation"
    __traitement__ = "noyau.violations"
    __cloisonnement__ = commun(_PLUSIEURS)
    __sujets__ = (Sujet("declaree_par", Lien.AUTEUR),)
    __depart__ = "close_le"

    id: Mapped[UUID] = cle()
    uai: Mapped[str | None] = neutre("établissement responsable ; vide, l'académie", String(8))
    connue_le: Mapped[datetime] = neutre("prise de connaissance", DateTime(timezone=True))
    debut: Mapped[datetime | None] = neutre("début, s'il est connu", DateTime(timezone=True))
    fin: Mapped[datetime | None] = neutre("fin, s'il y en a une", DateTime(timezone=True))
    en_cours: Mapped[bool] = neutre("elle continue", Boolean)
    natures: Mapped[list[str]] = neutre("perte de quoi, d'une liste", ARRAY(String(24)))
    origine: Mapped[str] = neutre("ce qui s'est passé, d'une liste", String(24))
    cause: Mapped[str] = neutre("de qui et pourquoi, d'une liste", String(24))
    traitements: Mapped[list[str]] = neutre("traitements touchés", ARRAY(String(64)))
    categories: Mapped[list[str]] = neutre("catégories de données", ARRAY(String(24)))
    populations: Mapped[list[str]] = neutre("catégories de personnes", ARRAY(String(24)))
    personnes: Mapped[int | None] = neutre("nombre de personnes, environ", Integer)
    enregistrements: Mapped[int | None] = neutre("nombre d'enregistrements, environ", Integer)
    consequences: Mapped[list[str]] = neutre("conséquences probables, d'une liste", ARRAY(String(24)))
    gravite: Mapped[int | None] = neutre("de 1 à 4", SmallInteger)
    description: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(4000), libre=True)
    mesures: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(4000), libre=True)
    cnil: Mapped[str] = neutre("notifier la CNIL : décision", String(10), server_default="a_decider")
    cnil_motif: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(1000), libre=True)
    notifiee_le: Mapped[datetime | None] = neutre("notification initiale", DateTime(timezone=True))
    reference: Mapped[str | None] = neutre("numéro donné par la CNIL", String(60))
    retard_motif: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(1000), libre=True)
    completee_le: Mapped[datetime | None] = neutre("notification complète", DateTime(timezone=True))
    information: Mapped[str] = neutre("prévenir les personnes", String(10), server_default="a_decider")
    information_motif: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(1000), libre=True)
    informees_le: Mapped[date | None] = neutre("personnes prévenues", Date)
    signal: Mapped[str | None] = neutre(
        "refus répétés qui l'ont fait voir", String(200), unique=True, exemption=CODE
    )
    declaree_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    close_le: Mapped[date | None] = neutre("jour de la clôture", Date)

    __table_args__ = (
        CheckConstraint(f"cnil {_DECISION}", name="cnil"),
        CheckConstraint(f"information {_DECISION}", name="information"),
        CheckConstraint("cnil <> 'non' or cnil_motif is not null", name="motif_cnil"),
        CheckConstraint("information <> 'non' or information_motif is not null", name="motif_information"),
        CheckConstraint("gravite between 1 and 4", name="gravite"),
        CheckConstraint("debut is null or fin is null or debut <= fin", name="ordre"),
        CheckConstraint(
            "notifiee_le is null or retard_motif is not null"
            " or notifiee_le <= connue_le + interval '72 hours'",
            name="retard",
        ),
        Index(None, "declaree_par"),
        Index(None, "connue_le", postgresql_where="close_le is null"),
    )


class ViolationEtape(Base):
    """Ce qui a été dit ou décidé d'une violation, et quand. On ajoute, on ne corrige pas."""

    __tablename__ = "violation_etape"
    __traitement__ = "noyau.violations"
    __cloisonnement__ = commun(_PLUSIEURS)
    __sujets__ = (Sujet("par", Lien.AUTEUR),)
    __ajout_seul__ = True

    id: Mapped[UUID] = cle()
    violation_id: Mapped[UUID] = neutre("violation", Uuid, ForeignKey("violation.id", ondelete="CASCADE"))
    instant: Mapped[datetime] = neutre("quand", DateTime(timezone=True))
    par: Mapped[UUID | None] = donnee(Categorie.IDENTIFIANT, Uuid)
    acte: Mapped[str] = neutre("ce qui a été fait, d'une liste", String(24))
    dit: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(4000), libre=True)
    valeurs: Mapped[dict[str, Any]] = donnee(Categorie.VIE_SCOLAIRE, JSONB, cles=CHAMPS, server_default="{}")

    __table_args__ = (Index(None, "violation_id", "instant"), Index(None, "par"))
