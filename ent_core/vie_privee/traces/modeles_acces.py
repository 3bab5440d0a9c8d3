"""Lire les traces : une demande motivée, bornée, accordée par une autre ; et le compte des refus."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["AccesTraces", "RefusCompte"]


class AccesTraces(Base):
    """Une demande de lire des traces : pourquoi, sur quoi, combien de temps, et qui l'a accordée."""

    __tablename__ = "acces_traces"
    __traitement__ = "noyau.acces_traces"
    __cloisonnement__ = commun("une enquête peut porter sur plusieurs établissements")
    __sujets__ = (
        Sujet("sujet_id"),
        Sujet("demandeur_id", Lien.AUTEUR),
        Sujet("decidee_par", Lien.AUTEUR),
    )
    __depart__ = "valable_au"

    id: Mapped[UUID] = cle()
    journal: Mapped[str] = neutre("lectures ou écritures", String(10))
    motif: Mapped[str] = donnee(Categorie.TRACE, String(500), libre=True)
    violation_id: Mapped[UUID | None] = neutre("violation que l'on instruit", Uuid)
    uai: Mapped[str | None] = neutre("établissement ; vide, tous", String(8))
    # Sans clé étrangère : la personne partie, l'accès ne doit pas s'ouvrir à toutes les autres.
    sujet_id: Mapped[UUID | None] = donnee(Categorie.IDENTIFIANT, Uuid)
    traitement: Mapped[str | None] = neutre("traitement ; vide, tous", String(64))
    du: Mapped[date] = neutre("premier jour lu", Date)
    au: Mapped[date] = neutre("dernier jour lu", Date)
    jours: Mapped[int] = neutre("durée demandée, en jours", Integer)
    demandeur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    demandee_le: Mapped[datetime] = neutre("demandée", DateTime(timezone=True))
    accordee: Mapped[bool | None] = neutre("vide tant que nul n'a décidé", Boolean)
    decidee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    decidee_le: Mapped[datetime | None] = neutre("décidée", DateTime(timezone=True))
    motif_refus: Mapped[str | None] = donnee(Categorie.TRACE, String(500), libre=True)
    expire_le: Mapped[datetime | None] = neutre("fin de l'accès", DateTime(timezone=True))
    valable_au: Mapped[date] = neutre("dernier jour où elle vaut ; non décidée, elle tombe alors", Date)
    lectures: Mapped[int] = neutre("nombre de pages lues", Integer, server_default="0")

    __table_args__ = (
        CheckConstraint("journal in ('lectures', 'ecritures')", name="journal"),
        CheckConstraint("du <= au", name="ordre"),
        CheckConstraint("decidee_par is null or decidee_par <> demandeur_id", name="deux_personnes"),
        CheckConstraint("(accordee is null) = (decidee_le is null)", name="decision"),
        CheckConstraint("(expire_le is null) = (accordee is not true)", name="terme"),
        Index(None, "demandeur_id"),
        Index(None, "decidee_par"),
        Index(None, "sujet_id"),
        Index(None, "demandee_le"),
    )


class RefusCompte(Base):
    """Des refus d'une même heure : quoi, sous quel rôle, où, combien de fois ; jamais qui."""

    __tablename__ = "refus_compte"
    __cloisonnement__ = commun("une attaque se voit en rapprochant les établissements")

    id: Mapped[UUID] = cle()
    heure: Mapped[datetime] = neutre("heure entamée", DateTime(timezone=True))
    nature: Mapped[str] = neutre("portillon, base, permission ou ecole", String(12))
    objet: Mapped[str] = neutre("table, colonne, permission ou page", String(120), exemption=CODE)
    role: Mapped[str] = neutre("rôle en vigueur", String(40))
    uai: Mapped[str | None] = neutre("établissement", String(8))
    nombre: Mapped[int] = neutre("nombre de refus", Integer)

    __table_args__ = (
        UniqueConstraint(
            "heure", "nature", "objet", "role", "uai",
            name="uq_refus_compte_fait", postgresql_nulls_not_distinct=True,
        ),
    )  # fmt: skip
