"""L'appel : ce qui a été fait, par qui, et ce qui a été constaté. Un fait se corrige, il ne s'efface pas."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Lien,
    Partitionnee,
    Source,
    Sujet,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from sqlalchemy import (
    CheckConstraint,
    DateTime,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Uuid,
    column,
)
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import PERSONNELS, DUn, parmi
from ent_carnet.nomenclatures import Ailleurs, Canal, NatureFait

__all__ = ["Appel", "Fait"]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE


class Appel(Partitionnee, Base):
    """L'appel d'une séance, commencé puis terminé. Un appel oublié n'a pas de ligne : il se déduit.

    La séance n'est pas une clé étrangère : les faits survivent à un nouvel emploi du temps. Une séance longue
    a un appel par heure : ``debut`` et ``fin`` sont ceux de l'heure.
    """

    __tablename__ = "carnet_appel"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("auteur_id", Lien.AUTEUR),)

    seance_id: Mapped[UUID] = neutre("séance de l'emploi du temps, telle qu'elle était", Uuid)
    debut: Mapped[datetime] = neutre("début de la séance", DateTime(timezone=True))
    fin: Mapped[datetime] = neutre("fin de la séance", DateTime(timezone=True))
    division_id: Mapped[UUID | None] = neutre("division de la séance", Uuid)
    groupe_id: Mapped[UUID | None] = neutre("groupe de la séance", Uuid)
    matiere: Mapped[str] = donnee(Categorie.AFFECTATION, String(64), pour=PERSONNELS)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    canal: Mapped[str] = neutre("écran, hors ligne ou papier", String(10), server_default=Canal.ECRAN)
    fait_le: Mapped[datetime] = neutre("dernière validation, pour l'intégrité", DateTime(timezone=True))
    termine_le: Mapped[datetime | None] = neutre(
        "toute la classe vue ; nul : commencé", DateTime(timezone=True)
    )
    version: Mapped[int] = neutre("corrections de la feuille", SmallInteger, server_default="1")

    __table_args__ = (
        parmi("canal", Canal),
        CheckConstraint("debut < fin", name="ordre"),
        CheckConstraint("(division_id is null) <> (groupe_id is null)", name="structure"),
        Index(None, "uai", "annee", "seance_id", "debut", unique=True),
        Index(None, "uai", "annee", "debut"),
        Index(None, "auteur_id"),
    )


class Fait(DUn, Partitionnee, Base):
    """Ce qui a été constaté d'un élève pendant une séance, et que rien n'efface : on le remplace (CARNET-18).

    Un seul fait courant par élève et par appel ; l'histoire se lit par ``remplace_id``.
    """

    __tablename__ = "carnet_fait"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR), Sujet("retire_par", Lien.AUTEUR))

    appel_id: Mapped[UUID] = neutre("appel", Uuid)
    debut: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    fin: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    nature: Mapped[str] = donnee(_VIE_SCOLAIRE, String(16))
    minutes: Mapped[int | None] = donnee(_VIE_SCOLAIRE, SmallInteger)
    ailleurs: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(12), pour=PERSONNELS)
    source: Mapped[str] = neutre("saisie, papier ou import", String(6), server_default=Source.SAISIE)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    saisi_le: Mapped[datetime] = neutre("instant de saisie, pour l'intégrité", DateTime(timezone=True))
    remplace_id: Mapped[UUID | None] = neutre("fait que celui-ci corrige", Uuid)
    retire_le: Mapped[datetime | None] = neutre("remplacé ou annulé", DateTime(timezone=True))
    retire_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "appel_id"],
            ["carnet_appel.uai", "carnet_appel.annee", "carnet_appel.id"],
            ondelete="CASCADE",
        ),
        parmi("nature", NatureFait),
        parmi("ailleurs", Ailleurs),
        parmi("source", Source),
        CheckConstraint("(nature = 'ailleurs') = (ailleurs is not null)", name="lieu"),
        CheckConstraint("minutes is null or nature in ('retard', 'depart')", name="duree"),
        CheckConstraint("minutes > 0", name="minutes"),
        Index(
            "ux_carnet_fait_courant", "uai", "annee", "appel_id", "eleve_id",
            unique=True, postgresql_where=column("retire_le").is_(None),
        ),
        Index(None, "uai", "annee", "appel_id"),
        Index(None, "uai", "annee", "eleve_id", "debut"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
        Index(None, "retire_par"),
    )  # fmt: skip
