"""Les deux traces. La base les remplit elle-même ; personne ne les corrige ; douze mois, puis plus rien.

Elles disent ce que font les personnels : le chef d'établissement n'en est pas destinataire (SURV-01).
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Date, DateTime, Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre
from ent_core.donnees.exemptions import CODE

__all__ = ["TraceEcriture", "TraceLecture"]

_COMMUN = "le contrôle de l'académie réunit tous les établissements"


class TraceEcriture(Base):
    """Une écriture : qui, au titre de quoi, quelle table, quelles colonnes, sur qui ; jamais une valeur."""

    __tablename__ = "trace_ecriture"
    __traitement__ = "noyau.traces"
    __cloisonnement__ = commun(_COMMUN)
    __sujets__ = (Sujet("sujet_id"), Sujet("acteur_id", Lien.AUTEUR))
    __ajout_seul__ = True
    __depart__ = "instant"

    id: Mapped[UUID] = cle()
    instant: Mapped[datetime] = neutre("date de l'écriture", DateTime(timezone=True), server_default="now()")
    uai: Mapped[str | None] = neutre("établissement", String(8))
    acteur_id: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)
    finalite: Mapped[str] = neutre("motif posé par le programme", Text, exemption=CODE)
    role: Mapped[str] = neutre("rôle de base", Text, exemption=CODE)
    traitement: Mapped[str | None] = neutre("clé du traitement", Text, exemption=CODE)
    nom_table: Mapped[str] = neutre("nom de table", Text, exemption=CODE)
    operation: Mapped[str] = neutre("ajout, changement ou suppression", String(6))
    colonnes: Mapped[list[str] | None] = neutre(
        "noms des colonnes ; vide pour un acte en nombre", ARRAY(Text), exemption=CODE
    )
    sujet_id: Mapped[UUID | None] = donnee(Categorie.IDENTIFIANT, Uuid)
    lignes: Mapped[int] = neutre("nombre de lignes", Integer)

    __table_args__ = (Index(None, "instant"), Index(None, "sujet_id", "instant"), Index(None, "acteur_id"))


class TraceLecture(Base):
    """Une lecture de colonnes sensibles : une ligne par personne, par jour, par traitement et par sujet."""

    __tablename__ = "trace_lecture"
    __traitement__ = "noyau.traces"
    __cloisonnement__ = commun(_COMMUN)
    __sujets__ = (Sujet("sujet_id"), Sujet("lecteur_id", Lien.AUTEUR))
    __ajout_seul__ = True
    __depart__ = "jour"

    id: Mapped[UUID] = cle()
    jour: Mapped[date] = neutre("jour de la lecture, à Paris", Date)
    uai: Mapped[str | None] = neutre("établissement", String(8))
    lecteur_id: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)
    role: Mapped[str] = neutre("rôle de base", Text, exemption=CODE)
    traitement: Mapped[str] = neutre("clé du traitement", Text, exemption=CODE)
    colonnes: Mapped[list[str]] = neutre("noms des colonnes lues", ARRAY(Text), exemption=CODE)
    sujet_id: Mapped[UUID | None] = donnee(Categorie.IDENTIFIANT, Uuid)

    __table_args__ = (
        UniqueConstraint(
            "jour", "lecteur_id", "uai", "traitement", "colonnes", "sujet_id", "role",
            name="uq_trace_lecture_fait", postgresql_nulls_not_distinct=True,
        ),
        Index(None, "sujet_id", "jour"),
        Index(None, "lecteur_id"),
    )  # fmt: skip
