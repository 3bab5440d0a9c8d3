"""Les bascules, les préalables attestés, ce que les briques en savent, et le registre des briques vues."""

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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, cle, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["Bascule", "BriqueConnue", "BriquePreparee", "PrealableAtteste"]


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


class PrealableAtteste(Cloisonne, Base):
    """Préalable d'une brique, attesté dans un établissement. Une attestation retirée garde sa ligne."""

    __tablename__ = "prealable"
    __traitement__ = "noyau.decisions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("atteste_par", Lien.AUTEUR), Sujet("retire_par", Lien.AUTEUR))
    __depart__ = "retire_le"

    brique: Mapped[str] = neutre("identifiant de brique", String(31))
    cle: Mapped[str] = neutre("identifiant du préalable dans la brique", String(40))
    origine: Mapped[str] = neutre("page, commande ou api", String(10))
    atteste_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    atteste_le: Mapped[datetime] = neutre("date de l'attestation", DateTime(timezone=True))
    retire_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    retire_le: Mapped[datetime | None] = neutre("date du retrait", DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("origine in ('page', 'commande', 'api')", name="origine"),
        Index(
            "uq_prealable_en_vigueur",
            "uai",
            "brique",
            "cle",
            unique=True,
            postgresql_where=text("retire_le is null"),
        ),
        Index(None, "atteste_par"),
        Index(None, "retire_par"),
    )


class BriqueConnue(Base):
    """Brique dont des tables existent : ses déclarations survivent à sa désinstallation."""

    __tablename__ = "brique_connue"
    __cloisonnement__ = commun("registre de l'instance")

    id: Mapped[str] = neutre("identifiant de brique", String(31), primary_key=True)
    version: Mapped[str] = neutre("dernière version vue", Text, exemption=CODE)
    registre: Mapped[dict[str, Any]] = neutre("déclarations, pour continuer de purger", JSONB, exemption=CODE)
    vue_le: Mapped[datetime] = neutre("dernier démarrage avec elle", DateTime(timezone=True))
    retiree_le: Mapped[datetime | None] = neutre("retrait enregistré", DateTime(timezone=True))
