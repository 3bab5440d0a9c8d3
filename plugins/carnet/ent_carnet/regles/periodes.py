"""Du fait au traitement : des séances manquées qui se suivent font une seule période.

Une période que personne n'a traitée suit les faits. Une période traitée ne bouge plus : la suite en ouvre une
autre.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ent_carnet.nomenclatures import NatureFait
from ent_carnet.regles.demi_journees import Observee

__all__ = ["Accord", "Intervalle", "Tenue", "accorder", "suites"]

Intervalle = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Tenue:
    """Une période déjà ouverte.

    :param libre: personne ne l'a traitée : elle suit les faits.
    """

    id: UUID
    debut: datetime
    fin: datetime
    libre: bool


@dataclass(frozen=True, slots=True)
class Accord:
    """Ce qu'il faut changer pour que les périodes disent les faits.

    :param ouvrir: périodes à ouvrir.
    :param ajuster: périodes libres à borner autrement.
    :param annuler: périodes libres que plus aucun fait ne porte.
    """

    ouvrir: tuple[Intervalle, ...] = ()
    ajuster: tuple[tuple[UUID, Intervalle], ...] = ()
    annuler: tuple[UUID, ...] = ()


def suites(seances: Iterable[Observee], traitees: Sequence[Intervalle] = ()) -> list[Intervalle]:
    """Séances manquées qui se suivent, réunies ; une séance sans appel ne coupe pas la suite.

    :param seances: séances où l'élève était attendu, dans l'ordre.
    :param traitees: périodes déjà traitées : leurs séances n'en sont plus, et coupent la suite.
    """
    trouvees: list[Intervalle] = []
    ouverte: Intervalle | None = None
    for seance in seances:
        couverte = any(debut <= seance.debut and seance.fin <= fin for debut, fin in traitees)
        if not seance.appel_fait and not couverte:
            continue
        if seance.nature is NatureFait.ABSENT and not couverte:
            ouverte = (ouverte[0] if ouverte else seance.debut, seance.fin)
        elif ouverte:
            trouvees.append(ouverte)
            ouverte = None
    return [*trouvees, ouverte] if ouverte else trouvees


def accorder(seances: Sequence[Observee], tenues: Iterable[Tenue]) -> Accord:
    """Ce qu'il faut ouvrir, ajuster, annuler. Rejoué, il ne demande plus rien.

    :param seances: séances où l'élève était attendu, dans l'ordre, sur toute l'étendue des périodes libres.
    :param tenues: périodes ouvertes qui touchent ces séances.
    """
    toutes = list(tenues)
    libres = sorted((t for t in toutes if t.libre), key=lambda t: t.debut)
    ouvrir: list[Intervalle] = []
    ajuster: list[tuple[UUID, Intervalle]] = []
    for debut, fin in suites(seances, [(t.debut, t.fin) for t in toutes if not t.libre]):
        sienne = next((t for t in libres if t.debut < fin and debut < t.fin), None)
        if sienne is None:
            ouvrir.append((debut, fin))
            continue
        libres.remove(sienne)
        if (sienne.debut, sienne.fin) != (debut, fin):
            ajuster.append((sienne.id, (debut, fin)))
    return Accord(tuple(ouvrir), tuple(ajuster), tuple(t.id for t in libres))
