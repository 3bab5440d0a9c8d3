"""Les observations et les demandes écrites, par l'API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import DemandeSanction, ObservationEleve
from ent_carnet.permissions import INSTRUIRE, PUNIR, PUNITIONS
from ent_carnet.schemas.discipline import DemandeSaisie, ObservationSaisie, SuiteSaisie
from ent_carnet.schemas.discipline_lue import Cree, DemandeRendue, ObservationRendue
from ent_carnet.services import demandes, observations

__all__ = ["lister_les_demandes", "lister_les_observations"]


@ressources.get("/observations")
@exige(PUNITIONS)
@ressources.response(200, ObservationRendue(many=True))
def lister_les_observations() -> list[observations.ObservationLue]:
    """Observations de l'année, des élèves atteints."""
    return observations.lister(session_courante(), contexte_courant(), portee_courante())


@ressources.post("/observations")
@exige(PUNIR)
@ressources.arguments(ObservationSaisie)
@ressources.response(201, Cree)
def noter_une_observation(saisie: dict[str, Any]) -> ObservationEleve:
    """Note une observation, rattachée à une séance du jour."""
    return observations.noter(session_courante(), contexte_courant(), portee_courante(), **saisie)


@ressources.delete("/observations/<uuid:observation_id>")
@exige(PUNIR)
@ressources.response(204)
def retirer_une_observation(observation_id: UUID) -> None:
    """Retire une observation ; la famille ne la lit plus."""
    instant = horloge_courante().maintenant()
    observations.retirer(session_courante(), contexte_courant(), portee_courante(), observation_id, instant)


@ressources.get("/demandes")
@exige(PUNITIONS)
@ressources.response(200, DemandeRendue(many=True))
def lister_les_demandes() -> list[demandes.DemandeLue]:
    """Demandes écrites : toutes pour la vie scolaire et la direction, les siennes pour les autres."""
    return demandes.lister(session_courante(), contexte_courant())


@ressources.post("/demandes")
@exige(PUNIR)
@ressources.arguments(DemandeSaisie)
@ressources.response(201, Cree)
def deposer_une_demande(saisie: dict[str, Any]) -> DemandeSanction:
    """Dépose la demande écrite d'une procédure, ou d'un conseil de discipline."""
    eleve_id = saisie.pop("eleve")
    return demandes.deposer(
        session_courante(), contexte_courant(), portee_courante(), eleve_id=eleve_id, **saisie
    )


@ressources.post("/demandes/<uuid:demande_id>/suite")
@exige(INSTRUIRE)
@ressources.arguments(SuiteSaisie)
@ressources.response(204)
def donner_suite(saisie: dict[str, Any], demande_id: UUID) -> None:
    """Donne suite à une demande."""
    demandes.suivre(session_courante(), contexte_courant(), demande_id, saisie["suite"])
