"""Ce que la famille lit à l'écran, et la feuille qui le remplace pour qui n'emploie pas le service."""

from __future__ import annotations

from collections.abc import Iterable

from ent_core.brique import ChampPapier, FormulairePapier, opposees
from sqlalchemy.orm import Session

from ent_carnet.modeles import Affichage
from ent_carnet.traitements import AFFICHAGE

__all__ = ["FEUILLE", "montrer"]

FEUILLE = FormulairePapier(
    "Carnet de liaison de la semaine",
    "Le faire signer par un responsable, puis le rendre à la vie scolaire au début de la semaine suivante.",
    (
        ChampPapier("Semaine du"),
        ChampPapier("Absences et retards", aide="jour, heures, motif à donner", lignes=5),
        ChampPapier("Informations de l'établissement", lignes=5),
        ChampPapier("Réponse du responsable", lignes=4),
        ChampPapier("Date et signature du responsable", lignes=2),
    ),
)
"""Vierge : l'établissement la remplit à la main, la famille répond dessus."""


def montrer(session: Session, informations: Iterable[Affichage]) -> list[Affichage]:
    """Montre aux familles ce qui peut l'être : rien, à l'écran, pour un élève opposé au service.

    :param session: session de l'établissement.
    :param informations: ce qui est à montrer, d'un ou de plusieurs élèves.
    :returns: ce qui est montré ; le reste passe par le papier.
    """
    voulues = list(informations)
    opposes = opposees(session, AFFICHAGE.cle, {information.eleve_id for information in voulues})
    montrees = [information for information in voulues if information.eleve_id not in opposes]
    session.add_all(montrees)
    return montrees
