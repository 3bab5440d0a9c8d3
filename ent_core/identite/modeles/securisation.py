"""Mettre des comptes en sécurité en nombre, par morceaux ; et qui peut donner un nouveau code à un élève."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Uuid
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Sujet, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, neutre, vers_personne

__all__ = ["CodesParResponsables", "CompteASecuriser", "Securisation"]


class Securisation(Cloisonne, Base):
    """Une mise en sécurité demandée pour des comptes d'un établissement ; le journal dit par qui."""

    __tablename__ = "securisation"
    __cloisonnement__ = par_etablissement()

    demandee_le: Mapped[datetime] = neutre("date de la demande", DateTime(timezone=True))
    sessions: Mapped[int] = neutre("sessions fermées", Integer, server_default="0")
    finie_le: Mapped[datetime | None] = neutre("fin, tous les comptes faits", DateTime(timezone=True))


class CompteASecuriser(Base):
    """Un compte d'une mise en sécurité : fait, ou à faire."""

    __tablename__ = "compte_a_securiser"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    securisation_id: Mapped[UUID] = neutre("mise en sécurité", Uuid, primary_key=True)
    compte_id: Mapped[UUID] = neutre(
        "compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"), primary_key=True
    )
    personne_id: Mapped[UUID] = vers_personne()
    fait_le: Mapped[datetime | None] = neutre("mis en sécurité", DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "securisation_id"], ["securisation.uai", "securisation.id"], ondelete="CASCADE"
        ),
        Index(None, "compte_id"),
        Index(None, "personne_id"),
    )


class CodesParResponsables(Base):
    """Un établissement où les responsables donnent eux-mêmes un nouveau code à leurs enfants."""

    __tablename__ = "codes_par_responsables"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    ouvert_le: Mapped[datetime] = neutre("date de la décision", DateTime(timezone=True))
