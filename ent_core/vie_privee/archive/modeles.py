"""L'index de l'archive, les demandes de consultation, les versements.

L'index ne nomme personne. Le contenu, scellé, vit dans un autre schéma, ou dans une autre base : il n'est pas
ici. Deux tables d'index, parce qu'une règle n'a qu'une autorité : ce qu'un texte ou un tableau permet
d'éliminer, et ce qui attend un visa.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    DateTime,
    Index,
    Integer,
    SmallInteger,
    String,
    Uuid,
)
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE

__all__ = ["DemandeArchive", "UniteArchivee", "UniteSousVisa", "VersementArchive"]

_ETATS = "etat in ('sur_place', 'a_porter', 'portee', 'verifiee', 'ailleurs')"
_SANS_SUJET = "une empreinte à clé tient lieu de la personne : ses droits s'exercent par cette empreinte"


class _Indexee(Cloisonne):
    """Ce que l'index dit en clair d'une unité, et rien d'autre."""

    traitement: Mapped[str] = neutre("traitement d'où elle vient", String(64))
    annee: Mapped[int] = neutre("année scolaire", SmallInteger)
    jeton: Mapped[UUID | None] = donnee(Categorie.IDENTIFIANT, Uuid)
    entree_le: Mapped[date] = neutre("jour de l'entrée", Date)
    echeance: Mapped[date] = neutre("terme de la durée intermédiaire", Date)
    sort: Mapped[str] = neutre("sort final", String(30))
    autorite: Mapped[str] = neutre("ce qui permet d'éliminer", String(300), exemption=CODE)
    # Sans fin tant que les archives n'ont pas acquitté ce qui leur est dû : le moteur ne l'élimine pas.
    fin: Mapped[date | None] = neutre("jour où elle peut être éliminée", Date)
    empreinte: Mapped[str] = neutre("SHA-256 du contenu scellé", String(64))
    etat: Mapped[str] = neutre("où est le contenu", String(10), server_default="sur_place")
    versement_id: Mapped[UUID | None] = neutre("versement dont elle est", Uuid)


class UniteArchivee(_Indexee, Base):
    """Une unité qu'un texte, un tableau ou l'acquittement d'un versement permet d'éliminer."""

    __tablename__ = "archive_unite"
    __traitement__ = "noyau.archives"
    __cloisonnement__ = par_etablissement()
    __sans_sujet__ = _SANS_SUJET
    __depart__ = "fin"

    __table_args__ = (
        CheckConstraint(_ETATS, name="etat"),
        Index(None, "jeton"),
        Index(None, "etat", postgresql_where="etat <> 'sur_place' and etat <> 'ailleurs'"),
    )


class UniteSousVisa(_Indexee, Base):
    """Une unité que rien n'élimine sans le visa des archives."""

    __tablename__ = "archive_unite_visa"
    __traitement__ = "noyau.archives_visa"
    __cloisonnement__ = par_etablissement()
    __sans_sujet__ = _SANS_SUJET
    __depart__ = "fin"

    __table_args__ = (
        CheckConstraint(_ETATS, name="etat"),
        Index(None, "jeton"),
        Index(None, "etat", postgresql_where="etat <> 'sur_place' and etat <> 'ailleurs'"),
    )


class DemandeArchive(Cloisonne, Base):
    """Une demande de consultation : qui, quoi, pourquoi, pour combien d'heures, et qui a décidé."""

    __tablename__ = "demande_archive"
    __traitement__ = "noyau.archives_acces"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (
        Sujet("personne_id"),
        Sujet("demandee_par", Lien.AUTEUR),
        Sujet("decidee_par", Lien.AUTEUR),
    )
    __depart__ = "terme"

    personne_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    # La personne partie de l'annuaire, ce que l'on a demandé reste dit.
    jeton: Mapped[UUID | None] = donnee(Categorie.IDENTIFIANT, Uuid)
    traitement: Mapped[str | None] = neutre("traitement demandé ; vide, tous", String(64))
    annee: Mapped[int | None] = neutre("année scolaire demandée ; vide, toutes", SmallInteger)
    motif: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(500), libre=True)
    heures: Mapped[int] = neutre("durée demandée", SmallInteger)
    demandee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    demandee_le: Mapped[datetime] = neutre("instant de la demande", DateTime(timezone=True))
    etat: Mapped[str] = neutre("en attente, accordée ou refusée", String(10), server_default="en_attente")
    decidee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    decidee_le: Mapped[datetime | None] = neutre("instant de la décision", DateTime(timezone=True))
    motif_refus: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, String(500), libre=True)
    ferme_le: Mapped[datetime | None] = neutre(
        "instant où elle se ferme d'elle-même", DateTime(timezone=True)
    )
    lectures: Mapped[int] = neutre("nombre de lectures faites", Integer, server_default="0")
    terme: Mapped[date] = neutre("jour où elle ne vaut plus rien", Date)

    __table_args__ = (
        CheckConstraint("etat in ('en_attente', 'accordee', 'refusee')", name="etat"),
        CheckConstraint("heures between 1 and 72", name="heures"),
        CheckConstraint(
            "personne_id is not null or jeton is not null or traitement is not null", name="objet"
        ),
        CheckConstraint("decidee_par is null or decidee_par <> demandee_par", name="deux_personnes"),
        CheckConstraint("(ferme_le is null) = (etat <> 'accordee')", name="fermeture"),
        Index(None, "personne_id"),
        Index(None, "demandee_par"),
        Index(None, "decidee_par"),
    )


class VersementArchive(Cloisonne, Base):
    """Des unités remises aux archives : gardées ici jusqu'à leur acquittement."""

    __tablename__ = "archive_versement"
    __traitement__ = "noyau.archives_acces"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("verse_par", Lien.AUTEUR), Sujet("acquitte_par", Lien.AUTEUR))
    __depart__ = "acquitte_le"

    traitement: Mapped[str] = neutre("traitement versé", String(64))
    nombre: Mapped[int] = neutre("unités versées", Integer)
    empreinte: Mapped[str] = neutre("SHA-256 du paquet", String(64))
    verse_le: Mapped[date] = neutre("jour du versement", Date)
    verse_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    reference: Mapped[str | None] = neutre("numéro de l'acquittement", String(60))
    acquitte_le: Mapped[date | None] = neutre("jour de l'acquittement", Date)
    acquitte_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")

    __table_args__ = (
        CheckConstraint("(reference is null) = (acquitte_le is null)", name="acquittement"),
        Index(None, "verse_par"),
        Index(None, "acquitte_par"),
    )
