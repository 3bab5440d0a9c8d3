"""Une brique d'essai à archive intermédiaire : des sanctions, un registre sous visa, des livrets versés."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKeyConstraint, Index, String, Text, Uuid
from sqlalchemy.orm import Mapped, declared_attr

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
    Population,
    Portee,
    Role,
    Sort,
    Sujet,
    Texte,
    Traitement,
    Visa,
    donnee,
    neutre,
    par_etablissement,
    vers_personne,
)
from ent_core.essais.instance import faux_brique

__all__ = ["LIVRETS", "REGISTRE", "SANCTIONS", "Livret", "RegistreVu", "Sanction", "Suite", "brique_dossiers"]


def _traitement(nom: str, intitule: str, conservation: Conservation) -> Traitement:
    return Traitement(
        cle=f"dossiers.{nom}",
        version=1,
        intitule=intitule,
        finalite="Éprouver l'archive intermédiaire.",
        finalite_ent=FinaliteEnt.VIE_SCOLAIRE,
        base=BaseLegale.MISSION_INTERET_PUBLIC,
        textes=("code de l'éducation, article R. 511-13",),
        personnes=frozenset({Population.ELEVE}),
        destinataires=(Destinataire(Role.CPE, Portee.ETABLISSEMENT, Acces.ECRIRE),),
        conservation=conservation,
    )


SANCTIONS = _traitement(
    "sanctions",
    "Sanctions",
    Conservation(
        Depart.FAIT, Duree(mois=12), Sort.SUPPRIMER, autorite=Texte("article R. 511-13"),
        intermediaire=Duree(mois=6), preavis=0,
    ),
)  # fmt: skip
REGISTRE = _traitement(
    "registre",
    "Registre des incidents",
    Conservation(
        Depart.FAIT, Duree(mois=12), Sort.SUPPRIMER, autorite=Visa("Vie scolaire"),
        intermediaire=Duree(mois=6), preavis=0,
    ),
)  # fmt: skip
LIVRETS = _traitement(
    "livrets",
    "Livrets",
    Conservation(
        Depart.FAIT, Duree(mois=12), Sort.ARCHIVER, autorite=Visa("Scolarité"), intermediaire=Duree(mois=6),
        preavis=0,
    ),
)  # fmt: skip


class _Ecrit(Cloisonne):
    """Ce que les trois tables ont en commun."""

    jour: Mapped[date] = neutre("jour du fait", Date)
    nature: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))
    recit: Mapped[str | None] = donnee(Categorie.VIE_SCOLAIRE, Text, libre=True)
    secret: Mapped[str | None] = donnee(Categorie.SANTE, Text, libre=True, chiffree=True)

    @declared_attr
    def eleve_id(cls) -> Mapped[UUID]:
        return vers_personne()

    @declared_attr
    def camarade_id(cls) -> Mapped[UUID | None]:
        return vers_personne(ondelete="SET NULL")


_SUJETS = (Sujet("eleve_id"), Sujet("camarade_id"))


class Sanction(_Ecrit, Base):
    """Une sanction ; deux élèves peuvent la partager."""

    __tablename__ = "dossiers_sanction"
    __traitement__ = SANCTIONS.cle
    __cloisonnement__ = par_etablissement()
    __sujets__ = _SUJETS
    __depart__ = "jour"
    __table_args__ = (Index(None, "eleve_id"), Index(None, "camarade_id"))


class RegistreVu(_Ecrit, Base):
    """Une ligne que rien n'élimine sans visa."""

    __tablename__ = "dossiers_registre"
    __traitement__ = REGISTRE.cle
    __cloisonnement__ = par_etablissement()
    __sujets__ = _SUJETS
    __depart__ = "jour"
    __table_args__ = (Index(None, "eleve_id"), Index(None, "camarade_id"))


class Livret(_Ecrit, Base):
    """Une ligne due aux archives."""

    __tablename__ = "dossiers_livret"
    __traitement__ = LIVRETS.cle
    __cloisonnement__ = par_etablissement()
    __sujets__ = _SUJETS
    __depart__ = "jour"
    __table_args__ = (Index(None, "eleve_id"), Index(None, "camarade_id"))


class Suite(Cloisonne, Base):
    """La suite d'une sanction : elle part avec elle."""

    __tablename__ = "dossiers_suite"
    __traitement__ = SANCTIONS.cle
    __cloisonnement__ = par_etablissement()
    __sujets__ = (Sujet("sanction_id", par="dossiers_sanction"),)

    sanction_id: Mapped[UUID] = neutre("sanction", Uuid)
    decision: Mapped[str] = donnee(Categorie.VIE_SCOLAIRE, String(80))

    __table_args__ = (
        ForeignKeyConstraint(
            ["uai", "sanction_id"], ["dossiers_sanction.uai", "dossiers_sanction.id"], ondelete="CASCADE"
        ),
        Index(None, "uai", "sanction_id"),
    )


@cache
def brique_dossiers() -> ModuleType:
    """La brique."""
    crochets: dict[str, Any] = {
        "ent_modeles": lambda: (Sanction, Suite, RegistreVu, Livret),
        "ent_migrations": lambda: Path(__file__).parent / "dossiers" / "migrations",
        "ent_traitements": lambda: (SANCTIONS, REGISTRE, LIVRETS),
    }
    return faux_brique("dossiers", **crochets)
