"""Les entrées par un fournisseur d'identité : liens gardés, sessions qu'elles ouvrent, jetons déjà vus."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, LargeBinary, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE, EMPREINTE

__all__ = ["EntreeEnAttente", "JetonVu", "LienIdentite", "SessionFederee"]

_PRECEDE = "précède le choix de l'établissement"


class LienIdentite(Base):
    """Le nom qu'un fournisseur d'identité donne à une personne, gardé dès qu'il est prouvé.

    Un sujet ne mène à plusieurs fiches que si le fournisseur les a nommées ensemble : un responsable connu
    de deux annuaires entre par un seul compte chez lui.
    """

    __tablename__ = "lien_identite"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun("un compte vaut pour tous les établissements de la personne")
    __sujets__ = (Sujet("personne_id"),)

    emetteur: Mapped[str] = neutre(
        "émetteur, tel que la configuration le nomme", Text, primary_key=True, exemption=CODE
    )
    sujet: Mapped[str] = donnee(Categorie.IDENTIFIANT, Text, primary_key=True)
    personne_id: Mapped[UUID] = vers_personne(primary_key=True)
    moyen: Mapped[str] = neutre("comment le lien a été prouvé", String(10))
    fait_le: Mapped[datetime] = donnee(Categorie.TRACE, DateTime(timezone=True))
    vu_le: Mapped[datetime | None] = donnee(Categorie.TRACE, DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("moyen in ('source', 'etat_civil', 'preuve')", name="moyen"),
        Index(None, "personne_id"),
    )


class SessionFederee(Base):
    """Ce qu'il faut savoir d'une session venue d'un fournisseur : la fermer avec lui, l'en faire sortir."""

    __tablename__ = "session_federee"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun(_PRECEDE)
    __sujets__ = (Sujet("personne_id"),)

    session_id: Mapped[UUID] = neutre(
        "session", Uuid, ForeignKey("session_web.id", ondelete="CASCADE"), primary_key=True
    )
    personne_id: Mapped[UUID] = vers_personne()
    fournisseur: Mapped[str] = neutre("clé du fournisseur", String(40))
    emetteur: Mapped[str] = neutre("émetteur, tel que la configuration le nomme", Text, exemption=CODE)
    sujet: Mapped[str] = donnee(Categorie.IDENTIFIANT, Text)
    sid: Mapped[str | None] = donnee(Categorie.CONNEXION, Text)
    preuve: Mapped[str | None] = donnee(Categorie.CONNEXION, Text)

    __table_args__ = (
        Index(None, "personne_id"),
        Index(None, "emetteur", "sid"),
        Index(None, "emetteur", "sujet"),
    )


class EntreeEnAttente(Base):
    """Une entrée prouvée par un fournisseur, et que la personne doit encore relier à son compte d'ici."""

    __tablename__ = "entree_en_attente"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun(_PRECEDE)
    __sans_sujet__ = "la personne n'est pas encore reconnue ; la ligne s'efface en dix minutes"

    jeton: Mapped[bytes] = neutre(
        "empreinte SHA-256 du témoin", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    evenement: Mapped[dict[str, Any]] = donnee(
        Categorie.CONNEXION,
        JSONB,
        cles=("fournisseur", "emetteur", "sujet", "methode", "amr", "acr", "sid", "preuve", "uais"),
    )
    expire_le: Mapped[datetime] = neutre("fin de l'attente", DateTime(timezone=True))

    __table_args__ = (Index(None, "expire_le"),)


class JetonVu(Base):
    """Un jeton qui ne sert qu'une fois (état d'une demande, jeton de déconnexion, ticket), déjà présenté."""

    __tablename__ = "jeton_vu"
    __traitement__ = "noyau.comptes"
    __cloisonnement__ = commun(_PRECEDE)

    jeton: Mapped[bytes] = neutre(
        "empreinte SHA-256 de l'émetteur et du jeton", LargeBinary, primary_key=True, exemption=EMPREINTE
    )
    expire_le: Mapped[datetime] = neutre("fin de sa validité", DateTime(timezone=True))

    __table_args__ = (Index(None, "expire_le"),)
