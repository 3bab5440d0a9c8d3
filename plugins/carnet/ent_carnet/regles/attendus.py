"""À quelles séances un élève était attendu, et ce que l'appel en dit : la matière du décompte.

L'élève est attendu dans les structures où il est inscrit *à la date de la séance*. L'emploi du temps peut
changer après coup : une séance dont l'appel existe a eu lieu, même si l'emploi du temps ne la connaît plus.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ent_core.brique import FUSEAU

from ent_carnet.nomenclatures import NatureFait
from ent_carnet.regles.demi_journees import Observee

__all__ = ["Appartenance", "AppelFait", "Constat", "Prevue", "observer"]


@dataclass(frozen=True, slots=True)
class Appartenance:
    """Un élève dans une structure, du premier jour à la fin, exclue."""

    eleve_id: UUID
    structure_id: UUID
    debut: date
    fin: date | None

    def couvre(self, jour: date) -> bool:
        """Vrai si l'élève y est ce jour.

        :param jour: le jour.
        """
        return self.debut <= jour and (self.fin is None or jour < self.fin)


@dataclass(frozen=True, slots=True)
class Prevue:
    """Une séance de l'emploi du temps d'aujourd'hui."""

    id: UUID
    structure_id: UUID
    debut: datetime
    fin: datetime


@dataclass(frozen=True, slots=True)
class AppelFait:
    """Un appel ; d'une séance longue, il y en a un par heure.

    :param termine: toute la classe a été vue ; sinon seul ce qui est noté est su.
    """

    id: UUID
    seance_id: UUID
    structure_id: UUID
    debut: datetime
    fin: datetime
    termine: bool


@dataclass(frozen=True, slots=True)
class Constat:
    """Ce qu'un appel dit d'un élève."""

    appel_id: UUID
    nature: NatureFait
    debut: datetime
    fin: datetime


def observer(
    appartenances: Iterable[Appartenance],
    prevues: Iterable[Prevue],
    appels: Iterable[AppelFait],
    constats: Mapping[UUID, Sequence[Constat]],
    importees: Mapping[UUID, Sequence[tuple[datetime, datetime]]] | None = None,
) -> dict[UUID, list[Observee]]:
    """Séances où chaque élève était attendu, dans l'ordre.

    :param appartenances: inscriptions datées des élèves voulus.
    :param prevues: séances de leurs structures, d'après l'emploi du temps d'aujourd'hui.
    :param appels: appels de leurs structures, quel qu'ait été l'emploi du temps.
    :param constats: faits courants de chaque élève.
    :param importees: périodes venues d'un autre logiciel : sans appel ici, elles en tiennent lieu.
    """
    tenues = _seances_tenues(prevues, list(appels))
    par_eleve: dict[UUID, list[Appartenance]] = defaultdict(list)
    for appartenance in appartenances:
        par_eleve[appartenance.eleve_id].append(appartenance)
    return {
        eleve: _observer_un(siennes, tenues, constats.get(eleve, ()), (importees or {}).get(eleve, ()))
        for eleve, siennes in par_eleve.items()
    }


@dataclass(frozen=True, slots=True)
class _Tenue:
    debut: datetime
    fin: datetime
    jour: date
    appel: AppelFait | None


def _seances_tenues(prevues: Iterable[Prevue], appels: list[AppelFait]) -> dict[UUID, list[_Tenue]]:
    """Par structure, ce qui a eu lieu ou devait avoir lieu : l'appel l'emporte sur l'emploi du temps."""
    tenues: dict[UUID, list[_Tenue]] = defaultdict(list)
    par_structure: dict[UUID, list[AppelFait]] = defaultdict(list)
    for appel in appels:
        par_structure[appel.structure_id].append(appel)
        tenues[appel.structure_id].append(_tenue(appel.debut, appel.fin, appel))
    for prevue in prevues:
        faits = par_structure.get(prevue.structure_id, ())
        if not any(a.seance_id == prevue.id or _se_croisent(a, prevue) for a in faits):
            tenues[prevue.structure_id].append(_tenue(prevue.debut, prevue.fin, None))
    return tenues


def _tenue(debut: datetime, fin: datetime, appel: AppelFait | None) -> _Tenue:
    return _Tenue(debut, fin, debut.astimezone(FUSEAU).date(), appel)


def _se_croisent(une: AppelFait, autre: Prevue) -> bool:
    return une.debut < autre.fin and autre.debut < une.fin


def _observer_un(
    appartenances: Sequence[Appartenance],
    tenues: Mapping[UUID, Sequence[_Tenue]],
    constats: Sequence[Constat],
    importees: Sequence[tuple[datetime, datetime]],
) -> list[Observee]:
    par_appel = {constat.appel_id: constat for constat in constats}
    vues: dict[datetime, Observee] = {}
    for appartenance in appartenances:
        for tenue in tenues.get(appartenance.structure_id, ()):
            if appartenance.couvre(tenue.jour):
                constat = par_appel.pop(tenue.appel.id, None) if tenue.appel else None
                _garder(vues, _observee(tenue, constat, importees))
    # Un fait hors de ses structures du jour (entré ou sorti depuis) reste un fait : il survit.
    for reste in par_appel.values():
        _garder(vues, Observee(reste.debut, reste.fin, reste.nature))
    return sorted(vues.values(), key=lambda observee: observee.debut)


def _observee(
    tenue: _Tenue, constat: Constat | None, importees: Sequence[tuple[datetime, datetime]]
) -> Observee:
    if constat is not None:
        return Observee(tenue.debut, tenue.fin, constat.nature)
    if tenue.appel is not None and tenue.appel.termine:
        return Observee(tenue.debut, tenue.fin)
    if any(debut <= tenue.debut and tenue.fin <= fin for debut, fin in importees):
        return Observee(tenue.debut, tenue.fin, NatureFait.ABSENT)
    return Observee(tenue.debut, tenue.fin, appel_fait=False)


def _garder(vues: dict[datetime, Observee], nouvelle: Observee) -> None:
    """À la même heure, un élève n'est qu'à un endroit : où on l'a vu, sinon où il manquait."""
    tenue = vues.get(nouvelle.debut)
    if tenue is None or _poids(nouvelle) > _poids(tenue):
        vues[nouvelle.debut] = nouvelle


def _poids(observee: Observee) -> tuple[bool, bool]:
    present_ailleurs = observee.appel_fait and observee.nature is not NatureFait.ABSENT
    return observee.appel_fait, present_ailleurs
