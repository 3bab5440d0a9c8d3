"""Ce que le temps fait aux sanctions : les échéances suivent le calendrier, le registre s'inscrit."""

from __future__ import annotations

from datetime import date

from ent_core.brique import BaseDesTaches, Tache
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import SanctionEleve
from ent_carnet.services import effacement, registre

__all__ = ["TACHES", "changer_annee"]


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


def aligner_partout(base: BaseDesTaches) -> None:
    """Aligne les échéances de chaque établissement ; sans effet si aucun calendrier n'a changé.

    :param base: base de l'instance.
    """
    with base.academie("carnet : échéances des sanctions") as session:
        for uai in session.scalars(select(SanctionEleve.uai).distinct()).all():
            effacement.aligner(session, uai)


TACHES = (Tache("carnet.aligner_echeances", aligner_partout, periode="10 2 * * *"),)
"""La nuit, avant que la conservation n'exécute ses plans."""
