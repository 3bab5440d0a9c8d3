"""Du fait au traitement : ce que l'appel constate ouvre, prolonge ou ferme les périodes à traiter.

Dans la transaction de qui note le fait. Rejoué, il ne change plus rien.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import FUSEAU
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Fait
from ent_carnet.nomenclatures import Genre, NatureFait
from ent_carnet.regles.demi_journees import Observee
from ent_carnet.regles.periodes import Accord, Intervalle, Tenue, accorder
from ent_carnet.services.releve import PeriodeTenue, Releve, bornes, periodes_tenues, relever

__all__ = ["Rapprochement", "rapprocher", "rapprocher_le_jour"]

_AVANT = timedelta(days=4)
"""Une absence se prolonge par-dessus une fin de semaine ; au-delà, une coupure en ouvre une autre."""


@dataclass(frozen=True, slots=True)
class Rapprochement:
    """Ce qui a changé.

    :param ouvertes: périodes ouvertes, dont les familles ne savent encore rien.
    :param ajustees: périodes prolongées ou raccourcies.
    :param annulees: périodes que plus aucun fait ne porte.
    """

    ouvertes: tuple[Absence, ...]
    ajustees: int
    annulees: int


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
    # Une période libre qui commence avant, ou finit après, se juge sur toute son étendue.
    touchees = [
        t for siennes in periodes_tenues(session, uai, annee, du, au, voulus).values() for t in siennes
    ]
    libres = [t for t in touchees if t.libre]
    du = min([du, *(t.debut.astimezone(FUSEAU).date() for t in libres)])
    au = max([au, *(t.fin.astimezone(FUSEAU).date() + timedelta(days=1) for t in libres)])
    releve = relever(session, uai, annee, du, au, voulus)
    ouvertes: list[Absence] = []
    ajustees = annulees = 0
    for eleve in voulus:
        for genre, accord in _accords(releve, eleve):
            ouvertes += [
                Absence(
                    uai=uai, annee=annee, eleve_id=eleve, genre=genre, debut=debut, fin=fin,
                    traitee_le=instant,
                )
                for debut, fin in accord.ouvrir
            ]  # fmt: skip
            for absence_id, (debut, fin) in accord.ajuster:
                absence = session.get_one(Absence, (uai, annee, absence_id))
                absence.debut, absence.fin, absence.traitee_le = debut, fin, instant
            for absence_id in accord.annuler:
                absence = session.get_one(Absence, (uai, annee, absence_id))
                absence.annulee_le = absence.traitee_le = instant
            ajustees += len(accord.ajuster)
            annulees += len(accord.annuler)
    session.add_all(ouvertes)
    session.flush()
    return Rapprochement(tuple(ouvertes), ajustees, annulees)


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
