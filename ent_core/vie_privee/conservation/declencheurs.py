"""Les départs et les échéances, en fonctions pures : des faits entrent, une date sort, ou rien.

Une date qui ne se calcule pas rend ``None`` : ce qui n'a pas de date n'est jamais échu. Aucune fonction
ne regarde une date de modification. Leurs jumelles en SQL sont dans ``expressions``.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from ent_core.contrat.donnees import Duree
from ent_core.socle.calendrier import FUSEAU, annee_scolaire

__all__ = [
    "Annee",
    "ajouter",
    "annee_contenant",
    "dernier_depart_echu",
    "echeance",
    "fait_date",
    "fin_annee_scolaire",
    "periode",
    "perte_de_vocation",
    "sortie_etablissement",
]

Annee = tuple[date, date]
"""Premier jour et lendemain du dernier jour d'une année scolaire, dans un établissement."""


def ajouter(depart: date, duree: Duree) -> date:
    """Ajoute les mois, le jour borné à la fin du mois, puis les jours.

    :param depart: le 31 janvier plus un mois rend le 28 ou le 29 février.
    :param duree: les années scolaires n'y comptent pas : elles choisissent l'année, non le jour.
    """
    rang = depart.year * 12 + depart.month - 1 + duree.mois
    an, mois = rang // 12, rang % 12 + 1
    jour = min(depart.day, calendar.monthrange(an, mois)[1])
    return date(an, mois, jour) + timedelta(days=duree.jours)


def dernier_depart_echu(jour: date, duree: Duree) -> date:
    """Le plus tardif des départs échus ce jour-là ; réciproque d'``ajouter``, pour chercher par un index.

    :param jour: jour de référence.
    """
    borne = jour - timedelta(days=duree.jours)
    rang = borne.year * 12 + borne.month - 1 - duree.mois
    an, mois = rang // 12, rang % 12 + 1
    fin_du_mois = calendar.monthrange(an, mois)[1]
    if borne.day == calendar.monthrange(borne.year, borne.month)[1]:
        # Le dernier jour du mois est aussi l'échéance de tous les départs que le mois court a bornés.
        return date(an, mois, fin_du_mois)
    return date(an, mois, min(borne.day, fin_du_mois))


def fin_annee_scolaire(annee: int, annees: int, calendrier: Mapping[int, Annee]) -> date | None:
    """Lendemain du dernier jour d'une année scolaire, ou d'une des suivantes.

    :param annee: année de la ligne.
    :param annees: années entières à laisser passer après elle.
    :param calendrier: calendrier de l'établissement ; une année qu'il n'a pas n'a pas de fin.
    """
    trouvee = calendrier.get(annee + annees)
    return trouvee[1] if trouvee else None


def annee_contenant(jour: date | None, calendrier: Mapping[int, Annee]) -> int | None:
    """Année scolaire de l'établissement où tombe un jour ; ``None`` entre deux années.

    :param jour: jour du fait.
    :param calendrier: calendrier de l'établissement.
    """
    if jour is None:
        return None
    return next((annee for annee, (debut, fin) in calendrier.items() if debut <= jour < fin), None)


def perte_de_vocation(sursis: Sequence[date | None]) -> date | None:
    """Jour où le dernier propriétaire de la ligne a quitté l'annuaire ; rien tant qu'il en reste un.

    :param sursis: début du sursis de chaque propriétaire.
    """
    departs = [depart for depart in sursis if depart is not None]
    return max(departs) if departs and len(departs) == len(sursis) else None


def sortie_etablissement(fins: Sequence[date | None], jour: date) -> date | None:
    """Jour où la personne n'a plus eu aucun rattachement dans l'établissement.

    :param fins: fin exclue de chacun de ses rattachements ici, passés, présents ou à venir.
    :param jour: jour de référence.
    """
    passees = [fin for fin in fins if fin is not None and fin <= jour]
    return max(passees) if passees and len(passees) == len(fins) else None


def fait_date(valeur: date | datetime | None) -> date | None:
    """Jour d'un fait, à l'heure de Paris.

    :param valeur: jour, ou instant avec fuseau.
    """
    return valeur.astimezone(FUSEAU).date() if isinstance(valeur, datetime) else valeur


def echeance(depart: date | None, duree: Duree, terme: date | None = None) -> date | None:
    """Jour où une ligne est échue.

    :param depart: ``None`` : jamais échue.
    :param duree: durée de conservation.
    :param terme: terme propre à la personne, s'il est plus proche : la règle est un maximum.
    """
    if depart is None:
        return None
    voulue = ajouter(depart, duree)
    return voulue if terme is None else min(voulue, terme)


def periode(depart: date | None, annee: int | None = None) -> int | None:
    """Année scolaire sous laquelle une ligne est rangée dans le plan.

    :param depart: date de départ.
    :param annee: année que porte la ligne ; elle l'emporte.
    """
    if annee is not None:
        return annee
    return None if depart is None else annee_scolaire(depart)
