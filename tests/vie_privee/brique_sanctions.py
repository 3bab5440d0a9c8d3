"""Une brique d'essai qui déclare une statistique : les mesures, par division et par motif."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, DateTime, ForeignKeyConstraint, Index, String, Text, Uuid, text
from sqlalchemy.orm import Mapped

from ent_core.brique import (
    Acces,
    Base,
    BaseLegale,
    Categorie,
    Conservation,
    Depart,
    Destinataire,
    Dimension,
    Duree,
    FinaliteEnt,
    Lien,
    ParAnnee,
    Population,
    Portee,
    Role,
    Sort,
    Statistique,
    Sujet,
    Texte,
    Traitement,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from ent_core.essais.instance import faux_brique

__all__ = ["MOTIFS", "STATISTIQUE", "SUIVI", "Mesure", "brique_sanctions"]

MOTIFS = (("retard", "Retard"), ("insolence", "Insolence"), ("violence", "Violence"))

SUIVI = Traitement(
    cle="sanctions.suivi",
    version=1,
    intitule="Sanctions et punitions",
    finalite="Éprouver les statistiques.",
    finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article R. 511-13",),
    personnes=frozenset({Population.ELEVE}),
    destinataires=(
        Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),
        Destinataire(Role.DIRECTION, Portee.ETABLISSEMENT, Acces.ECRIRE),
    ),
    conservation=Conservation(
        Depart.FIN_ANNEE_SCOLAIRE, Duree(), Sort.SUPPRIMER, autorite=Texte("code de l'éducation")
    ),
)

STATISTIQUE = Statistique(
    cle="sanctions.bilan",
    traitement="sanctions.suivi",
    intitule="Bilan des sanctions",
    table="sanctions_mesure",
    jour="jour",
    dimensions=(Dimension("division_id", "Division"), Dimension("motif", "Motif", MOTIFS)),
)


class Mesure(ParAnnee, Base):
    """Une mesure : qui, quand, pourquoi, et qui l'écrit."""

    __tablename__ = "sanctions_mesure"
    __traitement__ = "sanctions.suivi"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("saisi_par", Lien.AUTEUR))

    eleve_id: Mapped[UUID] = vers_personne()
    saisi_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    jour: Mapped[date] = neutre("jour de la mesure", Date)
    division_id: Mapped[UUID] = neutre("division de l'élève", Uuid)
    motif: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(12))
    prevenue: Mapped[bool | None] = donnee(Categorie.VIE_SCOLAIRE, Boolean)
    saisie_le: Mapped[datetime] = neutre(
        "instant de la saisie", DateTime(timezone=True), server_default=text("now()")
    )
    recit: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, Text, libre=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "annee", "division_id"], ["division.uai", "division.annee", "division.id"]
        ),
        Index(None, "eleve_id"),
        Index(None, "saisi_par"),
        Index(None, "uai", "annee", "division_id"),
    )


@cache
def brique_sanctions(
    statistiques: tuple[Statistique, ...] = (STATISTIQUE,), **crochets: Callable[..., Any]
) -> ModuleType:
    """La brique, la même pour les mêmes demandes.

    :param statistiques: ce qu'elle déclare.
    :param crochets: crochets de plus.
    """
    tous: dict[str, Callable[..., Any]] = {
        "ent_modeles": lambda: (Mesure,),
        "ent_migrations": lambda: Path(__file__).parent / "sanctions" / "migrations",
        "ent_traitements": lambda: (SUIVI,),
        "ent_statistiques": lambda: statistiques,
        **crochets,
    }
    return faux_brique("sanctions", **tous)
