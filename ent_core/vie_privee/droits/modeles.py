"""Les demandes et leurs délais, les copies remises, les oppositions, et ce qui a été effacé."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Exemption, Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, cle, donnee, neutre, vers_personne

__all__ = [
    "CopieMorceau",
    "CopieRemise",
    "Demande",
    "Effacement",
    "EffacementPropose",
    "OppositionPersonne",
    "Rectification",
    "TexteARelire",
]

_DEMANDE = (["uai", "demande_id"], ["demande_droit.uai", "demande_droit.id"])


class Demande(Cloisonne, Base):
    """Une demande d'exercice d'un droit, de sa réception à sa réponse."""

    __tablename__ = "demande_droit"
    __traitement__ = "noyau.demandes"
    __cloisonnement__ = par_etablissement()
    # Qui demande pour un autre n'est pas celui que la demande concerne.
    __sujets__ = (
        Sujet("personne_id"),
        Sujet("demandeur_id", Lien.AUTEUR),
        Sujet("traitee_par", Lien.AUTEUR),
    )
    __depart__ = "close_le"
    __anonyme__: ClassVar[dict[str, Any]] = {"qualite": "", "controle": ""}

    personne_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    demandeur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    qualite: Mapped[str] = donnee(Categorie.FAMILLE, String(12))
    droit: Mapped[str] = neutre("droit exercé", String(16))
    traitement: Mapped[str | None] = neutre("traitement visé ; vide, tous", String(64))
    source: Mapped[str] = neutre("écran ou papier", String(6))
    controle: Mapped[str] = donnee(Categorie.IDENTITE, String(12), server_default="")
    precisions: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(2000), libre=True)
    recue_le: Mapped[date] = neutre("jour de la réception : le délai court", Date)
    echeance: Mapped[date] = neutre("jour où la réponse est due", Date)
    prolongation: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(500), libre=True)
    etat: Mapped[str] = neutre("avancement", String(10), server_default="recue")
    accuse_le: Mapped[datetime | None] = neutre("accusé de réception donné", DateTime(timezone=True))
    association: Mapped[str | None] = donnee(Categorie.FAMILLE, String(12))
    motif_refus: Mapped[str | None] = neutre("motif du refus, d'une liste", String(16))
    reponse: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(4000), libre=True)
    traitee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    close_le: Mapped[date | None] = neutre("jour de la réponse, du refus ou du retrait", Date)

    __table_args__ = (
        CheckConstraint("etat in ('recue', 'en_cours', 'repondue', 'refusee', 'retiree')", name="etat"),
        CheckConstraint("source in ('ecran', 'papier')", name="source"),
        CheckConstraint("(close_le is null) = (etat in ('recue', 'en_cours'))", name="close"),
        CheckConstraint("(motif_refus is null) = (etat <> 'refusee')", name="motif"),
        Index(None, "uai", "echeance", postgresql_where="close_le is null"),
        Index(None, "personne_id"),
        Index(None, "demandeur_id"),
        Index(None, "traitee_par"),
    )


class EffacementPropose(Cloisonne, Base):
    """Un effacement que quelqu'un propose, et qu'une autre personne confirme ou écarte."""

    __tablename__ = "effacement_propose"
    __traitement__ = "noyau.demandes"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (
        Sujet("demande_id", par="demande_droit"),
        Sujet("propose_par", Lien.AUTEUR),
        Sujet("clos_par", Lien.AUTEUR),
    )
    __depart__ = "clos_le"

    demande_id: Mapped[UUID] = neutre("demande", Uuid)
    fondement: Mapped[str] = neutre("fondement, d'une liste", String(16))
    traitements: Mapped[list[str]] = neutre("traitements visés ; vide, tous", ARRAY(String(64)))
    partout: Mapped[bool] = neutre("toute l'académie, et non ce seul établissement")
    empreinte: Mapped[str] = neutre("empreinte du verdict relu", String(64))
    etat: Mapped[str] = neutre("avancement", String(8), server_default="propose")
    propose_le: Mapped[datetime] = neutre("instant de la proposition", DateTime(timezone=True))
    propose_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    clos_le: Mapped[date | None] = neutre("jour de l'exécution ou de l'abandon", Date)
    clos_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    effacement_id: Mapped[UUID | None] = neutre("inscription au livre des effacements", Uuid)

    __table_args__ = (
        ForeignKeyConstraint(*_DEMANDE, ondelete="CASCADE"),
        CheckConstraint("etat in ('propose', 'fait', 'ecarte')", name="etat"),
        CheckConstraint("(clos_le is null) = (etat = 'propose')", name="clos"),
        # Quatre yeux : la base aussi le tient.
        CheckConstraint("etat <> 'fait' or clos_par <> propose_par", name="deux_personnes"),
        Index("uq_effacement_propose_ouvert", "uai", "demande_id", unique=True,
              postgresql_where="clos_le is null"),
        Index(None, "uai", "demande_id"),
        Index(None, "propose_par"),
        Index(None, "clos_par"),
    )  # fmt: skip


class Rectification(Cloisonne, Base):
    """Une donnée que quelqu'un dit fausse : où elle est, ce qu'elle devrait être, ce qui en est décidé."""

    __tablename__ = "rectification"
    __traitement__ = "noyau.demandes"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("demande_id", par="demande_droit"), Sujet("decidee_par", Lien.AUTEUR))
    __depart__ = "decidee_le"

    demande_id: Mapped[UUID] = neutre("demande", Uuid)
    traitement: Mapped[str] = neutre("traitement de la donnée", String(64))
    objet: Mapped[str] = neutre("table", String(63))
    ligne: Mapped[str | None] = donnee(Categorie.IDENTIFIANT, String(400))
    colonne: Mapped[str] = neutre("colonne", String(63))
    # Vidée une fois la donnée corrigée : la valeur n'est plus qu'à sa place.
    voulue: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(2000), libre=True)
    etat: Mapped[str] = neutre("décision", String(9))
    source: Mapped[str | None] = neutre("source qui tient la donnée, et la corrigera", String(60))
    decidee_le: Mapped[date] = neutre("jour de la décision", Date)
    decidee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    prevenus_le: Mapped[date | None] = neutre("destinataires prévenus (RGPD, article 19)", Date)

    __table_args__ = (
        ForeignKeyConstraint(*_DEMANDE, ondelete="CASCADE"),
        CheckConstraint("etat in ('corrigee', 'transmise')", name="etat"),
        CheckConstraint("(source is null) = (etat = 'corrigee')", name="source"),
        Index(None, "uai", "demande_id"),
        Index(None, "decidee_par"),
    )


class TexteARelire(Cloisonne, Base):
    """Un texte libre qui pourrait nommer quelqu'un d'autre : une personne le lit avant de le remettre."""

    __tablename__ = "texte_a_relire"
    __traitement__ = "noyau.copies"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("demande_id", par="demande_droit"), Sujet("relu_par", Lien.AUTEUR))
    __depart__ = "expire_le"

    demande_id: Mapped[UUID] = neutre("demande", Uuid)
    objet: Mapped[str] = neutre("table", String(63))
    ligne: Mapped[str] = donnee(Categorie.IDENTIFIANT, String(400))
    colonne: Mapped[str] = neutre("colonne", String(63))
    etat: Mapped[str] = neutre("à relire, remis, ou retenu", String(10), server_default="a_relire")
    remis: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(20000), libre=True)
    relu_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    expire_le: Mapped[date | None] = neutre("terme de la copie ; vide tant que la demande court", Date)

    __table_args__ = (
        ForeignKeyConstraint(*_DEMANDE, ondelete="CASCADE"),
        CheckConstraint("etat in ('a_relire', 'remis', 'retenu')", name="etat"),
        Index("uq_texte_a_relire_cellule", "uai", "demande_id", "objet", "ligne", "colonne", unique=True),
        Index(None, "relu_par"),
    )


class CopieRemise(Cloisonne, Base):
    """La copie des données d'une personne, prête à être téléchargée, et pour peu de temps."""

    __tablename__ = "copie_remise"
    __traitement__ = "noyau.copies"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("demande_id", par="demande_droit"),)
    __depart__ = "expire_le"

    demande_id: Mapped[UUID] = neutre("demande", Uuid)
    creee_le: Mapped[datetime] = neutre("fabriquée le", DateTime(timezone=True))
    expire_le: Mapped[date] = neutre("premier jour où elle n'est plus remise", Date)
    taille: Mapped[int] = neutre("octets", BigInteger)
    empreinte: Mapped[str] = neutre("SHA-256 du fichier", String(64))
    telechargements: Mapped[int] = neutre("nombre de téléchargements", SmallInteger, server_default="0")

    __table_args__ = (ForeignKeyConstraint(*_DEMANDE, ondelete="CASCADE"), Index(None, "uai", "demande_id"))


class CopieMorceau(Base):
    """Un morceau d'une copie : elle s'écrit et se lit sans tenir entière en mémoire."""

    __tablename__ = "copie_morceau"
    __traitement__ = "noyau.copies"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("copie_id", par="copie_remise"),)

    uai: Mapped[str] = neutre("établissement", String(8), primary_key=True)
    copie_id: Mapped[UUID] = neutre("copie", Uuid, primary_key=True)
    rang: Mapped[int] = neutre("rang du morceau", Integer, primary_key=True)
    octets: Mapped[bytes] = donnee(Categorie.IDENTITE, LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "copie_id"], ["copie_remise.uai", "copie_remise.id"], ondelete="CASCADE"
        ),
    )


class OppositionPersonne(Cloisonne, Base):
    """Une personne s'oppose à un traitement, d'un jour à un autre ; la brique le respecte."""

    __tablename__ = "opposition_personne"
    __traitement__ = "noyau.oppositions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"), Sujet("saisie_par", Lien.AUTEUR))
    __depart__ = "fin"

    personne_id: Mapped[UUID] = vers_personne()
    traitement: Mapped[str] = neutre("traitement", String(64))
    source: Mapped[str] = neutre("écran ou papier", String(6))
    motif: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(500), libre=True)
    debut: Mapped[date] = neutre("premier jour", Date)
    fin: Mapped[date | None] = neutre("jour de la levée", Date)
    saisie_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")

    __table_args__ = (
        CheckConstraint("source in ('ecran', 'papier')", name="source"),
        CheckConstraint("fin is null or debut <= fin", name="ordre"),
        Index(
            "uq_opposition_personne_en_vigueur", "uai", "personne_id", "traitement",
            unique=True, postgresql_where="fin is null",
        ),
        Index(None, "personne_id"),
        Index(None, "saisie_par"),
    )  # fmt: skip


_SANS_CORRESPONDANCE = Exemption(
    "empreinte à clé d'un identifiant jamais réemployé : la personne partie, elle ne désigne plus rien",
    "mainteneurs du noyau",
    date(2026, 11, 22),
)


class Effacement(Base):
    """Un effacement fait : de quoi le refaire après une restauration, et rien d'autre."""

    __tablename__ = "effacement"
    __cloisonnement__ = commun("un effacement vaut pour tous les établissements")
    __ajout_seul__ = True

    id: Mapped[UUID] = cle()
    jeton: Mapped[str] = neutre("empreinte à clé de la personne", String(64), exemption=_SANS_CORRESPONDANCE)
    fondement: Mapped[str] = neutre("fondement, d'une liste", String(16))
    traitements: Mapped[list[str]] = neutre("traitements effacés", ARRAY(String(64)))
    uai: Mapped[str | None] = neutre("établissement ; vide, tous", String(8))
    rejoue: Mapped[bool] = neutre("refait après une restauration", server_default="false")
    le: Mapped[datetime] = neutre("instant", DateTime(timezone=True))
    transaction: Mapped[int] = neutre(
        "transaction de la base : un journal ne s'oublie que dans celle de son effacement",
        BigInteger,
        server_default=text("((pg_current_xact_id())::text)::bigint"),
    )
