"""Une brique d'essai dont les textes et les pièces sont chiffrés."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType
from uuid import UUID

from sqlalchemy import Date, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped

from ent_core.brique import (
    Acces,
    Base,
    BaseLegale,
    Categorie,
    Cloisonne,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    ParAnnee,
    Population,
    Portee,
    Role,
    Sort,
    Sujet,
    Texte,
    Traitement,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from ent_core.essais.instance import faux_brique

__all__ = ["Conflit", "Note", "brique_confidences"]


def _traitement(cle: str, depart: Depart, duree: Duree) -> Traitement:
    return Traitement(
        cle=cle, version=1, intitule=f"Confidences ({cle})", finalite="Éprouver le chiffrement.",
        finalite_ent=FinaliteEnt.VIE_SCOLAIRE, base=BaseLegale.CONSENTEMENT, textes=("RGPD, article 6",),
        personnes=frozenset({Population.ELEVE}),
        destinataires=(Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),),
        conservation=Conservation(depart, duree, Sort.SUPPRIMER, autorite=Texte("code de l'éducation")),
    )  # fmt: skip


class Note(ParAnnee, Base):
    """Ce qu'on note d'un élève, une année."""

    __tablename__ = "confidences_note"
    __traitement__ = "confidences.notes"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)

    eleve_id: Mapped[UUID] = vers_personne()
    texte: Mapped[str] = donnee(Categorie.APPRECIATION, Text, libre=True, chiffree=True)
    piece: Mapped[bytes | None] = donnee(Categorie.APPRECIATION, LargeBinary, chiffree=True)
    titre: Mapped[str | None] = donnee(Categorie.APPRECIATION, String(40))

    __table_args__ = (Index(None, "eleve_id"),)


class Conflit(Cloisonne, Base):
    """Ce qui oppose deux élèves ; il est aux deux."""

    __tablename__ = "confidences_conflit"
    __traitement__ = "confidences.conflits"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("un_id"), Sujet("autre_id"))
    __depart__ = "jour"

    un_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    autre_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    jour: Mapped[date] = neutre("jour du conflit", Date)
    recit: Mapped[str | None] = donnee(Categorie.APPRECIATION, libre=True, chiffree=True)

    __table_args__ = (Index(None, "un_id"), Index(None, "autre_id"))


@cache
def brique_confidences() -> ModuleType:
    """La brique."""
    return faux_brique(
        "confidences",
        ent_modeles=lambda: (Note, Conflit),
        ent_migrations=lambda: Path(__file__).parent / "confidences" / "migrations",
        ent_traitements=lambda: (
            _traitement("confidences.notes", Depart.FIN_ANNEE_SCOLAIRE, Duree(annees=1)),
            _traitement("confidences.conflits", Depart.FAIT, Duree(mois=12)),
        ),
    )
