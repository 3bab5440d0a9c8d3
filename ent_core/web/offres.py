"""Demander à une autre brique, sans la connaître : le noyau trouve qui répond, dans l'établissement."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.offres import Demande
from ent_core.socle.erreurs import OperationRefusee
from ent_core.web.instance import instance

__all__ = ["consulter"]

R = TypeVar("R")


def consulter(session: Session, contexte: Contexte, demande: Demande[R]) -> tuple[R, ...] | None:
    """Réponses de la brique ouverte qui offre ce contrat, lues à son titre et sous son portillon.

    La session oublie ce qu'elle tenait en mémoire : demander avant de charger des objets.

    :param session: session de la requête.
    :param contexte: qui demande ; celle qui répond s'en tient à son périmètre.
    :param demande: demande typée.
    :returns: les réponses ; ``None`` si aucune brique ouverte ici n'offre ce contrat.
    :raises OperationRefusee: la brique qui l'offre ne répond pas.
    """
    reponses = instance().relais.demander(
        "ent_repondre", contexte.briques, session=session, contexte=contexte, demande=demande
    )
    for brique, reponse, erreur in reponses:
        if erreur is not None:
            raise OperationRefusee(
                f"la brique « {brique.manifeste.titre} » ne répond pas.",
                remede="réessayer dans quelques minutes, ou saisir à la main ce qu'elle aurait donné.",
            ) from erreur
        if reponse is not None:
            trouvees: tuple[Any, ...] = tuple(reponse)
            return trouvees
    return None
