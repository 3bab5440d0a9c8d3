"""Le dossier d'absences : motifs, traitement, suivi, décompte scellé. Pour la seule année (R. 131-6)."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Cloisonne,
    Exemption,
    Lien,
    ParAnnee,
    Role,
    Source,
    Sujet,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Time,
    Uuid,
    and_,
    column,
    false,
    true,
)
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import ENCADREMENT, FAMILLE, JOIGNENT, PERSONNELS, SUIVI, DUn, parmi
from ent_carnet.nomenclatures import (
    CanalContact,
    EtatAbsence,
    EtatJustification,
    Genre,
    Indicateur,
    LegitimiteMotif,
)
from ent_carnet.regles.demi_journees import RegleDemiJournee

__all__ = [
    "Absence",
    "Alerte",
    "ChangementMotif",
    "Contact",
    "Decompte",
    "Justification",
    "Motif",
    "Reglage",
]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE
_AU_BULLETIN = (
    *FAMILLE, Role.ENSEIGNANT, Role.SUPPLEANT, Role.PROFESSEUR_PRINCIPAL, *SUIVI,
)  # fmt: skip
"""Qui lit un décompte scellé : le conseil de classe, puis la famille, sur ce qu'une autre brique imprime."""
_MOTIF = (["uai", "motif_id"], ["carnet_motif.uai", "carnet_motif.id"])


class Reglage(Base):
    """Les choix de l'établissement ; chacun a une valeur qui convient sans y toucher."""

    __tablename__ = "carnet_reglage"
    __traitement__ = None
    __cloisonnement__ = par_etablissement()

    uai: Mapped[str] = neutre("établissement", String(8), ForeignKey("etablissement.uai"), primary_key=True)
    midi: Mapped[time] = neutre("fin de la matinée", Time, server_default="13:00")
    regle: Mapped[str] = neutre(
        "règle de la demi-journée", String(16), server_default=RegleDemiJournee.UNE_SEANCE
    )
    avance: Mapped[int] = neutre("minutes avant la séance", SmallInteger, server_default="10")
    correction: Mapped[int] = neutre("heures pour corriger", SmallInteger, server_default="2")
    correction_cpe: Mapped[int] = neutre("heures, vie scolaire", SmallInteger, server_default="72")
    heure_precedente: Mapped[bool] = neutre(
        "montrer « absent à la séance d'avant »", Boolean, server_default=true()
    )
    seuil_mois: Mapped[int] = neutre("demi-journées dans le mois", SmallInteger, server_default="4")
    seuil_renforce: Mapped[int] = neutre("demi-journées, renforcé", SmallInteger, server_default="10")
    mois_glissant: Mapped[bool] = neutre("mois glissant plutôt que civil", Boolean, server_default=false())
    reglement: Mapped[str | None] = neutre(
        "adresse du règlement intérieur",
        String(500),
        exemption=Exemption(
            "adresse publique d'un document de l'établissement", "mainteneurs du carnet", date(2026, 11, 22)
        ),
    )

    __table_args__ = (parmi("regle", RegleDemiJournee),)


class Motif(Cloisonne, Base):
    """Un motif proposé à la saisie, et ses quatre indicateurs indépendants. Jamais un diagnostic."""

    __tablename__ = "carnet_motif"
    __traitement__ = None
    __cloisonnement__ = par_etablissement()

    code: Mapped[str] = neutre("code", String(16))
    libelle: Mapped[str] = neutre("libellé de la liste, choisi par l'établissement", String(64))
    genre: Mapped[str] = neutre("absence ou retard", String(7))
    legitimite: Mapped[str] = neutre("ce que la loi en dit", String(24))
    recevable: Mapped[bool] = neutre("motif recevable", Boolean)
    regle: Mapped[bool] = neutre("règle l'absence sans autre pièce", Boolean)
    compte: Mapped[bool] = neutre("compte au bulletin", Boolean)
    affichable: Mapped[bool] = neutre("montré à la famille", Boolean)
    proposable: Mapped[bool] = neutre("proposé à la famille", Boolean)
    sante: Mapped[bool] = neutre("motif de santé, sans diagnostic", Boolean, server_default=false())
    ferme_le: Mapped[date | None] = neutre("n'est plus proposé", Date)

    __table_args__ = (
        parmi("genre", Genre),
        parmi("legitimite", LegitimiteMotif),
        Index(None, "uai", "genre", "code", unique=True),
    )


class ChangementMotif(ParAnnee, Base):
    """Un indicateur qu'une personne change à une date : ce qui précède garde l'ancienne valeur."""

    __tablename__ = "carnet_motif_change"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("auteur_id", Lien.AUTEUR),)

    motif_id: Mapped[UUID] = neutre("motif", Uuid)
    indicateur: Mapped[str] = neutre("indicateur changé", String(10))
    valeur: Mapped[bool] = neutre("valeur à partir de ce jour", Boolean)
    effet_le: Mapped[date] = neutre("premier jour de la nouvelle valeur", Date)
    decide_le: Mapped[datetime] = neutre("instant de la décision", DateTime(timezone=True))
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=ENCADREMENT)

    __table_args__ = (
        ForeignKeyConstraint(*_MOTIF, ondelete="CASCADE"),
        parmi("indicateur", Indicateur),
        Index(None, "uai", "motif_id"),
        Index(None, "auteur_id"),
    )


class Absence(DUn, ParAnnee, Base):
    """Le traitement d'une période : son motif, son état. Les faits de l'appel restent ce qu'ils sont."""

    __tablename__ = "carnet_absence"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR))

    genre: Mapped[str] = donnee(_VIE_SCOLAIRE, String(7))
    debut: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    fin: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True))
    motif_id: Mapped[UUID | None] = donnee(_VIE_SCOLAIRE, Uuid)
    etat: Mapped[str] = donnee(_VIE_SCOLAIRE, String(12), server_default=EtatAbsence.SANS_MOTIF)
    annoncee: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, server_default=false(), pour=PERSONNELS)
    source: Mapped[str] = neutre("saisie, papier ou import", String(6), server_default=Source.SAISIE)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    traitee_le: Mapped[datetime] = neutre("dernier traitement", DateTime(timezone=True))
    annulee_le: Mapped[datetime | None] = neutre("annulée", DateTime(timezone=True))
    lot_id: Mapped[UUID | None] = neutre("import dont elle vient", Uuid)
    # Le motif proposé qu'une personne vient de retenir, et ce qui valait avant : de quoi y revenir.
    justification_id: Mapped[UUID | None] = neutre("motif proposé retenu", Uuid)
    motif_avant_id: Mapped[UUID | None] = donnee(_VIE_SCOLAIRE, Uuid, pour=PERSONNELS)
    etat_avant: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(12), pour=PERSONNELS)

    __table_args__ = (
        ForeignKeyConstraint(*_MOTIF),
        parmi("genre", Genre),
        parmi("etat", EtatAbsence),
        parmi("source", Source),
        CheckConstraint("debut < fin", name="ordre"),
        CheckConstraint("etat = 'sans_motif' or motif_id is not null", name="motif"),
        Index(None, "uai", "annee", "eleve_id", "debut"),
        # Celles d'aujourd'hui, sans relire l'année.
        Index(None, "uai", "annee", "fin"),
        Index(
            None, "uai", "annee", "etat",
            postgresql_where=and_(
                column("etat", String) != EtatAbsence.REGLEE, column("annulee_le").is_(None)
            ),
        ),
        Index(None, "uai", "annee", "lot_id", postgresql_where=column("lot_id").is_not(None)),
        Index(None, "uai", "motif_id"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
    )  # fmt: skip


class Justification(DUn, ParAnnee, Base):
    """Le motif qu'une famille propose : envoyé, puis accepté ou refusé par une personne."""

    __tablename__ = "carnet_justification"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (
        Sujet("eleve_id"),
        Sujet("declarant_id", Lien.AUTEUR),
        Sujet("traitee_par", Lien.AUTEUR),
    )

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=(*FAMILLE, *JOIGNENT))
    declarant_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=(*FAMILLE, *SUIVI))
    debut: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True), pour=(*FAMILLE, *JOIGNENT))
    fin: Mapped[datetime] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True), pour=(*FAMILLE, *JOIGNENT))
    motif_id: Mapped[UUID] = donnee(_VIE_SCOLAIRE, Uuid, pour=(*FAMILLE, *SUIVI))
    etat: Mapped[str] = donnee(
        _VIE_SCOLAIRE, String(10), server_default=EtatJustification.ENVOYEE, pour=(*FAMILLE, *JOIGNENT)
    )
    source: Mapped[str] = neutre("saisie, papier ou import", String(6), server_default=Source.SAISIE)
    recue_le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=(*FAMILLE, *SUIVI))
    traitee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)
    traitee_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=(*FAMILLE, *SUIVI))
    retenue_id: Mapped[UUID | None] = neutre("motif contraire, retenu à sa place", Uuid)

    __table_args__ = (
        ForeignKeyConstraint(*_MOTIF),
        parmi("etat", EtatJustification),
        parmi("source", Source),
        CheckConstraint("debut < fin", name="ordre"),
        Index(None, "uai", "annee", "eleve_id", "debut"),
        Index(
            None,
            "uai",
            "annee",
            "recue_le",
            postgresql_where=column("etat", String) == EtatJustification.ENVOYEE,
        ),
        Index(None, "uai", "motif_id"),
        Index(None, "eleve_id"),
        Index(None, "declarant_id"),
        Index(None, "traitee_par"),
    )  # fmt: skip


class Contact(DUn, ParAnnee, Base):
    """Un contact humain avec la famille (FAM-12, ABS-07) ; un essai sans réponse en est un."""

    __tablename__ = "carnet_contact"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (
        Sujet("eleve_id"),
        Sujet("responsable_id", Lien.TIERS),
        Sujet("auteur_id", Lien.AUTEUR),
    )

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=JOIGNENT)
    responsable_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)
    canal: Mapped[str] = donnee(_VIE_SCOLAIRE, String(10), pour=SUIVI)
    abouti: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, pour=JOIGNENT)
    le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=JOIGNENT)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)
    retire_le: Mapped[datetime | None] = neutre("noté par erreur", DateTime(timezone=True))

    __table_args__ = (
        parmi("canal", CanalContact),
        Index(None, "uai", "annee", "eleve_id", "le"),
        Index(None, "eleve_id"),
        Index(None, "responsable_id"),
        Index(None, "auteur_id"),
    )


class Alerte(DUn, ParAnnee, Base):
    """Un seuil franchi : il alerte une personne, et ne décide rien (ABS-07, ABS-08)."""

    __tablename__ = "carnet_alerte"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (
        Sujet("eleve_id"),
        Sujet("traitee_par", Lien.AUTEUR),
        Sujet("referent_id", Lien.AUTEUR),
    )

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=PERSONNELS)
    seuil: Mapped[str] = donnee(_VIE_SCOLAIRE, String(16), pour=PERSONNELS)
    nombre: Mapped[int] = donnee(_VIE_SCOLAIRE, SmallInteger, pour=PERSONNELS)
    du: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=PERSONNELS)
    au: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=PERSONNELS)
    suite: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(16), pour=PERSONNELS)
    traitee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)
    traitee_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=PERSONNELS)
    referent_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=PERSONNELS)

    __table_args__ = (
        Index(None, "uai", "annee", "eleve_id", "seuil", "du", unique=True),
        Index(None, "eleve_id"),
        Index(None, "traitee_par"),
        Index(None, "referent_id"),
    )


class Decompte(DUn, ParAnnee, Base):
    """Le décompte d'une période, scellé : ce qui s'imprime ne bouge plus (§ 4.2, règle 7)."""

    __tablename__ = "carnet_decompte"
    __traitement__ = "carnet.assiduite"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)

    eleve_id: Mapped[UUID] = vers_personne(sort_order=-5, pour=_AU_BULLETIN)
    periode: Mapped[str] = donnee(_VIE_SCOLAIRE, String(16), pour=_AU_BULLETIN)
    demi_journees: Mapped[int] = donnee(_VIE_SCOLAIRE, SmallInteger, pour=_AU_BULLETIN)
    non_reglees: Mapped[int] = donnee(_VIE_SCOLAIRE, SmallInteger, pour=_AU_BULLETIN)
    retards: Mapped[int] = donnee(_VIE_SCOLAIRE, SmallInteger, pour=_AU_BULLETIN)
    regle: Mapped[str] = neutre("règle de la demi-journée", String(16))
    scelle_le: Mapped[datetime] = neutre("instant du scellement", DateTime(timezone=True))

    __table_args__ = (
        Index(None, "uai", "annee", "eleve_id", "periode", unique=True),
        Index(None, "eleve_id"),
        parmi("regle", RegleDemiJournee),
        CheckConstraint("non_reglees between 0 and demi_journees", name="part"),
    )
