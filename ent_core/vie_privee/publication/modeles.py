"""Ce que le registre garde : réponses demandées une fois, sous-traitants, information, histoire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Exemption, Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["CampagneInformation", "ReponseRegistre", "SousTraitant", "VersionDeclaration"]

_ACADEMIE = "l'académie répond pour tous ses établissements"
_PUBLIE = Exemption(
    "le registre est publié : le formulaire demande de n'y nommer aucune personne",
    par="mainteneurs du noyau",
    le=date(2026, 11, 22),
)


class ReponseRegistre(Base):
    """Ce que le code ne peut pas savoir, demandé une fois à l'établissement ou à l'académie.

    La réponse de l'établissement l'emporte sur celle de l'académie, case par case. Une réponse remplacée
    garde sa ligne : c'est l'histoire.
    """

    __tablename__ = "reponse_registre"
    __traitement__ = "noyau.registre"
    __cloisonnement__ = commun(_ACADEMIE)
    __sujets__ = (Sujet("repondue_par", Lien.AUTEUR),)
    __depart__ = "remplacee_le"

    id: Mapped[UUID] = cle()
    uai: Mapped[str | None] = neutre("établissement", String(8), ForeignKey("etablissement.uai"))
    responsable: Mapped[str | None] = donnee(Categorie.AFFECTATION, String(200))
    contact: Mapped[str | None] = donnee(Categorie.COORDONNEES, String(300))
    delegue: Mapped[str | None] = donnee(Categorie.IDENTITE, String(200))
    delegue_contact: Mapped[str | None] = donnee(Categorie.COORDONNEES, String(300))
    conjoints: Mapped[str | None] = donnee(Categorie.AFFECTATION, String(500))
    mesures: Mapped[str | None] = neutre(
        "mesures d'organisation de l'établissement", String(2000), exemption=_PUBLIE
    )
    analyse_le: Mapped[date | None] = neutre("date de l'analyse d'impact", Date)
    repondue_le: Mapped[datetime] = neutre("date de la réponse", DateTime(timezone=True))
    repondue_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    remplacee_le: Mapped[datetime | None] = neutre("date de la réponse suivante", DateTime(timezone=True))

    __table_args__ = (
        Index(
            "uq_reponse_registre_en_vigueur",
            text("coalesce(uai, '')"),
            unique=True,
            postgresql_where=text("remplacee_le is null"),
        ),
        Index(None, "uai"),
        Index(None, "repondue_par"),
    )


class SousTraitant(Base):
    """Entreprise ou service qui traite des données pour le compte du responsable (RGPD, article 28)."""

    __tablename__ = "sous_traitant"
    __traitement__ = "noyau.registre"
    __cloisonnement__ = commun(_ACADEMIE)
    __sujets__ = (Sujet("declare_par", Lien.AUTEUR),)
    __depart__ = "fin"

    id: Mapped[UUID] = cle()
    uai: Mapped[str | None] = neutre("établissement", String(8), ForeignKey("etablissement.uai"))
    nom: Mapped[str] = neutre("raison sociale", String(200), exemption=_PUBLIE)
    mission: Mapped[str] = neutre("ce qu'il fait", String(300), exemption=_PUBLIE)
    pays: Mapped[str] = neutre("pays où les données sont traitées", String(64))
    hors_union: Mapped[bool] = neutre("hors de l'Union européenne", Boolean)
    garanties: Mapped[str | None] = neutre(
        "garanties d'un transfert (RGPD, article 46)", String(300), exemption=_PUBLIE
    )
    contrat_le: Mapped[date | None] = neutre("date des clauses de l'article 28", Date)
    debut: Mapped[date] = neutre("premier jour", Date)
    fin: Mapped[date | None] = neutre("lendemain du dernier jour", Date)
    declare_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")

    __table_args__ = (
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
        CheckConstraint("not hors_union or garanties is not null", name="garanties"),
        Index(None, "uai"),
        Index(None, "declare_par"),
    )


class CampagneInformation(Base):
    """L'information redonnée aux familles et aux personnels, une année scolaire (RGPD-INF-02)."""

    __tablename__ = "campagne_information"
    __traitement__ = "noyau.registre"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("notee_par", Lien.AUTEUR),)
    __depart__ = "faite_le"

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    annee: Mapped[int] = neutre("année scolaire", SmallInteger, primary_key=True)
    faite_le: Mapped[date] = neutre("dernier jour où l'information a été donnée", Date)
    moyen: Mapped[str] = neutre("moyen, dans une liste fermée", String(20))
    notee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")

    __table_args__ = (Index(None, "notee_par"),)


class VersionDeclaration(Base):
    """Une déclaration telle qu'elle était en vigueur, du premier démarrage avec elle au dernier."""

    __tablename__ = "version_declaration"
    __cloisonnement__ = commun("registre de l'instance")

    id: Mapped[UUID] = cle()
    traitement: Mapped[str] = neutre("clé du traitement", String(64))
    brique: Mapped[str] = neutre("identifiant de brique", String(31))
    version: Mapped[int] = neutre("version déclarée", SmallInteger)
    empreinte: Mapped[str] = neutre("empreinte de la déclaration", String(64))
    contenu: Mapped[dict[str, Any]] = neutre(
        "la déclaration, telle que le code la donne", JSONB, exemption=CODE
    )
    debut: Mapped[datetime] = neutre("premier démarrage avec elle", DateTime(timezone=True))
    fin: Mapped[datetime | None] = neutre("premier démarrage sans elle", DateTime(timezone=True))

    __table_args__ = (
        Index(
            "uq_version_declaration_en_vigueur",
            "traitement",
            unique=True,
            postgresql_where=text("fin is null"),
        ),
        Index(None, "debut"),
    )
