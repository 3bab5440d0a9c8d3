"""Un instant de saisie ne se montre que le jour même (SURV-02) : ensuite, il ne dirait que les habitudes de
qui a saisi. Il reste dans la base, pour l'intégrité, et dans la copie que la personne demande de ses données.
"""

from __future__ import annotations

from datetime import date, datetime

from ent_core.brique import FUSEAU

__all__ = ["du_jour"]


def du_jour(instant: datetime | None, jour: date) -> datetime | None:
    """L'instant s'il est de ce jour, à l'heure de Paris ; sinon rien.

    :param instant: instant de saisie.
    :param jour: jour où l'on regarde.
    """
    return instant if instant is not None and instant.astimezone(FUSEAU).date() == jour else None
