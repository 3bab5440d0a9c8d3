"""Les seuils d'absences : ce qui alerte une personne. Aucun ne décide, aucun ne note (R. 131-6, R. 131-7).

« Dans le mois » est le mois civil ou un mois glissant, au choix de l'établissement (ABS-08). Une alerte
traitée remet le compte à zéro : la suivante ne compte que ce qui vient après.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from ent_carnet.nomenclatures import SeuilAbsences
from ent_carnet.regles.demi_journees import DemiJournee

__all__ = ["Franchissement", "Seuils", "franchissements"]


@dataclass(frozen=True, slots=True)
class Seuils:
    """Les choix de l'établissement.

    :param mois: demi-journées dans le mois (quatre, L. 131-8).
    :param renforce: demi-journées dans le mois, seuil renforcé.
    :param glissant: un mois de date à date, plutôt que le mois civil.
    """

    mois: int
    renforce: int
    glissant: bool


@dataclass(frozen=True, slots=True)
class Franchissement:
    """Un seuil atteint.

    :param nombre: demi-journées de l'intervalle, toutes comptées.
    :param du: premier jour de l'intervalle.
    :param au: jour où le seuil a été atteint.
    """

    seuil: SeuilAbsences
    nombre: int
    du: date
    au: date


def franchissements(
    lignes: Iterable[DemiJournee], seuils: Seuils, remises: Iterable[tuple[SeuilAbsences, date]] = ()
) -> list[Franchissement]:
    """Seuils atteints par un élève.

    :param lignes: ses demi-journées, dans l'ordre.
    :param seuils: choix de l'établissement.
    :param remises: pour chaque alerte traitée, son seuil et le jour : le compte en repart le lendemain.
    """
    comptees = [ligne for ligne in lignes if ligne.compte]
    illegitimes = [ligne.jour for ligne in comptees if not ligne.legitime]
    traitees = list(remises)
    trouves = []
    for seuil, jours, nombre in (
        (SeuilAbsences.DIALOGUE, [ligne.jour for ligne in comptees], seuils.mois),
        (SeuilAbsences.MOIS, illegitimes, seuils.mois),
        (SeuilAbsences.RENFORCE, illegitimes, seuils.renforce),
    ):
        zeros = sorted(jour for cle, jour in traitees if cle is seuil)
        chercher = _mois_glissant if seuils.glissant else _mois_civil
        trouves += [Franchissement(seuil, *trouve) for trouve in chercher(jours, nombre, zeros)]
    return trouves


def _mois_civil(
    jours: Sequence[date], nombre: int, zeros: Sequence[date]
) -> Iterator[tuple[int, date, date]]:
    par_debut: dict[date, list[date]] = {}
    for jour in jours:
        avant = [zero for zero in zeros if zero < jour]
        debut = max([jour.replace(day=1), *(zero + timedelta(days=1) for zero in avant)])
        par_debut.setdefault(debut, []).append(jour)
    for debut, siens in par_debut.items():
        if len(siens) >= nombre:
            yield len(siens), debut, siens[nombre - 1]


def _mois_glissant(
    jours: Sequence[date], nombre: int, zeros: Sequence[date]
) -> Iterator[tuple[int, date, date]]:
    fenetre: list[date] = []
    for jour in jours:
        zero = max((z for z in zeros if z < jour), default=date.min)
        fenetre = [j for j in fenetre if j > max(zero, jour - relativedelta(months=1))] + [jour]
        if len(fenetre) >= nombre:
            yield len(fenetre), fenetre[0], jour
            fenetre = []
