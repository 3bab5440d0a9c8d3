"""Ce qui protège un compte : profils suspendus, adresses vérifiées, liens d'un usage, avis d'appareil."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Text, Uuid
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import EMPREINTE

__all__ = ["AdresseVerifiee", "AvisAppareil", "LienSecret", "SuspensionProfil"]


class SuspensionProfil(Base):
    """La connexion d'un profil, fermée dans un établissement jusqu'à ce qu'on la rouvre."""

    __tablename__ = "suspension_profil"
    __traitement__ = "noyau.habilitations"
    __cloisonnement__ = commun("lue avec la session, avant que l'établissement soit posé")
    __sujets__ = (Sujet("suspendu_par", Lien.AUTEUR), Sujet("rouvert_par", Lien.AUTEUR))
    __depart__ = "rouvert_le"

    id: Mapped[UUID] = cle()
    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"))
    profil: Mapped[str] = neutre("profil suspendu", String(12))
    motif: Mapped[str] = neutre("motif, d'une liste fermée", String(12))
    suspendu_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    suspendu_le: Mapped[datetime] = neutre("début", DateTime(timezone=True))
    rouvert_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    rouvert_le: Mapped[datetime | None] = neutre("fin", DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("motif in ('comptes', 'travaux', 'autre')", name="motif"),
        Index(
            "uq_suspension_profil_en_vigueur", "uai", "profil", unique=True,
            postgresql_where=sql("rouvert_le is null"),
        ),
        Index(None, "suspendu_par"),
        Index(None, "rouvert_par"),
    )  # fmt: skip


class AdresseVerifiee(Base):
    """L'adresse dont une personne a prouvé qu'elle la lit : la seule où part un lien de secours."""

    __tablename__ = "adresse_verifiee"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("un compte vaut pour tous les établissements de la personne")
    __sujets__ = (Sujet("personne_id"),)

    compte_id: Mapped[UUID] = neutre(
        "compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"), primary_key=True
    )
    personne_id: Mapped[UUID] = vers_personne()
    adresse: Mapped[str] = donnee(Categorie.COORDONNEES, Text)
    verifiee_le: Mapped[datetime] = neutre("date de la preuve", DateTime(timezone=True))

    __table_args__ = (Index(None, "personne_id"),)


class LienSecret(Base):
    """Un lien envoyé par courriel : un seul usage, une heure au plus, gardé sous forme d'empreinte."""

    __tablename__ = "lien_secret"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("précède l'authentification")
    __sujets__ = (Sujet("personne_id"),)

    jeton: Mapped[bytes] = neutre(
        "empreinte SHA-256 du jeton", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    usage: Mapped[str] = neutre("ce que le lien permet", String(8))
    adresse: Mapped[str] = donnee(Categorie.COORDONNEES, Text)
    expire_le: Mapped[datetime] = neutre("terme", DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("usage in ('secret', 'adresse')", name="usage"),
        Index(None, "compte_id", "usage", unique=True),
        Index(None, "personne_id"),
    )


class AvisAppareil(Base):
    """Une connexion depuis un appareil inconnu, que la personne reconnaît ou non."""

    __tablename__ = "avis_appareil"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("un compte vaut pour tous les établissements de la personne")
    __sujets__ = (Sujet("personne_id"),)

    id: Mapped[UUID] = cle()
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    appareil: Mapped[str] = donnee(Categorie.TRACE, Text)
    reseau_connu: Mapped[bool] = neutre("réseau déjà employé par ce compte", Boolean)
    vu_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    reponse: Mapped[str] = neutre("réponse de la personne", String(8), server_default="aucune")

    __table_args__ = (
        CheckConstraint("reponse in ('aucune', 'moi', 'pas_moi')", name="reponse"),
        Index(None, "compte_id"),
        Index(None, "personne_id"),
        Index(None, "vu_le"),
    )
