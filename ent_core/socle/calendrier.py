"""L'horloge injectée et l'année scolaire. Le domaine ne lit jamais l'heure du système."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

__all__ = [
    "FUSEAU",
    "MAJORITE",
    "Horloge",
    "HorlogeFixe",
    "HorlogeSysteme",
    "annee_scolaire",
    "est_mineur",
    "libelle_annee",
]

FUSEAU = ZoneInfo("Europe/Paris")

MAJORITE = 18


class Horloge(Protocol):
    """Ce que le domaine sait de l'heure."""

    def maintenant(self) -> datetime:
        """L'instant présent, avec fuseau (UTC)."""
        ...

    def aujourd_hui(self) -> date:
        """Le jour présent, à l'heure de Paris."""
        ...


@dataclass(frozen=True, slots=True)
class HorlogeSysteme:
    """L'heure de la machine ; la seule lecture du système."""

    def maintenant(self) -> datetime:
        return datetime.now(UTC)

    def aujourd_hui(self) -> date:
        return self.maintenant().astimezone(FUSEAU).date()


@dataclass(slots=True)
class HorlogeFixe:
    """Une heure choisie, pour les tests et les simulations."""

    instant: datetime = field(default_factory=lambda: datetime(2026, 9, 7, 6, 0, tzinfo=UTC))

    def maintenant(self) -> datetime:
        return self.instant

    def aujourd_hui(self) -> date:
        return self.instant.astimezone(FUSEAU).date()

    def avancer(self, duree: timedelta) -> None:
        """Fait passer le temps.

        :param duree: durée à ajouter.
        """
        self.instant += duree


def annee_scolaire(jour: date) -> int:
    """Première année civile de l'année scolaire d'un jour (bascule au 1er août).

    :param jour: un jour ; le 31 juillet 2027 rend 2026.
    """
    return jour.year if jour.month >= 8 else jour.year - 1


def libelle_annee(annee: int) -> str:
    """« 2026-2027 » pour 2026.

    :param annee: première année civile.
    """
    return f"{annee}-{annee + 1}"


def est_mineur(naissance: date | None, jour: date) -> bool | None:
    """Vrai avant le jour des 18 ans ; ``None`` si la date de naissance n'est pas connue.

    :param naissance: né un 29 février, on est majeur le 1er mars.
    :param jour: jour considéré.
    """
    if naissance is None:
        return None
    return (jour.year - naissance.year, jour.month, jour.day) < (MAJORITE, naissance.month, naissance.day)
