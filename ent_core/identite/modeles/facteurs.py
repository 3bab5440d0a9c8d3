"""Seconds facteurs, codes de secours, défis des clés d'accès, exigences des écoles, accès de l'assistance."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    Uuid,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import EMPREINTE

__all__ = ["AccesSupport", "CodeSecours", "Defi", "ExigenceFacteur", "Facteur"]

_COMPTE = "un compte vaut pour tous les établissements de la personne"


class Facteur(Base):
    """Ce que la personne a, en plus de son mot de passe : une clé d'accès, ou une application de codes."""

    __tablename__ = "facteur"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun(_COMPTE)
    __sujets__ = (Sujet("personne_id"),)

    id: Mapped[UUID] = cle()
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    genre: Mapped[str] = neutre("clé d'accès ou application", String(12))
    nom: Mapped[str] = donnee(Categorie.CONNEXION, String(60))
    cree_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    confirme_le: Mapped[datetime | None] = neutre("première preuve réussie", DateTime(timezone=True))
    servi_le: Mapped[datetime | None] = donnee(Categorie.TRACE, DateTime(timezone=True))
    secret: Mapped[str | None] = donnee(Categorie.CONNEXION, Text, libre=True, chiffree=True)
    dernier_pas: Mapped[int | None] = neutre("dernière demi-minute dont le code a servi", BigInteger)
    cle_id: Mapped[bytes | None] = donnee(Categorie.CONNEXION, LargeBinary, unique=True)
    cle_publique: Mapped[bytes | None] = donnee(Categorie.CONNEXION, LargeBinary)
    compteur: Mapped[int | None] = neutre("signatures faites par la clé", BigInteger)

    __table_args__ = (
        CheckConstraint("genre in ('cle', 'application')", name="genre"),
        CheckConstraint(
            "(genre = 'cle') = (cle_id is not null and cle_publique is not null and compteur is not null)",
            name="cle",
        ),
        CheckConstraint("(genre = 'application') = (secret is not null)", name="application"),
        Index(None, "compte_id"),
        Index(None, "personne_id"),
    )


class CodeSecours(Base):
    """Un code de secours, sous forme d'empreinte ; il ne sert qu'une fois."""

    __tablename__ = "code_secours"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun(_COMPTE)
    __sujets__ = (Sujet("personne_id"),)

    empreinte: Mapped[bytes] = neutre(
        "empreinte à clé du code", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    cree_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    servi_le: Mapped[datetime | None] = donnee(Categorie.TRACE, DateTime(timezone=True))

    __table_args__ = (Index(None, "compte_id"), Index(None, "personne_id"))


class Defi(Base):
    """Un défi donné à un navigateur pour une clé d'accès : il ne sert qu'une fois, et qu'à lui."""

    __tablename__ = "defi"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("précède l'authentification")

    empreinte: Mapped[bytes] = neutre(
        "empreinte SHA-256 du défi", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    navigateur: Mapped[bytes] = neutre("empreinte du témoin qui l'a reçu", LargeBinary, exemption=EMPREINTE)
    usage: Mapped[str] = neutre("à quoi il sert, d'une liste", String(8))
    expire_le: Mapped[datetime] = neutre("terme du défi", DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("usage in ('ajouter', 'entrer', 'prouver')", name="usage"),
        Index(None, "expire_le"),
    )


class ExigenceFacteur(Base):
    """Jour à partir duquel un établissement exige un second facteur de ses personnels."""

    __tablename__ = "exigence_facteur"
    __cloisonnement__ = commun("lue à la connexion, avant le choix de l'établissement")

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    des_le: Mapped[date] = neutre("premier jour où le second facteur est exigé", Date)


class AccesSupport(Base):
    """Une visite de l'assistance : qui a vu l'ENT comme qui, quand, et pour quelle demande."""

    __tablename__ = "acces_support"
    __traitement__ = "noyau.support"
    __cloisonnement__ = commun("lu avec la session, avant que l'établissement ne soit posé")
    __sujets__ = (Sujet("personne_id"), Sujet("par", Lien.AUTEUR))
    __depart__ = "ouvert_le"

    id: Mapped[UUID] = cle()
    uai: Mapped[str] = neutre("établissement vu", String(8), ForeignKey("etablissement.uai"))
    profil: Mapped[str] = neutre("profil pris, d'une liste", String(12))
    personne_id: Mapped[UUID] = vers_personne()
    par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    demande: Mapped[str] = donnee(Categorie.IDENTIFIANT, String(40))
    motif: Mapped[str] = neutre("motif, d'une liste", String(12))
    ouvert_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    ferme_le: Mapped[datetime | None] = donnee(Categorie.TRACE, DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("motif in ('affichage', 'droits', 'donnees', 'erreur')", name="motif"),
        Index(None, "personne_id", "ouvert_le"),
        Index(None, "par"),
        Index(None, "uai"),
        Index(None, "ouvert_le"),
    )
