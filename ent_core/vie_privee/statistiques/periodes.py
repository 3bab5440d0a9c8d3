"""Les périodes d'une statistique : du calendrier, sans recouvrement, et le jour où chacune se fige."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from ent_core.contrat.statistiques import Rythme
from ent_core.socle.calendrier import annee_scolaire, libelle_annee
from ent_core.socle.dates import jour_long
from ent_core.socle.erreurs import DonneeInvalide

__all__ = ["PeriodeStatistique", "a_figer", "comptee_avant", "lire_periode"]

_REPIT = timedelta(days=15)
"""Le temps de finir les saisies de la période."""

_EN_ARRIERE = 12
"""Mois rattrapés par un serveur resté éteint."""

_FORME = re.compile(r"(\d{4})(?:-(\d{2}))?")


@dataclass(frozen=True, slots=True)
class PeriodeStatistique:
    """Une période.

    :param code: « 2026 » pour l'année scolaire 2026-2027, « 2026-10 » pour un mois.
    :param debut: premier jour.
    :param fin: lendemain du dernier jour.
    """

    code: str
    debut: date
    fin: date

    @property
    def figee_le(self) -> date:
        """Premier jour où elle peut se figer."""
        return self.fin + _REPIT

    @property
    def libelle(self) -> str:
        """Ce que l'on montre."""
        if "-" not in self.code:
            return libelle_annee(self.debut.year)
        mois = jour_long(self.debut).rpartition(" ")[2]
        return f"{mois} {self.debut.year}"


def lire_periode(code: str) -> PeriodeStatistique:
    """Période d'un code.

    :param code: « 2026 » ou « 2026-10 ».
    :raises DonneeInvalide: code mal formé.
    """
    lu = _FORME.fullmatch(code)
    try:
        annee, mois = (int(lu[1]), int(lu[2] or 0)) if lu else (0, 0)
        if lu and lu[2]:
            return PeriodeStatistique(code, date(annee, mois, 1), _mois_suivant(date(annee, mois, 1)))
        return PeriodeStatistique(code, date(annee, 8, 1), date(annee + 1, 8, 1))
    except ValueError as erreur:
        raise DonneeInvalide(
            f"« {code} » n'est pas une période.",
            remede="écrire l'année scolaire par sa première année (2026), ou le mois (2026-10).",
        ) from erreur


def a_figer(rythme: Rythme, jour: date) -> list[PeriodeStatistique]:
    """Périodes finies, que l'on peut figer ce jour, de la plus ancienne à la plus récente.

    :param rythme: rythme de la statistique.
    :param jour: le jour.
    """
    if rythme is Rythme.ANNEE:
        finie = annee_scolaire(jour - _REPIT) - 1
        return [lire_periode(str(finie))]
    codes = []
    debut = (jour - _REPIT).replace(day=1)
    for _ in range(_EN_ARRIERE):
        debut = (debut - timedelta(days=1)).replace(day=1)
        codes.append(f"{debut:%Y-%m}")
    return [lire_periode(code) for code in reversed(codes)]


def comptee_avant(jour: date) -> date:
    """Jour avant lequel tout fait a été compté : la fin de la dernière année que l'on a pu figer.

    :param jour: le jour.
    """
    return date(annee_scolaire(jour - _REPIT), 8, 1)


def _mois_suivant(debut: date) -> date:
    return (debut + timedelta(days=31)).replace(day=1)
