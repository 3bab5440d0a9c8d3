"""Quand un message peut partir : ni la nuit, ni en fin de semaine, et jamais avant qu'on ait pu l'annuler."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from ent_core.socle.calendrier import FUSEAU

__all__ = ["PAR_DEFAUT", "Reglage", "depart", "ouvre_a"]

_SAMEDI = 5


@dataclass(frozen=True, slots=True)
class Reglage:
    """Ce qu'un établissement règle ; les heures sont celles de Paris.

    :param silence_debut: le soir, plus rien ne part à partir de cette heure.
    :param silence_fin: le matin, rien ne part avant cette heure.
    :param fin_de_semaine: vrai si des messages partent aussi le samedi et le dimanche.
    :param resume: heure du résumé du jour, pour qui l'a choisi.
    :param delai: minutes pendant lesquelles un envoi peut être annulé.
    :param seuil: part des familles, en pour cent, au-delà de laquelle quelqu'un doit confirmer.
    """

    silence_debut: time = time(20)
    silence_fin: time = time(7)
    fin_de_semaine: bool = False
    resume: time = time(18)
    delai: int = 10
    seuil: int = 30


PAR_DEFAUT = Reglage()


def depart(
    reglage: Reglage,
    demande: datetime,
    *,
    urgent: bool = False,
    resume: bool = False,
    pas_avant: datetime | None = None,
) -> datetime:
    """Instant où un message part, arrondi à la minute qui suit : ceux d'une même minute partent ensemble.

    :param reglage: réglages de l'établissement.
    :param demande: instant de la demande.
    :param urgent: vrai pour un sujet urgent : ni silence, ni résumé.
    :param resume: vrai si la personne préfère un résumé par jour.
    :param pas_avant: instant avant lequel rien ne part ; les heures de silence s'y ajoutent.
    """
    pret = demande + timedelta(minutes=reglage.delai)
    pret = _minute(pret if pas_avant is None else max(pret, pas_avant))
    if urgent:
        return pret
    if not resume:
        return ouvre_a(reglage, pret)
    local = pret.astimezone(FUSEAU)
    jour = local.date() if local.time() <= reglage.resume else local.date() + timedelta(days=1)
    return ouvre_a(reglage, datetime.combine(jour, reglage.resume, FUSEAU), reglage.resume)


def ouvre_a(reglage: Reglage, instant: datetime, heure: time | None = None) -> datetime:
    """Le même instant s'il n'est pas de silence ; sinon la fin du silence.

    :param reglage: réglages de l'établissement.
    :param instant: instant voulu.
    :param heure: heure voulue le jour suivant ; par défaut, la fin du silence.
    """
    local = instant.astimezone(FUSEAU)
    jour, voulue = local.date(), local.time()
    if voulue < reglage.silence_fin:
        voulue = heure or reglage.silence_fin
    elif voulue >= reglage.silence_debut:
        jour, voulue = jour + timedelta(days=1), heure or reglage.silence_fin
    while jour.weekday() >= _SAMEDI and not reglage.fin_de_semaine:
        jour, voulue = jour + timedelta(days=1), heure or reglage.silence_fin
    return datetime.combine(jour, voulue, FUSEAU).astimezone(instant.tzinfo)


def _minute(instant: datetime) -> datetime:
    reste = timedelta(seconds=instant.second, microseconds=instant.microsecond)
    return instant if not reste else instant - reste + timedelta(minutes=1)
