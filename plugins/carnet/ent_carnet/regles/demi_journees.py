"""Le décompte en demi-journées : une règle nommée, et l'explication de chaque ligne.

Une demi-journée ne compte que si l'élève y avait cours, et une fois quel que soit le nombre de séances. Un
retard n'en fait jamais une (ABS-11). Ce qui relève de l'établissement n'est pas un manquement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from ent_core.brique import FUSEAU

from ent_carnet.nomenclatures import NatureFait

__all__ = ["DemiJournee", "Moitie", "Observee", "Periode", "RegleDemiJournee", "Statut", "compter"]


class Moitie(StrEnum):
    """Moitiés d'un jour."""

    MATIN = "matin"
    APRES_MIDI = "apres_midi"


class RegleDemiJournee(StrEnum):
    """Combien de séances manquées font une demi-journée d'absence."""

    UNE_SEANCE = "une_seance"
    LA_MOITIE = "la_moitie"
    TOUTES = "toutes"


class Statut(StrEnum):
    """Ce qu'une demi-journée vaut au décompte."""

    PRESENT = "present"
    NON_REGLEE = "non_reglee"
    REGLEE = "reglee"
    ETABLISSEMENT = "etablissement"


@dataclass(frozen=True, slots=True)
class Observee:
    """Une séance où l'élève était attendu, et ce que l'appel en dit.

    :param nature: ``None`` si rien n'a été constaté : l'élève était là.
    :param appel_fait: faux si l'appel manque ; l'élève n'y est jamais compté absent.
    """

    debut: datetime
    fin: datetime
    nature: NatureFait | None = None
    appel_fait: bool = True


@dataclass(frozen=True, slots=True)
class Periode:
    """Une période traitée par la vie scolaire.

    :param reglee: son motif la règle.
    :param etablissement: elle relève de l'établissement (sortie, examen, convocation, exclusion).
    :param recevable: son motif est légitime, ou l'excuse valable (L. 131-8).
    :param au_bulletin: elle se compte au bulletin.
    """

    debut: datetime
    fin: datetime
    motif: str
    reglee: bool
    etablissement: bool = False
    recevable: bool = True
    au_bulletin: bool = True


@dataclass(frozen=True, slots=True)
class DemiJournee:
    """Une demi-journée, et pourquoi elle compte ou non.

    :param attendues: séances où l'élève était attendu.
    :param manquees: parmi elles, celles où il était absent.
    :param sans_appel: parmi elles, celles dont l'appel manque.
    :param motif: motif retenu, s'il y en a un.
    :param legitime: chaque séance manquée est réglée par un motif recevable ; faux si elle ne compte pas.
    :param au_bulletin: elle s'imprime au bulletin.
    """

    jour: date
    moitie: Moitie
    attendues: int
    manquees: int
    sans_appel: int
    statut: Statut
    motif: str
    regle: RegleDemiJournee
    legitime: bool = False
    au_bulletin: bool = False

    @property
    def compte(self) -> bool:
        """Vrai si elle entre dans le total."""
        return self.statut in (Statut.NON_REGLEE, Statut.REGLEE)

    @property
    def explication(self) -> str:
        """La ligne, en une phrase."""
        pluriel = "s" if self.manquees > 1 else ""
        constat = f"{self.manquees} séance{pluriel} manquée{pluriel} sur {self.attendues}"
        if self.sans_appel:
            constat += f", {self.sans_appel} sans appel"
        match self.statut:
            case Statut.PRESENT:
                return f"{constat} : ne compte pas ({_REGLES[self.regle]})."
            case Statut.ETABLISSEMENT:
                return (
                    f"{constat} : ne compte pas, {self.motif or 'sous la responsabilité de l’établissement'}."
                )
            case Statut.REGLEE:
                return f"{constat} : compte, réglée ({self.motif})."
            case Statut.NON_REGLEE:
                return f"{constat} : compte, non réglée ({self.motif or 'aucun motif'})."


_REGLES: Mapping[RegleDemiJournee, str] = {
    RegleDemiJournee.UNE_SEANCE: "une séance manquée suffit",
    RegleDemiJournee.LA_MOITIE: "il en faut la moitié",
    RegleDemiJournee.TOUTES: "il les faut toutes",
}


def compter(
    seances: Iterable[Observee],
    periodes: Iterable[Periode],
    *,
    midi: time,
    regle: RegleDemiJournee,
    vu_le: datetime | None = None,
) -> list[DemiJournee]:
    """Demi-journées où l'élève avait cours, dans l'ordre, chacune avec son statut.

    :param seances: séances où cet élève était attendu : ses divisions et ses groupes, à leur date.
    :param periodes: périodes traitées.
    :param midi: une séance qui commence à cette heure, à Paris, ou après est de l'après-midi.
    :param regle: règle de l'établissement.
    :param vu_le: instant où on le lit : l'appel d'une séance à venir ne manque pas encore.
    """
    par_moitie: dict[tuple[date, Moitie], list[Observee]] = defaultdict(list)
    for seance in seances:
        local = seance.debut.astimezone(FUSEAU)
        moitie = Moitie.MATIN if local.time() < midi else Moitie.APRES_MIDI
        par_moitie[local.date(), moitie].append(seance)
    # Deux périodes sur une séance : celle qui la règle l'emporte.
    traitees = sorted(periodes, key=lambda periode: not periode.reglee)
    # « apres_midi » précède « matin » dans l'alphabet : l'ordre est celui de la journée.
    ordre = sorted(par_moitie, key=lambda cle: (cle[0], cle[1] is Moitie.APRES_MIDI))
    return [_demi_journee(*cle, par_moitie[cle], traitees, regle, vu_le) for cle in ordre]


def _demi_journee(
    jour: date,
    moitie: Moitie,
    seances: list[Observee],
    periodes: list[Periode],
    regle: RegleDemiJournee,
    vu_le: datetime | None,
) -> DemiJournee:
    absences = [s for s in seances if s.appel_fait and s.nature is NatureFait.ABSENT]
    # Une absence qui relève de l'établissement n'est pas un manquement : sa séance sort du compte.
    excusees = {s: p for s in absences for p in periodes if p.etablissement and _couvre(p, s)}
    manquees = [s for s in absences if s not in excusees]
    traitees = [next((p for p in periodes if _couvre(p, s)), None) for s in manquees]
    if _assez(len(manquees), len(seances) - len(excusees), regle):
        motifs = traitees
        statut = Statut.REGLEE if all(p is not None and p.reglee for p in motifs) else Statut.NON_REGLEE
    else:
        motifs = list(excusees.values())
        statut = Statut.ETABLISSEMENT if motifs else Statut.PRESENT
    compte = statut in (Statut.REGLEE, Statut.NON_REGLEE)
    return DemiJournee(
        jour,
        moitie,
        attendues=len(seances),
        manquees=len(absences),
        sans_appel=sum(not s.appel_fait and (vu_le is None or s.debut <= vu_le) for s in seances),
        statut=statut,
        motif=" ; ".join(dict.fromkeys(p.motif for p in motifs if p is not None)),
        regle=regle,
        legitime=statut is Statut.REGLEE and all(p is not None and p.recevable for p in traitees),
        au_bulletin=compte and any(p is None or p.au_bulletin for p in traitees),
    )


def _assez(manquees: int, attendues: int, regle: RegleDemiJournee) -> bool:
    if not manquees:
        return False
    match regle:
        case RegleDemiJournee.UNE_SEANCE:
            return True
        case RegleDemiJournee.LA_MOITIE:
            return 2 * manquees >= attendues
        case RegleDemiJournee.TOUTES:
            return manquees == attendues


def _couvre(periode: Periode, seance: Observee) -> bool:
    return periode.debut <= seance.debut and seance.fin <= periode.fin
