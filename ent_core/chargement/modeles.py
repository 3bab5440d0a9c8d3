"""Les bascules, ce que les briques en savent, et le registre des briques vues."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["Bascule", "BriqueConnue", "BriquePreparee"]


class Bascule(Base):
    """Décision d'ouvrir ou de fermer une brique, pour l'académie (``uai`` nul) ou un établissement.

    La décision d'un établissement l'emporte sur celle de l'académie ; la plus récente l'emporte
    à même niveau. Une décision remplacée garde sa ligne : c'est l'historique.
    """

    __tablename__ = "bascule"
    __traitement__ = "noyau.decisions"
    __cloisonnement__ = commun("l'académie décide pour tous ses établissements")
    __sujets__ = (Sujet("posee_par", Lien.AUTEUR),)
    __depart__ = "terme"

    id: Mapped[UUID] = cle()
    brique: Mapped[str] = neutre("identifiant de brique", String(31))
    uai: Mapped[str | None] = neutre("établissement", String(8), ForeignKey("etablissement.uai"))
    ouverte: Mapped[bool] = neutre("ouverte ou fermée", Boolean)
    debut: Mapped[date] = neutre("premier jour", Date)
    fin: Mapped[date | None] = neutre("lendemain du dernier jour", Date)
    origine: Mapped[str] = neutre("fichier, commande ou page", String(10))
    posee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    posee_le: Mapped[datetime] = neutre("date de la décision", DateTime(timezone=True))
    retiree_le: Mapped[datetime | None] = neutre("date du retrait", DateTime(timezone=True))
    terme: Mapped[date | None] = neutre(
        "jour où elle cesse de valoir ; sans terme, elle vaut encore",
        Date,
        Computed("least(fin, (retiree_le at time zone 'UTC')::date)", persisted=True),
    )

    __table_args__ = (
        CheckConstraint("fin is null or debut < fin", name="ordre"),
        Index(None, "uai", "brique"),
        Index(None, "brique"),
        Index(None, "posee_par"),
    )


class BriquePreparee(Base):
    """Brique qui sait qu'elle est ouverte, ou va l'être, dans un établissement.

    Sa ligne naît avec l'appel de ``ent_activer`` et part avec celui de ``ent_desactiver`` : l'écart avec
    les décisions dit qui reste à prévenir.
    """

    __tablename__ = "brique_preparee"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    brique: Mapped[str] = neutre("identifiant de brique", String(31), primary_key=True)
    annee: Mapped[int] = neutre("dernière année scolaire annoncée à la brique", SmallInteger)


class BriqueConnue(Base):
    """Brique dont des tables existent : ses déclarations survivent à sa désinstallation."""

    __tablename__ = "brique_connue"
    __cloisonnement__ = commun("registre de l'instance")

    id: Mapped[str] = neutre("identifiant de brique", String(31), primary_key=True)
    version: Mapped[str] = neutre("dernière version vue", Text, exemption=CODE)
    registre: Mapped[dict[str, Any]] = neutre("déclarations, pour continuer de purger", JSONB, exemption=CODE)
    vue_le: Mapped[datetime] = neutre("dernier démarrage avec elle", DateTime(timezone=True))
    retiree_le: Mapped[datetime | None] = neutre("retrait enregistré", DateTime(timezone=True))
