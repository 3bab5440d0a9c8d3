"""Comptes, sessions côté serveur et compteurs d'échecs."""

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
    LargeBinary,
    SmallInteger,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import EMPREINTE

__all__ = ["Compte", "SessionWeb", "Tentative"]


class Compte(Base):
    """Le compte d'une personne : un seul, pour tous ses enfants et toutes ses écoles."""

    __tablename__ = "compte"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("un compte vaut pour tous les établissements de la personne")
    __sujets__ = (Sujet("personne_id"),)

    id: Mapped[UUID] = cle()
    personne_id: Mapped[UUID] = vers_personne(unique=True)
    identifiant: Mapped[str] = donnee(Categorie.CONNEXION, Text, unique=True)
    empreinte: Mapped[str | None] = donnee(Categorie.CONNEXION, Text)
    etat: Mapped[str] = neutre("à activer, actif ou suspendu", String(10), server_default="a_activer")
    code_empreinte: Mapped[str | None] = donnee(Categorie.CONNEXION, Text)
    code_expire_le: Mapped[datetime | None] = neutre("terme du code d'activation", DateTime(timezone=True))
    change_le: Mapped[datetime | None] = neutre("dernier changement de secret", DateTime(timezone=True))
    vu_le: Mapped[datetime | None] = donnee(Categorie.TRACE, DateTime(timezone=True))
    theme: Mapped[str] = neutre("préférence d'affichage", String(10), server_default="auto")

    __table_args__ = (
        CheckConstraint("etat in ('a_activer', 'actif', 'suspendu')", name="etat"),
        CheckConstraint("theme in ('auto', 'clair', 'sombre', 'contraste')", name="theme"),
    )


class SessionWeb(Base):
    """Une session ouverte ; la base n'en garde que l'empreinte du jeton."""

    __tablename__ = "session_web"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("précède le choix de l'établissement")
    __sujets__ = (Sujet("personne_id"),)

    jeton: Mapped[bytes] = neutre(
        "empreinte SHA-256 du jeton", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    id: Mapped[UUID] = neutre("identifiant technique", Uuid, unique=True, server_default=text("ent_uuid7()"))
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    uai: Mapped[str | None] = donnee(Categorie.CONNEXION, String(8))
    profil: Mapped[str | None] = donnee(Categorie.CONNEXION, String(12))
    methode: Mapped[str] = neutre("moyen d'authentification", String(20))
    appareil: Mapped[str] = donnee(Categorie.TRACE, Text)
    reseau: Mapped[str] = donnee(Categorie.TRACE, Text)
    creee_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    vue_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    niveau: Mapped[int] = neutre(
        "0, le second facteur est attendu ; 1, une preuve ; 2, deux preuves", SmallInteger, server_default="1"
    )
    preuves: Mapped[str] = neutre("moyens prouvés, d'une liste", String(40), server_default="")
    prouvee_le: Mapped[datetime] = neutre(
        "dernière preuve", DateTime(timezone=True), server_default=text("now()")
    )
    partagee: Mapped[bool] = neutre("ouverte sur un poste partagé", Boolean, server_default="false")
    support_id: Mapped[UUID | None] = neutre(
        "visite de l'assistance en cours", Uuid, ForeignKey("acces_support.id", ondelete="SET NULL")
    )

    __table_args__ = (
        CheckConstraint("niveau in (0, 1, 2)", name="niveau"),
        Index(None, "compte_id"),
        Index(None, "personne_id"),
        Index(None, "vue_le"),
        Index(None, "support_id"),
    )


class Tentative(Base):
    """Échecs de connexion d'une cible (compte et appareil, compte, réseau), sous forme d'empreinte."""

    __tablename__ = "tentative"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("précède l'authentification")

    cible: Mapped[bytes] = neutre(
        "empreinte à clé de la cible", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    echecs: Mapped[int] = neutre("nombre d'échecs de suite", Integer)
    dernier_le: Mapped[datetime] = neutre("dernier échec", DateTime(timezone=True))
    bloquee_jusqu_a: Mapped[datetime | None] = neutre("fin de l'attente imposée", DateTime(timezone=True))

    __table_args__ = (Index(None, "dernier_le"),)
