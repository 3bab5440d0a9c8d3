"""Les absences et les retards dont la famille n'a pas encore dit le motif, réunis par jour."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    FUSEAU,
    UAI,
    Base,
    lire,
    liste_liee,
)
from sqlalchemy import ColumnElement, Select, String, and_, case, exists, literal, select, union_all
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Fait, Justification, Motif
from ent_carnet.nomenclatures import EtatAbsence, EtatJustification, Genre, NatureFait

__all__ = ["AExpliquer", "a_expliquer"]

_tables = Base.metadata.tables
_absence, _fait, _justification, _motif = (
    _tables[modele.__tablename__].c for modele in (Absence, Fait, Justification, Motif)
)
_CONSTATS = (NatureFait.ABSENT, NatureFait.RETARD, NatureFait.DEPART)


@dataclass(frozen=True, slots=True)
class AExpliquer:
    """Ce qu'un élève a manqué un jour sans motif connu : la famille en donne un seul pour le tout.

    :param attente: un motif est déjà envoyé, et attend une personne.
    """

    eleve_id: UUID
    genre: Genre
    debut: datetime
    fin: datetime
    attente: bool

    @property
    def jour(self) -> date:
        """Jour où cela commence, à l'heure de Paris."""
        return self.debut.astimezone(FUSEAU).date()


def a_expliquer(session: Session, uai: str, annee: int, eleves: Iterable[UUID]) -> list[AExpliquer]:
    """Ce que des élèves ont à expliquer, du plus ancien au plus récent ; un énoncé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: élèves, déjà bornés par qui appelle.
    """
    valeurs = {"uai": uai, "annee": annee, "eleves": list(eleves)}
    lues = [
        AExpliquer(eleve, Genre(genre), debut, fin, attente)
        for eleve, genre, debut, fin, attente in lire(session, _LUES, valeurs)
    ]
    return sorted(_reunies(lues), key=lambda une: (une.debut, une.genre))


def _reunies(lues: Iterable[AExpliquer]) -> list[AExpliquer]:
    def sorte(une: AExpliquer) -> tuple[str, date, Genre, bool]:
        return str(une.eleve_id), une.jour, une.genre, une.attente

    reunies = []
    for _, lot in groupby(sorted(lues, key=sorte), key=sorte):
        siennes = list(lot)
        premiere = siennes[0]
        reunies.append(
            AExpliquer(
                premiere.eleve_id, premiere.genre, min(une.debut for une in siennes),
                max(une.fin for une in siennes), premiere.attente,
            )
        )  # fmt: skip
    return reunies


def _enonce() -> Select[Any]:
    eleves = liste_liee("eleves")
    a, f, j, m = _absence, _fait, _justification, _motif
    genre: ColumnElement[str] = case(
        (f.nature == NatureFait.RETARD, literal(Genre.RETARD, String)), else_=literal(Genre.ABSENCE, String)
    )
    # Ce que l'appel constate et que la vie scolaire n'a pas encore traité s'explique déjà.
    traite = exists().where(
        a.uai == f.uai, a.annee == f.annee, a.eleve_id == f.eleve_id, a.genre == genre,
        a.debut < f.fin, a.fin > f.debut, a.annulee_le.is_(None),
    )  # fmt: skip
    periodes = union_all(
        select(a.eleve_id, a.genre, a.debut, a.fin).where(
            a.uai == UAI, a.annee == ANNEE, a.eleve_id == eleves, a.annulee_le.is_(None),
            a.etat == EtatAbsence.SANS_MOTIF,
        ),
        select(f.eleve_id, genre, f.debut, f.fin).where(
            f.uai == UAI, f.annee == ANNEE, f.eleve_id == eleves, f.retire_le.is_(None),
            f.nature.in_(_CONSTATS), ~traite,
        ),
    ).subquery("periodes")  # fmt: skip
    p = periodes.c
    attente = (
        select(j.id)
        .join_from(j.id.table, m.id.table, and_(m.uai == j.uai, m.id == j.motif_id))
        .where(
            j.uai == UAI, j.annee == ANNEE, j.eleve_id == p.eleve_id, j.etat == EtatJustification.ENVOYEE,
            m.genre == p.genre, j.debut <= p.debut, j.fin >= p.fin,
        )
        .exists()
    )  # fmt: skip
    return select(p.eleve_id, p.genre, p.debut, p.fin, attente)


_LUES = _enonce()
