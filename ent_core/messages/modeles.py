"""Ce qui attend de partir, ce que chacun préfère, ce que l'établissement règle."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Time,
    Uuid,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, donnee, neutre, vers_personne

__all__ = ["Message", "PreferenceMessage", "ReglageMessages"]

_CANAUX = "in ('ent', 'courriel', 'sms', 'papier')"


class Message(Cloisonne, Base):
    """« Une information est disponible » : pour qui, par où, et quand. Jamais ce qu'elle dit."""

    __tablename__ = "message"
    __traitement__ = "noyau.messages"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"), Sujet("a_propos", Lien.TIERS), Sujet("par", Lien.AUTEUR))
    __depart__ = "cree_le"

    personne_id: Mapped[UUID] = vers_personne()
    a_propos: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    lot: Mapped[UUID] = neutre("appel qui l'a demandé", Uuid)
    sujet: Mapped[str] = neutre("sujet déclaré par une brique", String(64))
    lien: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(200))
    qualite: Mapped[str] = neutre("à quel titre il est reçu, d'une liste", String(10))
    canal: Mapped[str] = neutre("par où il part, d'une liste", String(8))
    urgent: Mapped[bool] = neutre("part aussi aux heures de silence", Boolean)
    cree_le: Mapped[datetime] = neutre("demandé", DateTime(timezone=True))
    visible_le: Mapped[datetime] = neutre("montré dans l'ENT", DateTime(timezone=True))
    prevu_le: Mapped[datetime] = neutre("départ prévu", DateTime(timezone=True))
    tenu_le: Mapped[datetime | None] = neutre("gardé, sa brique n'étant pas servie", DateTime(timezone=True))
    etat: Mapped[str] = neutre("où il en est, d'une liste", String(8), server_default="attente")
    confirme: Mapped[bool] = neutre("quelqu'un a confirmé le nombre", Boolean, server_default="false")
    essais: Mapped[int] = neutre("envois tentés", SmallInteger, server_default="0")
    echec: Mapped[str | None] = neutre("pourquoi il n'est pas parti, d'une liste", String(24))
    clos_le: Mapped[datetime | None] = neutre("parti, annulé ou en échec", DateTime(timezone=True))
    # Sans date, et montré à la seule personne : ce n'est pas un accusé de lecture (SURV-05).
    vu: Mapped[bool] = neutre("la personne n'a plus à être rappelée", Boolean, server_default="false")

    __table_args__ = (
        CheckConstraint(f"canal {_CANAUX}", name="canal"),
        CheckConstraint("qualite in ('famille', 'eleve', 'personnel')", name="qualite"),
        CheckConstraint("etat in ('attente', 'retenu', 'parti', 'annule', 'echec')", name="etat"),
        CheckConstraint("(clos_le is null) = (etat in ('attente', 'retenu'))", name="clos"),
        CheckConstraint("(echec is not null) = (etat = 'echec')", name="echec"),
        CheckConstraint("lien like '/%'", name="lien"),
        Index(None, "uai", "personne_id", "visible_le"),
        Index(None, "uai", "prevu_le", postgresql_where="etat in ('attente', 'retenu')"),
        Index(None, "uai", "sujet", "cree_le"),
        Index(None, "personne_id"),
        Index(None, "a_propos"),
        Index(None, "par"),
    )


class PreferenceMessage(Base):
    """Par où et quand une personne veut apprendre ce qui relève d'un sujet."""

    __tablename__ = "preference_message"
    __traitement__ = "noyau.preferences"
    __cloisonnement__ = commun("une personne choisit une fois, pour toutes ses écoles")
    __sujets__ = (Sujet("personne_id"),)

    personne_id: Mapped[UUID] = vers_personne(primary_key=True)
    sujet: Mapped[str] = neutre("sujet déclaré par une brique", String(64), primary_key=True)
    canal: Mapped[str] = donnee(Categorie.CONNEXION, String(8))
    rythme: Mapped[str] = donnee(Categorie.CONNEXION, String(8), server_default="aussitot")

    __table_args__ = (
        CheckConstraint(f"canal {_CANAUX}", name="canal"),
        CheckConstraint("rythme in ('aussitot', 'jour')", name="rythme"),
    )


class ReglageMessages(Base):
    """Ce qu'un établissement règle ; sans ligne, les valeurs par défaut valent."""

    __tablename__ = "reglage_messages"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    silence_debut: Mapped[time] = neutre("le soir, plus rien ne part à partir de", Time)
    silence_fin: Mapped[time] = neutre("le matin, rien ne part avant", Time)
    fin_de_semaine: Mapped[bool] = neutre("des messages partent aussi samedi et dimanche", Boolean)
    resume: Mapped[time] = neutre("heure du résumé du jour", Time)
    delai: Mapped[int] = neutre("minutes pendant lesquelles un envoi s'annule", SmallInteger)
    seuil: Mapped[int] = neutre("part des familles au-delà de laquelle un envoi s'arrête", SmallInteger)

    __table_args__ = (
        CheckConstraint("silence_fin < silence_debut", name="silence"),
        CheckConstraint("resume >= silence_fin and resume < silence_debut", name="resume"),
        CheckConstraint("delai between 0 and 120", name="delai"),
        CheckConstraint("seuil between 1 and 100", name="seuil"),
    )
