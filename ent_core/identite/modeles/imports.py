"""Les imports : lots, fichiers, fiches rejetées, et le tampon de chargement."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, ForeignKey, Index, Integer, String, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped

from ent_core.contrat.donnees import Categorie, Lien, Sujet, commun, par_etablissement
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import Cloisonne, cle, donnee, neutre, vers_personne
from ent_core.donnees.exemptions import CODE, FICHIER, MESSAGE, NOMBRES

__all__ = ["ImportFichier", "ImportGeste", "ImportLot", "ImportRejet", "ImportTampon"]

_ACADEMIE = "un import couvre plusieurs établissements"


class ImportLot(Base):
    """Une livraison reçue : unité d'import, validée entière ou pas du tout."""

    __tablename__ = "import_lot"
    __traitement__ = "noyau.journal"
    __cloisonnement__ = commun(_ACADEMIE)
    __sujets__ = (Sujet("par", Lien.AUTEUR),)
    __depart__ = "demarre_le"

    id: Mapped[UUID] = cle()
    source: Mapped[str] = neutre("annuaire ou école d'origine", Text, exemption=CODE)
    format: Mapped[str] = neutre("aaf, tableur ou sts", String(10))
    nature: Mapped[str] = neutre("complet ou delta", String(10))
    jour: Mapped[date] = neutre("date portée par la livraison", Date)
    empreinte: Mapped[str] = neutre("SHA-256 de la livraison", String(64))
    etat: Mapped[str] = neutre("avancement", String(12))
    demarre_le: Mapped[datetime] = neutre("début", DateTime(timezone=True))
    fini_le: Mapped[datetime | None] = neutre("fin", DateTime(timezone=True))
    comptes: Mapped[dict[str, Any]] = neutre("nombres, sans donnée nominative", JSONB, exemption=NOMBRES)
    erreur: Mapped[str | None] = neutre("message d'échec, sans donnée nominative", Text, exemption=MESSAGE)
    par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")

    __table_args__ = (Index(None, "source", "jour"), Index(None, "par"))


class ImportFichier(Base):
    """Un fichier d'un lot ; ce qui est lu n'est pas relu à la reprise."""

    __tablename__ = "import_fichier"
    __cloisonnement__ = commun(_ACADEMIE)

    lot_id: Mapped[UUID] = neutre(
        "lot", Uuid, ForeignKey("import_lot.id", ondelete="CASCADE"), primary_key=True
    )
    nom: Mapped[str] = neutre("nom du fichier", Text, primary_key=True, exemption=FICHIER)
    empreinte: Mapped[str] = neutre("SHA-256 du fichier", String(64))
    fiches: Mapped[int] = neutre("fiches lues", Integer)
    rejets: Mapped[int] = neutre("fiches rejetées", Integer)


class ImportRejet(Base):
    """Une fiche mise de côté : où elle est, et pourquoi. Jamais son contenu."""

    __tablename__ = "import_rejet"
    __traitement__ = "noyau.journal"
    __cloisonnement__ = commun(_ACADEMIE)
    __sans_sujet__ = "la fiche écartée n'a rejoint personne ; elle part avec son lot"

    id: Mapped[UUID] = cle()
    lot_id: Mapped[UUID] = neutre("lot", Uuid, ForeignKey("import_lot.id", ondelete="CASCADE"))
    fichier: Mapped[str] = neutre("nom du fichier", Text, exemption=FICHIER)
    ligne: Mapped[int | None] = neutre("ligne dans le fichier", Integer)
    cle: Mapped[str | None] = donnee(Categorie.IDENTIFIANT, Text)
    code: Mapped[str] = neutre("nature du défaut", String(40))
    motif: Mapped[str] = neutre("explication, sans donnée nominative", Text, exemption=MESSAGE)
    gravite: Mapped[str] = neutre("rejet ou avertissement", String(15))

    __table_args__ = (Index(None, "lot_id"),)


class ImportGeste(Cloisonne, Base):
    """Une ligne qu'un lot a créée, changée ou ôtée, et de quoi l'annuler ; effacée passé le délai."""

    __tablename__ = "import_geste"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("personne_id"),)

    lot_id: Mapped[UUID] = neutre("lot", Uuid, ForeignKey("import_lot.id", ondelete="CASCADE"))
    nature: Mapped[str] = neutre("création, modification ou retrait", String(12))
    objet: Mapped[str] = neutre("table touchée", Text, exemption=CODE)
    cle: Mapped[list[Any]] = donnee(Categorie.IDENTIFIANT, JSONB, cles=("clé primaire de la ligne",))
    avant: Mapped[dict[str, Any]] = donnee(
        Categorie.IDENTITE, JSONB, cles=("valeurs à rétablir, par colonne",), server_default="{}"
    )
    empreinte: Mapped[str | None] = neutre("SHA-256 de ce que le lot a écrit", String(64))
    personne_id: Mapped[UUID | None] = vers_personne()

    __table_args__ = (Index(None, "uai", "lot_id"), Index(None, "lot_id"), Index(None, "personne_id"))


class ImportTampon(Base):
    """Fiches lues, en attente d'être appliquées ; vidé à la fin de chaque lot."""

    __tablename__ = "import_tampon"
    __traitement__ = "noyau.annuaire"
    __cloisonnement__ = commun(_ACADEMIE)
    __sans_sujet__ = "une fiche lue n'a pas encore rejoint sa personne ; la fin du lot vide le tampon"

    lot_id: Mapped[UUID] = neutre("lot", Uuid, primary_key=True)
    categorie: Mapped[str] = neutre("catégorie de fiche", String(14), primary_key=True)
    fichier: Mapped[str] = neutre("nom du fichier", Text, primary_key=True, exemption=FICHIER)
    ligne: Mapped[int] = neutre("ligne dans le fichier", Integer, primary_key=True)
    operation: Mapped[str] = neutre("ajout, modification ou suppression", String(12))
    cle: Mapped[str] = donnee(Categorie.IDENTIFIANT, Text)
    attributs: Mapped[dict[str, Any]] = donnee(
        Categorie.IDENTITE, JSONB, cles=("attributs de l'annuaire, liste blanche",)
    )

    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012 - forme imposée par SQLAlchemy
