"""Ce que l'ENT retient du GAR : les écoles qui l'ouvrent, l'identifiant de chacun, ce qui n'est pas parti."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE, NOMENCLATURE

__all__ = ["GarAnomalie", "GarEtablissement", "GarIdentifiant"]

_COMPTE = "nombre du dernier export"


class GarEtablissement(Base):
    """Un établissement face au GAR : ouvert ou non, et ce que son dernier export a donné."""

    __tablename__ = "gar_etablissement"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    ouvert: Mapped[bool] = neutre("transmis au GAR ou non", Boolean)
    decide_le: Mapped[datetime] = neutre("date de la décision", DateTime(timezone=True))
    baisse_acceptee: Mapped[bool] = neutre(
        "la prochaine baisse est confirmée", Boolean, server_default=text("false")
    )
    exporte_le: Mapped[datetime | None] = neutre("dernier export", DateTime(timezone=True))
    archive: Mapped[str | None] = neutre("nom de sa dernière archive", Text, exemption=CODE)
    eleves: Mapped[int] = neutre(_COMPTE, Integer, server_default=text("0"))
    personnels: Mapped[int] = neutre(_COMPTE, Integer, server_default=text("0"))
    structures: Mapped[int] = neutre(_COMPTE, Integer, server_default=text("0"))
    ecartes: Mapped[int] = neutre(
        "fiches que le dernier export n'a pas transmises", Integer, server_default=text("0")
    )
    incompletes: Mapped[int] = neutre(
        "mentions que le dernier export a omises", Integer, server_default=text("0")
    )
    retenu_le: Mapped[datetime | None] = neutre("export arrêté par une baisse", DateTime(timezone=True))
    retenu_eleves: Mapped[int | None] = neutre("élèves qu'aurait eus l'export arrêté", Integer)
    retenu_personnels: Mapped[int | None] = neutre("personnels qu'aurait eus l'export arrêté", Integer)


class GarIdentifiant(Base):
    """L'identifiant d'une personne pour le GAR, et pour lui seul : tiré au sort, il ne dit rien d'elle.

    Deux fiches réunies en laissent deux à la même personne : le plus ancien vaut, l'autre ne sert plus.
    """

    __tablename__ = "gar_identifiant"
    __traitement__ = "noyau.gar"
    __cloisonnement__ = commun("une personne garde le même identifiant dans tous ses établissements")
    __sujets__ = (Sujet("personne_id"),)

    identifiant: Mapped[UUID] = donnee(
        Categorie.IDENTIFIANT, Uuid, primary_key=True, server_default=text("gen_random_uuid()")
    )
    personne_id: Mapped[UUID] = vers_personne()
    attribue_le: Mapped[datetime] = neutre("premier export de la personne", DateTime(timezone=True))

    __table_args__ = (Index(None, "personne_id", "attribue_le"),)


class GarAnomalie(Cloisonne, Base):
    """Ce que le dernier export n'a pas transmis, et pourquoi."""

    __tablename__ = "gar_anomalie"
    __traitement__ = "noyau.gar"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    personne_id: Mapped[UUID | None] = vers_personne(nullable=True)
    fichier: Mapped[str] = neutre("fichier du GAR", String(12))
    cle: Mapped[str] = neutre("code de formation, de discipline ou de groupe", Text, exemption=NOMENCLATURE)
    motif: Mapped[str] = neutre("code du motif", String(24))

    __table_args__ = (
        CheckConstraint("fichier in ('Eleve', 'Enseignant', 'Etab', 'Groupe', 'RespAff')", name="fichier"),
        Index(None, "personne_id"),
    )
