"""Du fait au traitement : ce que l'appel constate ouvre, prolonge ou ferme les périodes à traiter.

Dans la transaction de qui note le fait. Rejoué, il ne change plus rien.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import FUSEAU, Base
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Fait
from ent_carnet.nomenclatures import Genre, NatureFait
from ent_carnet.regles.demi_journees import Observee
from ent_carnet.regles.periodes import Accord, Intervalle, Tenue, accorder
from ent_carnet.services.releve import PeriodeTenue, Releve, bornes, periodes_tenues, relever

__all__ = ["Ouverte", "Rapprochement", "rapprocher", "rapprocher_le_jour"]

_AVANT = timedelta(days=4)
"""Une absence se prolonge par-dessus une fin de semaine ; au-delà, une coupure en ouvre une autre."""


_TABLE = Base.metadata.tables[Absence.__tablename__]
_OUVERTE = [_TABLE.c[nom] for nom in ("id", "eleve_id", "genre", "debut", "fin")]


@dataclass(frozen=True, slots=True)
class Ouverte:
    """Une période qui s'ouvre."""

    id: UUID
    eleve_id: UUID
    genre: Genre
    debut: datetime
    fin: datetime


@dataclass(frozen=True, slots=True)
class Rapprochement:
    """Ce qui a changé.

    :param ouvertes: périodes ouvertes, dont les familles ne savent encore rien.
    :param ajustees: périodes prolongées ou raccourcies.
    :param annulees: périodes que plus aucun fait ne porte.
    :param corriges: élèves de ces dernières.
    """

    ouvertes: tuple[Ouverte, ...]
    ajustees: int
    annulees: int
    corriges: frozenset[UUID] = frozenset()


def rapprocher_le_jour(
    session: Session, uai: str, annee: int, jour: date, instant: datetime
) -> Rapprochement:
    """Rapproche tous les élèves dont un fait, retiré ou non, est de ce jour.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param jour: le jour.
    :param instant: maintenant.
    """
    debut, fin = bornes(jour, jour + timedelta(days=1))
    eleves = session.scalars(
        select(Fait.eleve_id)
        .where(Fait.uai == uai, Fait.annee == annee, Fait.debut >= debut, Fait.debut < fin)
        .distinct()
    ).all()
    return rapprocher(session, uai, annee, eleves, jour, instant)


def rapprocher(
    session: Session, uai: str, annee: int, eleves: Iterable[UUID], jour: date, instant: datetime
) -> Rapprochement:
    """Accorde les périodes d'élèves avec les faits d'un jour.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: élèves dont un fait vient d'être noté, corrigé ou retiré.
    :param jour: jour de ces faits.
    :param instant: maintenant.
    """
    voulus = sorted(set(eleves))
    if not voulus:
        return Rapprochement((), 0, 0)
    du, au = jour - _AVANT, jour + timedelta(days=1)
    tenues = periodes_tenues(session, uai, annee, du, au, voulus, a_leur_date=False)
    # Une période libre qui commence avant, ou finit après, se juge sur toute son étendue.
    libres = [t for siennes in tenues.values() for t in siennes if t.libre]
    large_du = min([du, *(t.debut.astimezone(FUSEAU).date() for t in libres)])
    large_au = max([au, *(t.fin.astimezone(FUSEAU).date() + timedelta(days=1) for t in libres)])
    if (large_du, large_au) != (du, au):
        tenues = periodes_tenues(session, uai, annee, large_du, large_au, voulus, a_leur_date=False)
    releve = relever(session, uai, annee, large_du, large_au, voulus, tenues)
    a_ouvrir: list[dict[str, Any]] = []
    ajustees = annulees = 0
    corriges: set[UUID] = set()
    for eleve in voulus:
        for genre, accord in _accords(releve, eleve):
            a_ouvrir += [
                {
                    "uai": uai, "annee": annee, "eleve_id": eleve, "genre": genre.value, "debut": debut,
                    "fin": fin, "traitee_le": instant,
                }
                for debut, fin in accord.ouvrir
            ]  # fmt: skip
            for absence_id, (debut, fin) in accord.ajuster:
                absence = session.get_one(Absence, (uai, annee, absence_id))
                absence.debut, absence.fin, absence.traitee_le = debut, fin, instant
            for absence_id in accord.annuler:
                absence = session.get_one(Absence, (uai, annee, absence_id))
                absence.annulee_le = absence.traitee_le = instant
                corriges.add(eleve)
            ajustees += len(accord.ajuster)
            annulees += len(accord.annuler)
    session.flush()
    ouvertes = []
    if a_ouvrir:
        lues = session.execute(insert(_TABLE).returning(*_OUVERTE), a_ouvrir)
        ouvertes = [Ouverte(ouverte, eleve, Genre(genre), *bornes) for ouverte, eleve, genre, *bornes in lues]
    return Rapprochement(tuple(ouvertes), ajustees, annulees, frozenset(corriges))


def _accords(releve: Releve, eleve: UUID) -> list[tuple[Genre, Accord]]:
    observees = releve.observees.get(eleve, ())
    tenues = releve.tenues.get(eleve, ())
    retards = [o for o in observees if o.nature is NatureFait.RETARD]
    return [
        (Genre.ABSENCE, accorder(observees, _tenues(tenues, Genre.ABSENCE))),
        # Un retard ne se joint à aucun autre : chacun sa période, et son motif (ABS-11).
        (Genre.RETARD, _accorder_un_a_un(retards, _tenues(tenues, Genre.RETARD))),
    ]


def _tenues(tenues: Sequence[PeriodeTenue], genre: Genre) -> list[Tenue]:
    return [Tenue(t.id, t.debut, t.fin, t.libre) for t in tenues if t.genre is genre]


def _accorder_un_a_un(retards: Sequence[Observee], tenues: Sequence[Tenue]) -> Accord:
    voulus: set[Intervalle] = {(r.debut, r.fin) for r in retards}
    deja = {(t.debut, t.fin) for t in tenues}
    superflus = [t.id for t in tenues if t.libre and (t.debut, t.fin) not in voulus]
    return Accord(ouvrir=tuple(sorted(voulus - deja)), annuler=tuple(superflus))
