"""Les règles de l'appel, pures : une feuille, quand elle s'écrit, comment deux saisies se réunissent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ent_carnet.nomenclatures import Ailleurs, NatureFait

__all__ = [
    "ACCUEILLI",
    "PRESENT",
    "Changement",
    "Constat",
    "Delais",
    "Derniere",
    "EtatAppel",
    "Fenetre",
    "Heure",
    "Verdict",
    "choisir",
    "departager",
    "etat_de_l_appel",
    "fenetre",
    "heures_de",
    "minutes_manquees",
    "prevoir",
]

_HEURE = timedelta(minutes=60)
_JEU = timedelta(minutes=15)
_PAS = 5
ACCUEILLI = "exclusion_classe"


class EtatAppel(StrEnum):
    """Où en est l'appel d'une séance ; « personne d'absent » n'est jamais « pas d'appel »."""

    ANNULEE = "annulee"
    A_VENIR = "a_venir"
    A_FAIRE = "a_faire"
    COMMENCE = "commence"
    OUBLIE = "oublie"
    FAIT = "fait"


@dataclass(frozen=True, slots=True)
class Constat:
    """Ce que la feuille dit d'un élève.

    :param nature: ``None`` : il est là.
    :param minutes: manquées au début (retard) ou à la fin (départ) ; ``None`` : on ne sait pas.
    :param ailleurs: où il est, si l'établissement le sait ailleurs.
    """

    nature: NatureFait | None = None
    minutes: int | None = None
    ailleurs: Ailleurs | None = None


PRESENT = Constat()


@dataclass(frozen=True, slots=True)
class Delais:
    """Les délais choisis par l'établissement ; à défaut de choix, ceux-ci."""

    avance: int = 10
    correction: int = 2
    correction_cpe: int = 72
    heure_precedente: bool = True


@dataclass(frozen=True, slots=True)
class Heure:
    """Une heure de cours : une séance, ou une part d'une séance longue."""

    debut: datetime
    fin: datetime

    @property
    def duree(self) -> int:
        """En minutes."""
        return int((self.fin - self.debut) / timedelta(minutes=1))


@dataclass(frozen=True, slots=True)
class Fenetre:
    """Quand une feuille s'écrit."""

    ouvre: datetime
    ferme: datetime

    def contient(self, instant: datetime) -> bool:
        """Vrai si la feuille s'écrit à cet instant.

        :param instant: l'instant.
        """
        return self.ouvre <= instant <= self.ferme


def heures_de(debut: datetime, fin: datetime) -> tuple[Heure, ...]:
    """Les heures d'une séance : autant que de fois soixante minutes, à un quart d'heure près.

    Une séance de deux heures a deux appels ; une séance d'une heure et demie, un seul.

    :param debut: début de la séance.
    :param fin: fin de la séance.
    """
    nombre = max(1, (fin - debut + _JEU) // _HEURE)
    pas = int((fin - debut) / timedelta(minutes=1)) // nombre // _PAS * _PAS
    coupes = [debut + timedelta(minutes=pas * rang) for rang in range(nombre)]
    return tuple(Heure(d, f) for d, f in zip(coupes, [*coupes[1:], fin], strict=True))


def fenetre(heure: Heure, delais: Delais, *, vie_scolaire: bool) -> Fenetre:
    """Quand l'appel d'une heure s'écrit et se corrige.

    :param heure: l'heure.
    :param delais: délais de l'établissement.
    :param vie_scolaire: vrai pour qui corrige toute l'école, plus longtemps.
    """
    heures = delais.correction_cpe if vie_scolaire else delais.correction
    return Fenetre(heure.debut - timedelta(minutes=delais.avance), heure.fin + timedelta(hours=heures))


def etat_de_l_appel(
    heure: Heure, *, annulee: bool, commence: bool, termine: bool, delais: Delais, instant: datetime
) -> EtatAppel:
    """Où en est un appel, qu'il ait une ligne ou non.

    :param heure: l'heure.
    :param annulee: la séance n'a pas lieu.
    :param commence: quelque chose est enregistré.
    :param termine: toute la classe a été vue.
    :param delais: délais de l'établissement.
    :param instant: maintenant.
    """
    if termine:
        return EtatAppel.FAIT
    if annulee and not commence:
        return EtatAppel.ANNULEE
    if instant > heure.fin:
        return EtatAppel.OUBLIE
    if commence:
        return EtatAppel.COMMENCE
    ouverte = instant >= heure.debut - timedelta(minutes=delais.avance)
    return EtatAppel.A_FAIRE if ouverte else EtatAppel.A_VENIR


def choisir(seances: Sequence[tuple[Heure, EtatAppel]], delais: Delais, instant: datetime) -> int | None:
    """Rang de l'heure à ouvrir sans rien demander.

    D'abord l'appel à faire maintenant ; sinon la séance où l'on est ; sinon le dernier oubli qui se corrige.

    :param seances: heures des séances du jour, dans l'ordre, et l'état de leur appel.
    :param delais: délais de l'établissement.
    :param instant: maintenant.
    """
    oublis: list[int] = []
    en_cours: int | None = None
    for rang, (heure, etat) in enumerate(seances):
        if etat in (EtatAppel.A_FAIRE, EtatAppel.COMMENCE):
            return rang
        if etat is EtatAppel.FAIT and heure.debut <= instant <= heure.fin:
            en_cours = rang
        elif etat is EtatAppel.OUBLIE and fenetre(heure, delais, vie_scolaire=False).contient(instant):
            oublis.append(rang)
    return en_cours if en_cours is not None or not oublis else oublis[-1]


def minutes_manquees(nature: NatureFait | None, heure: Heure, instant: datetime) -> int | None:
    """Minutes qu'un retard ou un départ constaté maintenant fait manquer ; ``None`` hors de l'heure.

    :param nature: retard ou départ ; rien pour les autres constats.
    :param heure: l'heure de cours.
    :param instant: maintenant.
    """
    if not heure.debut < instant < heure.fin:
        return None
    match nature:
        case NatureFait.RETARD:
            return max(1, (instant - heure.debut) // timedelta(minutes=1))
        case NatureFait.DEPART:
            return max(1, (heure.fin - instant) // timedelta(minutes=1))
        case _:
            return None


def prevoir(code: str | None, *, etablissement: bool) -> Constat:
    """Ce qu'une absence déjà connue fait attendre ; une personne le confirme en terminant l'appel.

    :param code: code du motif.
    :param etablissement: l'absence relève de l'établissement.
    """
    if etablissement and code == ACCUEILLI:
        return Constat(NatureFait.EXCLU_ACCUEILLI)
    if etablissement and code in set(Ailleurs):
        return Constat(NatureFait.AILLEURS, ailleurs=Ailleurs(code))
    return Constat(NatureFait.ABSENT)


@dataclass(frozen=True, slots=True)
class Changement:
    """Ce qu'une personne veut noter d'un élève.

    :param vu: fait courant qu'elle avait sous les yeux ; ``None`` : aucun.
    """

    eleve_id: UUID
    constat: Constat
    vu: UUID | None = None


@dataclass(frozen=True, slots=True)
class Derniere:
    """La dernière chose notée d'un élève sur cette feuille.

    :param fait_id: fait courant ; ``None`` si on l'a remis présent.
    :param par: qui l'a notée.
    :param le: quand.
    """

    fait_id: UUID | None
    constat: Constat
    par: UUID | None
    le: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """Ce qui s'écrit, et ce qu'une autre personne a déjà noté autrement.

    :param ecrire: changements à écrire.
    :param conflits: élèves qu'une autre personne a changés depuis ; rien n'en est écrit.
    """

    ecrire: tuple[Changement, ...]
    conflits: tuple[UUID, ...]


def departager(
    changements: Iterable[Changement], connues: Mapping[UUID, Derniere], moi: UUID | None
) -> Verdict:
    """Réunit deux saisies, élève par élève : rien de ce qu'une autre personne a noté n'est écrasé.

    Un changement déjà enregistré ne s'écrit pas deux fois : une feuille renvoyée ne change rien.

    :param changements: ce que la personne veut noter.
    :param connues: la dernière chose notée de chaque élève.
    :param moi: qui note.
    """
    ecrire: list[Changement] = []
    conflits: list[UUID] = []
    for changement in changements:
        connue = connues.get(changement.eleve_id)
        actuel = connue.constat if connue else PRESENT
        if actuel == changement.constat:
            continue
        if connue and connue.fait_id != changement.vu and connue.par != moi:
            conflits.append(changement.eleve_id)
        else:
            ecrire.append(changement)
    return Verdict(tuple(ecrire), tuple(conflits))
