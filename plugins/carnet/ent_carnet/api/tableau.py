"""La vie scolaire de maintenant, par l'API : ce que la page montre, sous les mêmes droits."""

from __future__ import annotations

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import TRAITER
from ent_carnet.schemas.tableau import SituationLue
from ent_carnet.services import tableau

__all__ = ["lire_la_situation"]


@ressources.get("/tableau")
@exige(TRAITER)
@ressources.response(200, SituationLue)
def lire_la_situation() -> tableau.Situation:
    """Appels qui manquent, absents, familles à joindre et motifs proposés, à l'instant de la demande."""
    return tableau.situation(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante().maintenant()
    )
