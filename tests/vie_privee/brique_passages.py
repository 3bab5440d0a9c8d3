"""Une brique d'essai aux tables partitionnées par année : des passages, et leurs suites."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import ModuleType
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, String, Uuid
from sqlalchemy.orm import Mapped

from ent_core.brique import (
    Acces,
    Base,
    BaseLegale,
    Categorie,
    Conservation,
    Copie,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Partitionnee,
    Population,
    Portee,
    Role,
    Sort,
    Sujet,
    Traitement,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from ent_core.essais.instance import faux_brique

__all__ = ["BRIQUE", "Passage", "Suite"]

_TRAITEMENT = "passages.suivi"
SUIVI = Traitement(
    cle=_TRAITEMENT,
    version=1,
    intitule="Passages",
    finalite="Éprouver les tables partitionnées.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article L. 131-8",),
    personnes=frozenset({Population.ELEVE}),
    destinataires=(Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),),
    conservation=Conservation(
        Depart.FIN_ANNEE_SCOLAIRE, Duree(), Sort.SUPPRIMER, autorite=Copie("SIECLE"), preavis=0
    ),
)


class Passage(Partitionnee, Base):
    """Un passage d'un élève."""

    __tablename__ = "passages_passage"
    __traitement__ = _TRAITEMENT
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)
    __depart__ = "jour"

    eleve_id: Mapped[UUID] = vers_personne()
    jour: Mapped[date] = neutre("jour du passage", Date)
    lieu: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(40))

    __table_args__ = (Index(None, "eleve_id"),)


class Suite(Partitionnee, Base):
    """Ce qui suit un passage ; sa personne est celle du passage."""

    __tablename__ = "passages_suite"
    __traitement__ = _TRAITEMENT
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("passage_id", par="passages_passage"),)

    passage_id: Mapped[UUID] = neutre("passage", Uuid)
    dit: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(40))

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "passage_id"],
            ["passages_passage.uai", "passages_passage.annee", "passages_passage.id"],
            ondelete="CASCADE",
        ),
        Index(None, "uai", "annee", "passage_id"),
    )


BRIQUE: ModuleType = faux_brique(
    "passages",
    ent_modeles=lambda: (Passage, Suite),
    ent_migrations=lambda: Path(__file__).parent / "passages" / "migrations",
    ent_traitements=lambda: (SUIVI,),
)
