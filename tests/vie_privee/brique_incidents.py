"""Une brique d'essai : des faits, leurs suites, un club sur consentement, et une photo hors de la base."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, LargeBinary, String, Text, Uuid
from sqlalchemy.orm import Mapped

from ent_core.brique import (
    Acces,
    Base,
    BaseLegale,
    Bilan,
    Categorie,
    Cloisonne,
    Conservation,
    Depart,
    Destinataire,
    Duree,
    FinaliteEnt,
    Lien,
    Opposition,
    PieceExport,
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

__all__ = ["CLUB", "SUIVI", "brique_incidents"]

_COMMUN: dict[str, Any] = {
    "version": 1,
    "finalite": "Éprouver les droits des personnes.",
    "finalite_ent": FinaliteEnt.VIE_SCOLAIRE,
    "personnes": frozenset({Population.ELEVE}),
    "destinataires": (Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),),
    "conservation": Conservation(
        Depart.FAIT, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("code de l'éducation")
    ),
}

SUIVI = Traitement(
    cle="incidents.suivi",
    intitule="Faits de vie scolaire",
    base=BaseLegale.MISSION_INTERET_PUBLIC,
    textes=("code de l'éducation, article R. 511-13",),
    opposition=Opposition(possible=True, motif="", papier="feuille de suivi"),
    **_COMMUN,
)
CLUB = Traitement(
    cle="incidents.club",
    intitule="Club",
    base=BaseLegale.CONSENTEMENT,
    textes=("RGPD, article 6",),
    **_COMMUN,
)


class Fait(Cloisonne, Base):
    """Un fait : qui, qui l'a vu, qui l'écrit."""

    __tablename__ = "incidents_fait"
    __traitement__ = "incidents.suivi"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"), Sujet("temoin_id", Lien.TIERS), Sujet("saisi_par", Lien.AUTEUR))
    __depart__ = "jour"

    eleve_id: Mapped[UUID] = vers_personne()
    temoin_id: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    saisi_par: Mapped[UUID | None] = vers_personne(ondelete="SET NULL")
    jour: Mapped[date] = neutre("jour du fait", Date)
    nature: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))
    recit: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, Text, libre=True)
    piece: Mapped[bytes | None] = donnee(Categorie.VIE_SCOLAIRE, LargeBinary)

    __table_args__ = (Index(None, "eleve_id"), Index(None, "temoin_id"), Index(None, "saisi_par"))


class Suite(Cloisonne, Base):
    """Ce qui est décidé d'un fait ; elle n'a de sujet que par lui."""

    __tablename__ = "incidents_suite"
    __traitement__ = "incidents.suivi"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("fait_id", par="incidents_fait"),)

    fait_id: Mapped[UUID] = neutre("fait", Uuid)
    decision: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "fait_id"], ["incidents_fait.uai", "incidents_fait.id"], ondelete="CASCADE"
        ),
        Index(None, "uai", "fait_id"),
    )


class Adhesion(Cloisonne, Base):
    """Une adhésion au club, sur consentement."""

    __tablename__ = "incidents_adhesion"
    __traitement__ = "incidents.club"
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("eleve_id"),)
    __depart__ = "jour"

    eleve_id: Mapped[UUID] = vers_personne()
    jour: Mapped[date] = neutre("jour de l'adhésion", Date)
    gout: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))

    __table_args__ = (Index(None, "eleve_id"),)


def brique_incidents(
    photos: dict[UUID, bytes] | None = None,
    bilan: Bilan | None = None,
    bornees: list[str | None] | None = None,
) -> ModuleType:
    """La brique, avec ses fichiers hors de la base.

    :param photos: personne → photo, que l'export donne et que l'effacement ôte.
    :param bilan: ce que dit l'effacement ; par défaut, une photo ôtée.
    :param bornees: la brique sait effacer pour une école ; chaque école demandée y est notée.
    """
    photos = {} if photos is None else photos

    def exporter(session: Any, personne_id: UUID) -> Iterator[PieceExport]:
        if personne_id in photos:
            yield PieceExport("../../photo.bin", photos[personne_id])
            yield PieceExport("resume.json", {"eleve": str(personne_id), "ami": str(UUID(int=7))})

    def effacer(session: Any, personne_id: UUID, motif: str) -> Bilan:
        return bilan or Bilan({"photos": int(photos.pop(personne_id, None) is not None)})

    def effacer_ici(session: Any, personne_id: UUID, motif: str, uai: str | None) -> Bilan:
        assert bornees is not None
        bornees.append(uai)
        return Bilan()

    return faux_brique(
        "incidents",
        ent_modeles=lambda: (Fait, Suite, Adhesion),
        ent_migrations=lambda: Path(__file__).parent / "incidents" / "migrations",
        ent_traitements=lambda: (SUIVI, CLUB),
        ent_exporter_personne=exporter,
        ent_effacer_personne=effacer if bornees is None else effacer_ici,
    )
