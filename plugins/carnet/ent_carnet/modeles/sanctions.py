"""Sanctions : la procédure, la décision, l'effacement de chacune à sa date ; et le registre sans nom."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Cloisonne,
    Lien,
    ParAnnee,
    Role,
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
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    Text,
    Uuid,
    false,
)
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import FAMILLE, SUIVI, DUn, parmi
from ent_carnet.nomenclatures import Accompagnement, EtapeProcedure, EtatSanction, Issue, Mesure, Voie

__all__ = ["Etape", "InterdictionConservatoire", "LigneDuRegistre", "SanctionEleve"]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE
_DOSSIER = (*FAMILLE, *SUIVI)
"""Qui lit le dossier ; un enseignant sait qu'une sanction est prononcée, et quand elle s'exécute."""
_INFORMES = (*_DOSSIER, Role.ENSEIGNANT, Role.PROFESSEUR_PRINCIPAL)
"""Un assistant d'éducation, lui, ne sait que les jours et l'effet d'une exclusion (réglementation, § 3.1)."""


class SanctionEleve(DUn, Cloisonne, Base):
    """Une procédure et sa sanction, pour un élève. ``efface_le`` porte l'échéance de celle-ci (DISC-22).

    Sans année dans la clé : une sanction survit à l'année de son prononcé.
    """

    __tablename__ = "carnet_sanction"
    __traitement__ = "carnet.sanctions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("prononcee_par", Lien.AUTEUR))
    __depart__ = "efface_le"

    annee: Mapped[int] = neutre("année scolaire des faits", SmallInteger)
    etat: Mapped[str] = donnee(_VIE_SCOLAIRE, String(16), server_default=EtatSanction.OUVERTE, pour=_INFORMES)
    motif: Mapped[str] = donnee(_VIE_SCOLAIRE, String(24), pour=_INFORMES)
    faits: Mapped[str] = donnee(_VIE_SCOLAIRE, Text, libre=True, chiffree=True, pour=_DOSSIER)
    faits_le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    majeur: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, server_default=false(), pour=_DOSSIER)
    defense_jusqu_au: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    conseil_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    sanction: Mapped[int | None] = donnee(_VIE_SCOLAIRE, SmallInteger)
    par_conseil: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, server_default=false(), pour=_INFORMES)
    prononcee_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_INFORMES)
    prononcee_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=_DOSSIER)
    motivation: Mapped[str | None] = donnee(_VIE_SCOLAIRE, Text, libre=True, chiffree=True, pour=_DOSSIER)
    jours: Mapped[int | None] = donnee(_VIE_SCOLAIRE, SmallInteger, pour=_INFORMES)
    heures: Mapped[int | None] = donnee(_VIE_SCOLAIRE, SmallInteger, pour=_INFORMES)
    du: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date)
    au: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date)
    sursis_jusqu_au: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_INFORMES)
    sursis_revoque_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    mesure: Mapped[str] = donnee(_VIE_SCOLAIRE, String(10), server_default=Mesure.AUCUNE, pour=_INFORMES)
    hors_etablissement: Mapped[bool] = donnee(_VIE_SCOLAIRE, Boolean, server_default=false(), pour=_DOSSIER)
    accord_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    convention_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    engagement_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    accompagnement: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(24), pour=_DOSSIER)
    efface_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_INFORMES)
    effacement_demande_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    issue: Mapped[str] = donnee(_VIE_SCOLAIRE, String(20), server_default=Issue.EN_COURS, pour=_DOSSIER)
    au_registre: Mapped[bool] = neutre(
        "déjà comptée au registre sans nom, où rien ne mène à elle", Boolean, server_default=false()
    )

    __table_args__ = (
        parmi("etat", EtatSanction),
        parmi("mesure", Mesure),
        parmi("issue", Issue),
        parmi("accompagnement", Accompagnement),
        CheckConstraint(
            "not hors_etablissement"
            " or (accord_le is not null and convention_le is not null and engagement_le is not null)",
            name="pieces",
        ),
        CheckConstraint("sanction between 1 and 6", name="echelle"),
        CheckConstraint("jours is null or (jours between 1 and 8 and sanction in (4, 5))", name="exclusion"),
        CheckConstraint(
            "heures is null or (heures between 1 and 20 and sanction = 3)", name="responsabilisation"
        ),
        CheckConstraint("sursis_jusqu_au is null or sanction between 3 and 6", name="sursis"),
        CheckConstraint("sanction <> 6 or par_conseil", name="autorite"),
        CheckConstraint("(sanction is null) = (prononcee_le is null)", name="prononce"),
        Index(None, "uai", "eleve_id"),
        Index(None, "uai", "etat"),
        Index(None, "uai", "efface_le"),
        Index(None, "eleve_id"),
        Index(None, "prononcee_par"),
    )


class Etape(Cloisonne, Base):
    """Une étape de la procédure, datée, jamais récrite (DISC-15) ; elle part avec la sanction.

    Une convocation garde quand et où : reportée, elle est une étape de plus.
    """

    __tablename__ = "carnet_etape"
    __traitement__ = "carnet.sanctions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("sanction_id", par="carnet_sanction"), Sujet("auteur_id", Lien.AUTEUR))
    __depart__ = "efface_le"

    sanction_id: Mapped[UUID] = neutre("procédure", Uuid)
    nature: Mapped[str] = donnee(_VIE_SCOLAIRE, String(32), pour=_DOSSIER)
    le: Mapped[date] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)
    voie: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(12), pour=_DOSSIER)
    reunion_le: Mapped[datetime | None] = donnee(_VIE_SCOLAIRE, DateTime(timezone=True), pour=_DOSSIER)
    reunion_lieu: Mapped[str | None] = donnee(_VIE_SCOLAIRE, String(64), pour=_DOSSIER)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI, deferred=True)
    efface_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date, pour=_DOSSIER)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "sanction_id"], ["carnet_sanction.uai", "carnet_sanction.id"], ondelete="CASCADE"
        ),
        parmi("nature", EtapeProcedure),
        parmi("voie", Voie),
        CheckConstraint("(reunion_le is null) = (reunion_lieu is null)", name="reunion"),
        Index(None, "uai", "sanction_id", "le"),
        Index(None, "auteur_id"),
    )


class InterdictionConservatoire(DUn, ParAnnee, Base):
    """Interdiction d'accès pendant le délai de défense : ce n'est pas une sanction (DISC-17)."""

    __tablename__ = "carnet_interdiction"
    __traitement__ = "carnet.punitions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR))

    du: Mapped[date] = donnee(_VIE_SCOLAIRE, Date)
    au: Mapped[date] = donnee(_VIE_SCOLAIRE, Date)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI)
    levee_le: Mapped[datetime | None] = neutre("levée avant terme", DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("du <= au", name="ordre"),
        Index(None, "uai", "annee", "eleve_id"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
    )


class LigneDuRegistre(ParAnnee, Base):
    """Le registre des sanctions : faits, circonstances, mesures, sans identité (DISC-24).

    Ni élève, ni date au jour, ni lien vers la procédure : le mois et des listes fermées.
    """

    __tablename__ = "carnet_registre"
    __traitement__ = None
    __cloisonnement__ = par_etablissement()

    mois: Mapped[int] = neutre("mois du prononcé", SmallInteger)
    motif: Mapped[str] = neutre("motif, dans la liste", String(24))
    sanction: Mapped[int] = neutre("rang dans l'échelle", SmallInteger)
    avec_sursis: Mapped[bool] = neutre("assortie du sursis", Boolean)
    par_conseil: Mapped[bool] = neutre("prononcée par le conseil de discipline", Boolean)
    mesure: Mapped[str] = neutre("mesure alternative", String(10))

    __table_args__ = (
        CheckConstraint("mois between 1 and 12", name="mois"),
        CheckConstraint("sanction between 1 and 6", name="echelle"),
        parmi("mesure", Mesure),
    )
