"""Ce que le fournisseur OpenID Connect garde : des empreintes, des accords, et ses clés, chiffrées."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Computed,
    Date,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Exemption, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import EMPREINTE

__all__ = ["AccordService", "CleOidc", "CodeOidc", "JetonOidc"]

_INSTANT = DateTime(timezone=True)
_SERVEUR = "présenté par le service, avant que l'établissement ne soit connu"
_CLE_CHIFFREE = Exemption(
    "clé de l'instance, chiffrée : ne dit rien de personne", "mainteneurs du noyau", date(2026, 11, 22)
)


class _Mandat:
    """Au nom de qui, à quel titre et sur quelle preuve un service agit ; de même pour un code et un jeton."""

    empreinte: Mapped[bytes] = neutre(
        "empreinte SHA-256", LargeBinary, primary_key=True, exemption=EMPREINTE, sort_order=-20
    )
    famille: Mapped[UUID] = neutre("jetons nés d'un même code", Uuid, sort_order=-10)
    service: Mapped[str] = neutre("identifiant du service", String(40), sort_order=-10)
    compte_id: Mapped[UUID] = neutre(
        "compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"), sort_order=-10
    )
    personne_id: Mapped[UUID] = vers_personne(sort_order=-10)
    uai: Mapped[str] = donnee(Categorie.CONNEXION, String(8), sort_order=-10)
    profil: Mapped[str] = donnee(Categorie.CONNEXION, String(12), sort_order=-10)
    # Sans clé étrangère : un code rejoué se reconnaît encore quand la session est fermée.
    session_id: Mapped[UUID] = neutre("session, ouverte ou fermée", Uuid, sort_order=-10)
    methode: Mapped[str] = neutre("moyen d'authentification", String(20), sort_order=-10)
    preuves: Mapped[str] = neutre("moyens prouvés, d'une liste", String(40), sort_order=-10)
    niveau: Mapped[int] = neutre("nombre de preuves données", SmallInteger, sort_order=-10)
    authentifie_le: Mapped[datetime] = donnee(Categorie.TRACE, _INSTANT, sort_order=-10)
    portees: Mapped[list[str]] = neutre("portées accordées, d'une liste", ARRAY(String(60)), sort_order=-10)
    prolonge: Mapped[bool] = neutre("vaut encore quand la personne est sortie", Boolean, sort_order=-10)
    cree_le: Mapped[datetime] = donnee(Categorie.TRACE, _INSTANT, sort_order=-10)
    expire_le: Mapped[datetime] = neutre("fin de sa validité", _INSTANT, sort_order=-10)


class CodeOidc(_Mandat, Base):
    """Un code d'autorisation. Échangé, il garde sa ligne un jour : le rejouer éteint ce qui en est né."""

    __tablename__ = "code_oidc"
    __traitement__ = "noyau.connexions_services"
    __cloisonnement__ = commun(_SERVEUR)
    __sujets__ = (Sujet("personne_id"),)
    __depart__ = "cree_le"

    retour: Mapped[str] = donnee(Categorie.TRACE, Text)
    nonce: Mapped[str] = donnee(Categorie.TRACE, Text)
    defi: Mapped[str] = neutre("empreinte de la preuve PKCE attendue", String(43))
    echange_le: Mapped[datetime | None] = neutre("quand il a servi", _INSTANT)

    __table_args__ = (
        Index(None, "compte_id"),
        Index(None, "personne_id"),
        Index(None, "expire_le"),
    )


class JetonOidc(_Mandat, Base):
    """Un jeton d'accès, ou le jeton qui en obtient un autre ; la base n'en a que l'empreinte."""

    __tablename__ = "jeton_oidc"
    __traitement__ = "noyau.connexions_services"
    __cloisonnement__ = commun(_SERVEUR)
    __sujets__ = (Sujet("personne_id"),)
    __depart__ = "cree_le"

    sorte: Mapped[str] = neutre("acces ou suite", String(8))
    servi_le: Mapped[datetime | None] = donnee(Categorie.TRACE, _INSTANT)
    retire_le: Mapped[datetime | None] = neutre("éteint avant son terme", _INSTANT)

    __table_args__ = (
        CheckConstraint("sorte in ('acces', 'suite')", name="sorte"),
        Index(None, "famille"),
        Index(None, "compte_id", "service"),
        Index(None, "personne_id"),
        Index(None, "expire_le"),
    )


class AccordService(Base):
    """Ce qu'une personne accorde à un service de lire pour elle ; retiré, la ligne reste, comme preuve."""

    __tablename__ = "accord_service"
    __traitement__ = "noyau.services_relies"
    __cloisonnement__ = commun("un accord vaut pour un compte, dans tous ses établissements")
    __sujets__ = (Sujet("personne_id"),)
    __depart__ = "terme"

    id: Mapped[UUID] = cle()
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    service: Mapped[str] = donnee(Categorie.TRACE, String(40))
    portees: Mapped[list[str]] = neutre("portées accordées, d'une liste", ARRAY(String(60)))
    accorde_le: Mapped[datetime] = donnee(Categorie.TRACE, _INSTANT)
    retire_le: Mapped[datetime | None] = donnee(Categorie.TRACE, _INSTANT)
    terme: Mapped[date | None] = neutre(
        "jour du retrait ; sans lui, l'accord vaut encore",
        Date,
        Computed("(retire_le at time zone 'UTC')::date", persisted=True),
    )

    __table_args__ = (
        Index(
            "uq_accord_service_en_vigueur",
            "compte_id",
            "service",
            unique=True,
            postgresql_where=text("retire_le is null"),
        ),
        Index(None, "compte_id"),
        Index(None, "personne_id"),
    )


class CleOidc(Base):
    """Une clé de signature de l'instance : la partie privée est chiffrée par la clé secrète de l'instance."""

    __tablename__ = "cle_oidc"
    __traitement__ = "noyau.services_tiers"
    __cloisonnement__ = commun("les clés sont celles de l'instance")
    __depart__ = "terme"

    kid: Mapped[str] = neutre("nom public de la clé, tiré au hasard", String(16), primary_key=True)
    algorithme: Mapped[str] = neutre("signature, d'une liste", String(5))
    privee: Mapped[bytes] = neutre("clé privée, chiffrée", LargeBinary, exemption=_CLE_CHIFFREE)
    cree_le: Mapped[datetime] = neutre("mise en service", _INSTANT)
    remplacee_le: Mapped[datetime | None] = neutre("ne signe plus depuis", _INSTANT)
    terme: Mapped[date | None] = neutre(
        "jour où elle a cessé de signer",
        Date,
        Computed("(remplacee_le at time zone 'UTC')::date", persisted=True),
    )

    __table_args__ = (
        CheckConstraint("algorithme in ('RS256', 'ES256')", name="algorithme"),
        Index(
            "uq_cle_oidc_en_service", "algorithme", unique=True, postgresql_where=text("remplacee_le is null")
        ),
    )
