"""Ce que le temps fait aux sanctions : les échéances suivent le calendrier, le registre s'inscrit."""

from __future__ import annotations

from datetime import date

from ent_core.brique import Horloge, TacheParEtablissement
from sqlalchemy.orm import Session

from ent_carnet.services import effacement, registre

__all__ = ["TACHES", "aligner", "changer_annee"]


def changer_annee(session: Session, uai: str, nouvelle: int) -> dict[str, int]:
    """Clôt l'année : les échéances se calent sur le calendrier, l'été inscrit au registre ce qui reste.

    :param session: session de l'appelant.
    :param uai: établissement.
    :param nouvelle: première année civile de l'année qui commence.
    :returns: nombre d'échéances changées et de lignes inscrites.
    """
    return {
        "carnet_sanction": effacement.aligner(session, uai),
        "carnet_registre": registre.tenir(session, uai, date(nouvelle, 8, 1)),
    }


def aligner(session: Session, uai: str, _horloge: Horloge) -> int:
    """Aligne les échéances d'un établissement ; sans effet si son calendrier n'a pas changé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :returns: nombre d'échéances changées.
    """
    return effacement.aligner(session, uai)


TACHES = (
    TacheParEtablissement(
        "carnet.aligner_echeances",
        aligner,
        periode="10 2 * * *",
        libelle="Accorder les échéances de conservation",
    ),
)
"""La nuit, avant que la conservation n'exécute ses plans."""
