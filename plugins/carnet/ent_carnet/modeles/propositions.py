"""Ce que propose qui ne punit pas : ni punition, ni sanction, et rien que la famille lise (DISC-03)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from ent_core.brique import (
    Base,
    Categorie,
    Lien,
    ParAnnee,
    Sujet,
    donnee,
    par_etablissement,
    vers_personne,
)
from sqlalchemy import CheckConstraint, Date, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped

from ent_carnet.modeles.communs import SUIVI, DUn, parmi
from ent_carnet.nomenclatures import EtatProposition, MotifDiscipline, PunitionProposable

__all__ = ["PropositionPunition"]

_VIE_SCOLAIRE = Categorie.VIE_SCOLAIRE


class PropositionPunition(DUn, ParAnnee, Base):
    """Une punition qu'un personnel propose, et la réponse du CPE ou de la direction.

    Acceptée, elle laisse place à la punition, donnée par qui l'accepte. Retirée, seul son auteur la relit.
    """

    __tablename__ = "carnet_proposition"
    __traitement__ = "carnet.propositions"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("auteur_id", Lien.AUTEUR), Sujet("repondue_par", Lien.AUTEUR))

    nature: Mapped[str] = donnee(_VIE_SCOLAIRE, String(20))
    motif: Mapped[str] = donnee(_VIE_SCOLAIRE, String(24))
    circonstances: Mapped[str] = donnee(_VIE_SCOLAIRE, Text, libre=True, chiffree=True)
    jour: Mapped[date] = donnee(_VIE_SCOLAIRE, Date)
    auteur_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    etat: Mapped[str] = donnee(_VIE_SCOLAIRE, String(10), server_default=EtatProposition.PROPOSEE)
    reponse: Mapped[str | None] = donnee(_VIE_SCOLAIRE, Text, libre=True, chiffree=True)
    repondue_le: Mapped[date | None] = donnee(_VIE_SCOLAIRE, Date)
    repondue_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL", pour=SUIVI, deferred=True)
    punition_id: Mapped[UUID | None] = donnee(_VIE_SCOLAIRE, Uuid, pour=SUIVI, deferred=True)

    __table_args__ = (
        parmi("nature", PunitionProposable),
        parmi("motif", MotifDiscipline),
        parmi("etat", EtatProposition),
        CheckConstraint("(etat in ('acceptee', 'refusee')) = (repondue_le is not null)", name="repondue"),
        CheckConstraint("etat <> 'refusee' or reponse is not null", name="mot"),
        Index(None, "uai", "annee", "etat"),
        Index(None, "uai", "annee", "auteur_id"),
        Index(None, "eleve_id"),
        Index(None, "auteur_id"),
        Index(None, "repondue_par"),
    )
