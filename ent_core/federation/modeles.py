"""Les services tiers déclarés, leurs tickets, les sessions qu'ils connaissent, les réponses comptées."""

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
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Exemption, Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import EMPREINTE

__all__ = ["EmissionService", "PartieDeSession", "ServiceDeclare", "ServiceFerme", "TicketCas"]

_SERVICE = Exemption(
    "dit ce qu'est un service et qui le tient, non une personne de l'annuaire",
    "mainteneurs du noyau",
    date(2026, 11, 22),
)


class ServiceDeclare(Base):
    """Un service ouvert par une page ou une commande. Retiré, il garde sa ligne : c'est la preuve."""

    __tablename__ = "service_tiers"
    __traitement__ = "noyau.services_tiers"
    __cloisonnement__ = commun("un même service vaut pour plusieurs établissements, ou pour tous")
    __sujets__ = (Sujet("declare_par", Lien.AUTEUR), Sujet("retire_par", Lien.AUTEUR))
    __depart__ = "terme"

    id: Mapped[UUID] = cle()
    cle: Mapped[str] = neutre("identifiant du service", String(40))
    nom: Mapped[str] = neutre("nom du service", String(80), exemption=_SERVICE)
    adresse: Mapped[str] = neutre("début de ses adresses", Text, exemption=_SERVICE)
    profils: Mapped[list[str]] = neutre("profils nationaux qui y entrent", ARRAY(String(12)))
    etablissements: Mapped[list[str]] = neutre("codes UAI ; vide, toute l'académie", ARRAY(String(8)))
    finalite: Mapped[str] = neutre("but du service", String(300), exemption=_SERVICE)
    base: Mapped[str] = neutre("base légale, d'une liste", String(30))
    destinataire: Mapped[str] = neutre("organisme qui reçoit", String(120), exemption=_SERVICE)
    contact: Mapped[str] = neutre("à qui s'adresser chez lui", String(120), exemption=_SERVICE)
    gabarit: Mapped[str] = neutre("ce qui est donné, d'une liste", String(20))
    attributs: Mapped[list[str]] = neutre("les seuls donnés ; vide, tous ceux du gabarit", ARRAY(String(60)))
    protocole: Mapped[str] = neutre("protocole, d'une liste", String(8))
    options: Mapped[dict[str, Any]] = neutre("options du protocole", JSONB, exemption=_SERVICE)
    actif: Mapped[bool] = neutre("en service", Boolean, server_default="true")
    debut: Mapped[date | None] = neutre("premier jour", Date)
    fin: Mapped[date | None] = neutre("lendemain du dernier jour", Date)
    origine: Mapped[str] = neutre("page ou commande", String(10))
    declare_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    declare_le: Mapped[datetime] = neutre("date de la déclaration", DateTime(timezone=True))
    retire_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    retire_le: Mapped[datetime | None] = neutre("date du retrait", DateTime(timezone=True))
    terme: Mapped[date | None] = neutre(
        "jour du retrait ; sans lui, le service vaut encore",
        Date,
        Computed("(retire_le at time zone 'UTC')::date", persisted=True),
    )

    __table_args__ = (
        CheckConstraint("protocole in ('cas', 'oidc', 'saml')", name="protocole"),
        CheckConstraint("origine in ('page', 'commande')", name="origine"),
        CheckConstraint("debut < fin", name="ordre"),
        Index("uq_service_tiers_en_vigueur", "cle", unique=True, postgresql_where=text("retire_le is null")),
        Index(None, "declare_par"),
        Index(None, "retire_par"),
    )


class ServiceFerme(Base):
    """Un établissement n'ouvre pas un service que l'académie, le fichier ou une brique lui propose."""

    __tablename__ = "service_ferme"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    cle: Mapped[str] = neutre("identifiant du service", String(40), primary_key=True)


class TicketCas(Base):
    """Un ticket CAS qui attend d'être validé ; il l'est une fois, dans la minute, ou il est perdu."""

    __tablename__ = "ticket_cas"
    __traitement__ = "noyau.connexions_services"
    __cloisonnement__ = commun("validé par le service, avant que l'établissement ne soit connu")
    __sujets__ = (Sujet("personne_id"),)
    __depart__ = "cree_le"

    empreinte: Mapped[bytes] = neutre(
        "empreinte SHA-256 du ticket", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    service: Mapped[str] = neutre("identifiant du service", String(40))
    adresse: Mapped[str] = donnee(Categorie.TRACE, Text)
    session_id: Mapped[UUID] = neutre("session", Uuid, ForeignKey("session_web.id", ondelete="CASCADE"))
    compte_id: Mapped[UUID] = neutre("compte", Uuid, ForeignKey("compte.id", ondelete="CASCADE"))
    personne_id: Mapped[UUID] = vers_personne()
    uai: Mapped[str] = donnee(Categorie.CONNEXION, String(8))
    profil: Mapped[str] = donnee(Categorie.CONNEXION, String(12))
    principal: Mapped[bool] = neutre("la personne vient de prouver qui elle est", Boolean)
    cree_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    expire_le: Mapped[datetime] = neutre("fin de sa validité", DateTime(timezone=True))

    __table_args__ = (
        Index(None, "session_id"),
        Index(None, "compte_id"),
        Index(None, "personne_id"),
        Index(None, "expire_le"),
    )


class PartieDeSession(Base):
    """Un service a appris qui est la personne, par telle session : de quoi le prévenir quand elle sort."""

    __tablename__ = "partie_de_session"
    __traitement__ = "noyau.connexions_services"
    __cloisonnement__ = commun("lue à la fermeture d'une session, quel que soit l'établissement")
    __sujets__ = (Sujet("personne_id"),)
    __depart__ = "cree_le"

    id: Mapped[UUID] = cle()
    # Sans clé étrangère : c'est quand la session n'est plus là qu'il faut prévenir.
    session_id: Mapped[UUID] = neutre("session, ouverte ou fermée", Uuid)
    personne_id: Mapped[UUID] = vers_personne()
    uai: Mapped[str] = donnee(Categorie.CONNEXION, String(8))
    service: Mapped[str] = donnee(Categorie.TRACE, String(40))
    protocole: Mapped[str] = neutre("protocole, d'une liste", String(8))
    nom_de_session: Mapped[str] = donnee(Categorie.CONNEXION, Text)
    adresse: Mapped[str] = donnee(Categorie.TRACE, Text)
    emetteur: Mapped[str] = neutre(
        "nom de cet ENT pour le service", Text, server_default="", exemption=_SERVICE
    )
    cree_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    etat: Mapped[str] = neutre(
        "où en est l'avis de sortie, d'une liste", String(12), server_default="ouverte"
    )
    essais: Mapped[int] = neutre("avis tentés", SmallInteger, server_default="0")

    __table_args__ = (
        CheckConstraint("protocole in ('cas', 'oidc', 'saml')", name="protocole"),
        CheckConstraint(
            "etat in ('ouverte', 'a_prevenir', 'prevenue', 'injoignable', 'sans_avis')", name="etat"
        ),
        Index(None, "session_id"),
        Index(None, "personne_id", "cree_le"),
        Index(None, "cree_le"),
    )


class EmissionService(Base):
    """Combien de fois un service a reçu des données, par mois et par profil ; personne n'y est désigné."""

    __tablename__ = "emission_service"
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    service: Mapped[str] = neutre("identifiant du service", String(40), primary_key=True)
    profil: Mapped[str] = neutre("profil national", String(12), primary_key=True)
    mois: Mapped[date] = neutre("premier jour du mois", Date, primary_key=True)
    nombre: Mapped[int] = neutre("réponses données", Integer)
