"""Les 72 heures : comptées de la prise de connaissance, en heures vraies, jours fériés compris.

Une heure est une heure : le changement d'heure d'été ou d'hiver déplace l'échéance lue à la pendule, pas le
nombre d'heures. À la soixante-douzième heure juste, on est encore à temps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = ["DELAI", "Compteur", "EtatDelai", "compteur", "en_retard"]

DELAI = timedelta(hours=72)
"""Temps pour notifier, après avoir pris connaissance (RGPD, article 33.1)."""

_BIENTOT = timedelta(hours=24)
_HEURE, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


class EtatDelai(StrEnum):
    """Où en est le délai."""

    A_TEMPS = "a_temps"
    BIENTOT = "bientot"
    DEPASSE = "depasse"


@dataclass(frozen=True, slots=True)
class Compteur:
    """Le temps qui reste.

    :param echeance: dernier instant où la notification est à temps.
    :param reste: négatif une fois l'échéance passée.
    """

    echeance: datetime
    reste: timedelta

    @property
    def etat(self) -> EtatDelai:
        """À temps, bientôt (un jour au plus), ou dépassé."""
        if self.reste < timedelta():
            return EtatDelai.DEPASSE
        return EtatDelai.BIENTOT if self.reste <= _BIENTOT else EtatDelai.A_TEMPS

    @property
    def en_clair(self) -> str:
        """« Il reste 71 h », « Il reste 45 min », « Dépassé de 3 h »."""
        duree = _arrondi(abs(self.reste))
        return f"Dépassé de {duree}" if self.etat is EtatDelai.DEPASSE else f"Il reste {duree}"


def compteur(connue_le: datetime, maintenant: datetime) -> Compteur:
    """Où en est le délai d'une violation.

    :param connue_le: prise de connaissance, avec fuseau.
    :param maintenant: instant présent, avec fuseau.
    """
    # Deux instants du même fuseau se soustraient à la pendule : on passe par le temps universel.
    echeance = datetime.fromtimestamp(connue_le.timestamp() + DELAI.total_seconds(), connue_le.tzinfo)
    return Compteur(echeance, timedelta(seconds=echeance.timestamp() - maintenant.timestamp()))


def en_retard(connue_le: datetime, notifiee_le: datetime) -> bool:
    """Vrai si une notification est venue après les 72 heures.

    :param connue_le: prise de connaissance.
    :param notifiee_le: notification.
    """
    return compteur(connue_le, notifiee_le).etat is EtatDelai.DEPASSE


def _arrondi(duree: timedelta) -> str:
    return f"{duree // _HEURE} h" if duree >= _HEURE else f"{duree // _MINUTE} min"
