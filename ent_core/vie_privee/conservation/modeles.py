"""Les plans et leurs lignes, les décisions, les reports, les visas, les gels, et la chaîne des preuves."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = [
    "AvisElimination",
    "DecisionConservation",
    "Gel",
    "LigneConservation",
    "PlanConservation",
    "Preuve",
    "ReportConservation",
    "VisaElimination",
]

_ACADEMIE = "un plan couvre plusieurs établissements"
_TRAITEMENT = "noyau.conservation"


class PlanConservation(Base):
    """Ce qui serait éliminé un jour donné : un comptage figé, sous une empreinte."""

    __tablename__ = "conservation_plan"
    __cloisonnement__ = commun(_ACADEMIE)
    __ajout_seul__ = True

    id: Mapped[UUID] = cle()
    uai: Mapped[str | None] = neutre("établissement ; vide, toute l'académie", String(8))
    jour: Mapped[date] = neutre("jour auquel les échéances sont comparées", Date)
    etabli_le: Mapped[datetime] = neutre("date du comptage", DateTime(timezone=True))
    repere: Mapped[UUID] = neutre("identifiant tiré à ce moment : ce qui naît ensuite n'en est pas", Uuid)
    regles: Mapped[str] = neutre("SHA-256 des règles", String(64))
    calendriers: Mapped[str] = neutre("SHA-256 des années scolaires", String(64))
    gels: Mapped[str] = neutre("SHA-256 des gels en vigueur", String(64))
    statuts: Mapped[str] = neutre("SHA-256 des briques et des établissements", String(64))
    empreinte: Mapped[str] = neutre("SHA-256 du plan entier", String(64))

    __table_args__ = (Index(None, "uai", "etabli_le"), Index(None, "etabli_le"))


class LigneConservation(Base):
    """Ce qu'un plan élimine d'une table, dans un établissement, pour une période."""

    __tablename__ = "conservation_ligne"
    __cloisonnement__ = commun(_ACADEMIE)
    __ajout_seul__ = True

    plan_id: Mapped[UUID] = neutre("plan", Uuid, ForeignKey("conservation_plan.id"), primary_key=True)
    rang: Mapped[int] = neutre("rang d'exécution", Integer, primary_key=True)
    brique: Mapped[str] = neutre("brique de la table", String(31))
    traitement: Mapped[str] = neutre("traitement", String(63))
    version: Mapped[int] = neutre("version du traitement", Integer)
    objet: Mapped[str] = neutre("table touchée", String(63))
    uai: Mapped[str | None] = neutre("établissement", String(8))
    periode: Mapped[int | None] = neutre("année scolaire", SmallInteger)
    total: Mapped[int] = neutre("lignes de la table, ici", Integer)
    echues: Mapped[int] = neutre("lignes à éliminer", Integer)
    gelees: Mapped[int] = neutre("lignes échues, suspendues par un gel", Integer)
    actives: Mapped[int] = neutre("lignes échues, mais vivantes", Integer)
    retenues: Mapped[int] = neutre("lignes échues, sur lesquelles d'autres s'appuient", Integer)
    sans_date: Mapped[int] = neutre("lignes dont l'échéance ne se calcule pas", Integer)
    echeance_min: Mapped[date | None] = neutre("première échéance", Date)
    echeance_max: Mapped[date | None] = neutre("dernière échéance", Date)
    duree: Mapped[str] = neutre("durée, en clair", String(60))
    depart: Mapped[str] = neutre("départ, en clair", String(40))
    sort: Mapped[str] = neutre("sort final", String(30))
    autorite: Mapped[str] = neutre("ce qui permet d'éliminer", String(300), exemption=CODE)
    visa: Mapped[bool] = neutre("un visa des archives est exigé", Boolean)
    preavis: Mapped[int] = neutre("jours entre l'avis et l'exécution", SmallInteger)
    second_regard: Mapped[bool] = neutre("une seconde approbation est exigée", Boolean)
    defaut: Mapped[str] = neutre("code de l'anomalie qui l'empêche", String(20), server_default="")
    graine: Mapped[str] = neutre("graine du tri", String(64), server_default="")


class DecisionConservation(Base):
    """Un acte sur un plan : approbation, avis, annulation, exécution, fin, écart."""

    __tablename__ = "conservation_decision"
    __traitement__ = _TRAITEMENT
    __cloisonnement__ = commun(_ACADEMIE)
    __sujets__ = (Sujet("par", Lien.AUTEUR),)
    __depart__ = "jour"

    id: Mapped[UUID] = cle()
    plan_id: Mapped[UUID] = neutre("plan", Uuid, ForeignKey("conservation_plan.id"))
    nature: Mapped[str] = neutre("nature de l'acte", String(12))
    jour: Mapped[date] = neutre("jour de l'acte", Date)
    le: Mapped[datetime] = neutre("instant de l'acte", DateTime(timezone=True))
    par: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)
    empreinte: Mapped[str] = neutre("empreinte du plan couverte", String(64))
    motif: Mapped[str] = donnee(Categorie.TRACE, String(300), libre=True, server_default="")

    __table_args__ = (
        CheckConstraint(
            "nature in ('approbation', 'avis', 'annulation', 'execution', 'fin', 'ecart')", name="nature"
        ),
        Index(None, "plan_id"),
    )


class ReportConservation(Base):
    """Une unité ôtée des plans jusqu'à un jour, avec son motif."""

    __tablename__ = "conservation_report"
    __traitement__ = _TRAITEMENT
    __cloisonnement__ = commun(_ACADEMIE)
    __sujets__ = (Sujet("par", Lien.AUTEUR),)
    __depart__ = "jusqu_au"

    id: Mapped[UUID] = cle()
    traitement: Mapped[str] = neutre("traitement", String(63))
    objet: Mapped[str] = neutre("table", String(63))
    uai: Mapped[str | None] = neutre("établissement", String(8))
    periode: Mapped[int | None] = neutre("année scolaire", SmallInteger)
    jusqu_au: Mapped[date] = neutre("premier jour où l'unité peut revenir dans un plan", Date)
    motif: Mapped[str] = donnee(Categorie.TRACE, String(300), libre=True)
    par: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)
    le: Mapped[datetime] = neutre("instant de l'acte", DateTime(timezone=True))

    __table_args__ = (Index(None, "objet", "uai", "periode"),)


class AvisElimination(Base):
    """L'avis d'une ligne de plan approuvée, et l'unité qu'il cache quand plus rien d'autre ne la retient.

    Sa ligne naît avec l'avis et part avec ce qu'elle annonce ; le journal garde qu'il a été donné.
    """

    __tablename__ = "conservation_avis"
    __cloisonnement__ = commun(_ACADEMIE)

    plan_id: Mapped[UUID] = neutre("plan", Uuid, ForeignKey("conservation_plan.id"), primary_key=True)
    rang: Mapped[int] = neutre("ligne du plan", Integer, primary_key=True)
    traitement: Mapped[str] = neutre("traitement", String(63))
    objet: Mapped[str] = neutre("table", String(63))
    uai: Mapped[str | None] = neutre("établissement", String(8))
    annee: Mapped[int | None] = neutre("année scolaire", SmallInteger)
    nombre: Mapped[int] = neutre("lignes à éliminer", Integer)
    concernes: Mapped[list[str]] = neutre("rôles à qui l'avis s'adresse", ARRAY(String(40)))
    avise_le: Mapped[date] = neutre("jour de l'avis : le préavis court de là", Date)
    execution_le: Mapped[date] = neutre("premier jour où l'élimination peut avoir lieu", Date)
    masque: Mapped[bool] = neutre("l'unité est cachée aux pages ordinaires", Boolean)
    du: Mapped[date | None] = neutre("premier départ caché, si la table est datée", Date)
    au: Mapped[date | None] = neutre("lendemain du dernier départ caché", Date)
    repere: Mapped[UUID | None] = neutre("dernier identifiant caché ; vide, rien ne peut l'être", Uuid)

    __table_args__ = (Index(None, "objet", postgresql_where=text("masque")), Index(None, "uai"))


class VisaElimination(Base):
    """Le visa des archives, pour une série d'un plan : son numéro et le bordereau signé."""

    __tablename__ = "conservation_visa"
    __traitement__ = _TRAITEMENT
    __cloisonnement__ = commun(_ACADEMIE)
    __sujets__ = (Sujet("par", Lien.AUTEUR),)
    __depart__ = "jour"

    id: Mapped[UUID] = cle()
    plan_id: Mapped[UUID] = neutre("plan", Uuid, ForeignKey("conservation_plan.id"))
    traitement: Mapped[str] = neutre("traitement visé", String(63))
    numero: Mapped[str] = neutre("numéro du visa", String(60))
    jour: Mapped[date] = neutre("date du visa", Date)
    nom_fichier: Mapped[str] = donnee(Categorie.TRACE, String(120))
    fichier: Mapped[bytes] = donnee(Categorie.TRACE, LargeBinary, deferred=True)
    empreinte: Mapped[str] = neutre("SHA-256 du fichier", String(64))
    par: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)
    le: Mapped[datetime] = neutre("instant de l'acte", DateTime(timezone=True))

    __table_args__ = (Index(None, "plan_id"),)


class Gel(Base):
    """Ce qui concerne une personne n'est pas éliminé, jusqu'à ce que le gel soit levé."""

    __tablename__ = "conservation_gel"
    __traitement__ = _TRAITEMENT
    __cloisonnement__ = commun("un gel suit la personne dans tous ses établissements")
    __sujets__ = (Sujet("personne_id"), Sujet("pose_par", Lien.AUTEUR), Sujet("leve_par", Lien.AUTEUR))
    __depart__ = "leve_le"

    id: Mapped[UUID] = cle()
    # Un gel en vigueur retient la personne elle-même ; levé, il part avec elle.
    personne_id: Mapped[UUID] = vers_personne()
    traitement: Mapped[str | None] = neutre("traitement gelé ; vide, tous", String(63))
    nature: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(12))
    motif: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(300), libre=True)
    uai: Mapped[str | None] = neutre("établissement qui l'a posé", String(8))
    pose_le: Mapped[date] = neutre("premier jour", Date)
    pose_par: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)
    revoir_le: Mapped[date] = neutre("jour où le réexaminer", Date)
    leve_le: Mapped[date | None] = neutre("jour de la levée", Date)
    leve_par: Mapped[UUID | None] = donnee(Categorie.TRACE, Uuid)

    __table_args__ = (
        CheckConstraint(
            "nature in ('litige', 'demande', 'reclamation', 'inspection', 'limitation')", name="nature"
        ),
        Index(None, "personne_id"),
    )


class Preuve(Base):
    """Une entrée de la chaîne : ce qui a été éliminé, par quelle règle, sans aucun nom."""

    __tablename__ = "conservation_preuve"
    __cloisonnement__ = commun("une seule chaîne pour l'instance")
    __ajout_seul__ = True

    numero: Mapped[int] = neutre("rang dans la chaîne", BigInteger, primary_key=True, autoincrement=False)
    precedente: Mapped[str] = neutre("empreinte de l'entrée précédente", String(64))
    nature: Mapped[str] = neutre("lot, brique, année entière, bilan d'une ligne, ou départ", String(8))
    # Ce qui part avec un élève suit la loi, sans plan ni approbation.
    plan_id: Mapped[UUID | None] = neutre("plan", Uuid, ForeignKey("conservation_plan.id"))
    plan: Mapped[str] = neutre("empreinte du plan", String(64))
    rang: Mapped[int] = neutre("ligne du plan", Integer)
    regle: Mapped[str] = neutre("traitement", String(63))
    version: Mapped[int] = neutre("version de la règle", Integer)
    autorite: Mapped[str] = neutre("ce qui permet d'éliminer", String(300), exemption=CODE)
    sort: Mapped[str] = neutre("sort appliqué", String(30))
    objet: Mapped[str] = neutre("table", String(63))
    uai: Mapped[str | None] = neutre("établissement", String(8))
    periode: Mapped[int | None] = neutre("année scolaire", SmallInteger)
    nombre: Mapped[int] = neutre("lignes éliminées", Integer)
    prevues: Mapped[int] = neutre("bilan : lignes que le plan annonçait", Integer)
    gelees: Mapped[int] = neutre("bilan : lignes gelées ou vivantes depuis", Integer)
    disparues: Mapped[int] = neutre("bilan : lignes parties sans le moteur", Integer)
    echeance_min: Mapped[date | None] = neutre("première échéance", Date)
    echeance_max: Mapped[date | None] = neutre("dernière échéance", Date)
    lignes: Mapped[str] = neutre("empreinte à clé des identifiants", String(64))
    graine: Mapped[str] = neutre("graine du tri", String(64))
    instant: Mapped[datetime] = neutre("instant", DateTime(timezone=True))
    transaction: Mapped[int] = neutre(
        "transaction de la base : un journal ne s'élimine que dans celle de sa preuve",
        BigInteger,
        server_default=text("((pg_current_xact_id())::text)::bigint"),
    )
    empreinte: Mapped[str] = neutre("SHA-256 de l'entrée", String(64), unique=True)

    __table_args__ = (
        CheckConstraint("numero > 0", name="numero"),
        CheckConstraint("nature in ('lot', 'brique', 'annee', 'bilan', 'depart')", name="nature"),
        CheckConstraint("(plan_id is null) = (nature = 'depart')", name="plan"),
        CheckConstraint("length(precedente) = 64 and length(empreinte) = 64", name="empreintes"),
        CheckConstraint("nombre >= 0 and prevues >= 0 and gelees >= 0 and disparues >= 0", name="nombres"),
        Index(None, "plan_id", "rang"),
    )
