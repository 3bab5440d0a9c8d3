"""Les personnes et leurs identifiants venus d'ailleurs."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import Computed, Date, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["Identifiant", "Personne"]

_ANNUAIRE = "annuaire unique : une personne peut relever de plusieurs établissements"


class Personne(Base):
    """Une personne de l'annuaire. Ses rattachements disent où et à quel titre."""

    __tablename__ = "personne"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = commun(_ANNUAIRE)
    __sujets__ = (Sujet("id"),)

    id: Mapped[UUID] = cle()
    nom: Mapped[str] = donnee(Categorie.IDENTITE, Text)
    nom_naissance: Mapped[str | None] = donnee(Categorie.IDENTITE, Text)
    prenom: Mapped[str | None] = donnee(Categorie.IDENTITE, Text)
    autres_prenoms: Mapped[list[str]] = donnee(Categorie.IDENTITE, ARRAY(Text), server_default="{}")
    civilite: Mapped[str | None] = donnee(Categorie.IDENTITE, Text)
    naissance: Mapped[date | None] = donnee(Categorie.IDENTITE, Date)
    courriel: Mapped[str | None] = donnee(Categorie.COORDONNEES, Text)
    telephone: Mapped[str | None] = donnee(Categorie.COORDONNEES, Text)
    mobile: Mapped[str | None] = donnee(Categorie.COORDONNEES, Text)
    adresse: Mapped[str | None] = donnee(Categorie.COORDONNEES, Text)
    code_postal: Mapped[str | None] = donnee(Categorie.COORDONNEES, Text)
    ville: Mapped[str | None] = donnee(Categorie.COORDONNEES, Text)
    pays: Mapped[str | None] = donnee(Categorie.COORDONNEES, Text)
    adresse_diffusable: Mapped[bool] = donnee(Categorie.COORDONNEES, server_default="false")
    recherche: Mapped[str] = donnee(
        Categorie.IDENTITE,
        Text,
        Computed(
            "ent_sans_accent(nom || ' ' || coalesce(prenom, '') || ' ' || coalesce(nom_naissance, ''))",
            persisted=True,
        ),
    )
    sursis_depuis: Mapped[date | None] = neutre("disparue de l'annuaire ; connexion fermée", Date)
    suppression_le: Mapped[date | None] = neutre("terme du sursis, trois mois au plus (ENT-18)", Date)

    __table_args__ = (
        Index(
            "ix_personne_recherche",
            "recherche",
            postgresql_using="gin",
            postgresql_ops={"recherche": "gin_trgm_ops"},
        ),
        Index("ix_personne_suppression_le", "suppression_le", postgresql_where="suppression_le is not null"),
    )


class Identifiant(Base):
    """Identifiant donné par un système extérieur : (source, type, valeur), jamais un seul de confiance."""

    __tablename__ = "identifiant"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = commun(_ANNUAIRE)
    __sujets__ = (Sujet("personne_id"),)

    source: Mapped[str] = neutre("système d'origine", Text, primary_key=True, exemption=CODE)
    type: Mapped[str] = neutre("nom de l'identifiant dans ce système", Text, primary_key=True, exemption=CODE)
    valeur: Mapped[str] = donnee(Categorie.IDENTIFIANT, Text, primary_key=True)
    personne_id: Mapped[UUID] = vers_personne()

    __table_args__ = (Index(None, "personne_id"),)
