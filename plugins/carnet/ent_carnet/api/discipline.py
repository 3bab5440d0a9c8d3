"""L'API des punitions et des retenues : donner, lire, corriger, annuler, pointer, reporter."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import Punition, Retenue
from ent_carnet.permissions import PUNIR, PUNITIONS
from ent_carnet.schemas.discipline import (
    CreneauSaisi,
    JourDemande,
    PointageSaisi,
    PunitionCorrigee,
    PunitionSaisie,
)
from ent_carnet.schemas.discipline_lue import (
    Cree,
    PunitionEntiere,
    PunitionRendue,
    RetenueRendue,
    RetenueSuivie,
)
from ent_carnet.services import punitions, retenues

__all__ = ["donner_punition_api", "lire_une_punition", "lister_punitions", "lister_retenues"]


@ressources.get("/punitions")
@exige(PUNITIONS)
@ressources.response(200, PunitionRendue(many=True))
def lister_punitions() -> list[punitions.PunitionLue]:
    """Rend les punitions de l'année des élèves atteints."""
    return punitions.lister(session_courante(), contexte_courant(), portee_courante())


@ressources.post("/punitions")
@exige(PUNIR)
@ressources.arguments(PunitionSaisie)
@ressources.response(201, Cree)
def donner_punition_api(saisie: dict[str, Any]) -> Punition:
    """Donne une punition à un élève."""
    instant, donnee = horloge_courante().maintenant(), PunitionSaisie().saisie(saisie)
    return punitions.donner(session_courante(), contexte_courant(), portee_courante(), donnee, instant)


@ressources.get("/punitions/<uuid:punition_id>")
@exige(PUNITIONS)
@ressources.response(200, PunitionEntiere)
def lire_une_punition(punition_id: UUID) -> dict[str, Any]:
    """Rend une punition et l'histoire de ses retenues."""
    session, contexte = session_courante(), contexte_courant()
    lue = punitions.trouver(session, contexte, portee_courante(), punition_id)
    suites = retenues.de_la_punition(session, punition_id, contexte)
    return {"punition": lue, "annulee": lue.annulee_le is not None, "retenues": suites}


@ressources.put("/punitions/<uuid:punition_id>")
@exige(PUNIR)
@ressources.arguments(PunitionCorrigee)
@ressources.response(204)
def corriger_une_punition(saisie: dict[str, Any], punition_id: UUID) -> None:
    """Corrige une punition pendant le délai."""
    corrigee, instant = PunitionCorrigee().saisie(saisie), horloge_courante().maintenant()
    punitions.corriger(
        session_courante(), contexte_courant(), portee_courante(), punition_id, corrigee, instant
    )


@ressources.delete("/punitions/<uuid:punition_id>")
@exige(PUNIR)
@ressources.response(204)
def annuler_une_punition(punition_id: UUID) -> None:
    """Annule une punition, avec trace ; la famille ne la lit plus."""
    instant = horloge_courante().maintenant()
    punitions.annuler(session_courante(), contexte_courant(), portee_courante(), punition_id, instant)


@ressources.get("/retenues")
@exige(PUNITIONS)
@ressources.arguments(JourDemande, location="query")
@ressources.response(200, RetenueRendue(many=True))
def lister_retenues(demande: dict[str, date | None]) -> list[retenues.RetenueLue]:
    """Rend les retenues d'un jour ; par défaut, aujourd'hui."""
    contexte = contexte_courant()
    return retenues.du_jour(session_courante(), contexte, portee_courante(), demande["jour"] or contexte.jour)


@ressources.post("/retenues/<uuid:retenue_id>/pointage")
@exige(PUNIR)
@ressources.arguments(PointageSaisi)
@ressources.response(200, RetenueSuivie)
def pointer_une_retenue(saisie: dict[str, Any], retenue_id: UUID) -> Retenue:
    """Note qu'une retenue est faite, manquée ou levée ; ou défait ce pointage."""
    return retenues.constater(
        session_courante(), contexte_courant(), portee_courante(), retenue_id, saisie["etat"]
    )


@ressources.post("/retenues/<uuid:retenue_id>/report")
@exige(PUNIR)
@ressources.arguments(CreneauSaisi)
@ressources.response(201, RetenueSuivie)
def reporter_une_retenue(saisie: dict[str, Any], retenue_id: UUID) -> Retenue:
    """Reporte une retenue ; l'ancienne reste dans l'histoire."""
    creneau = CreneauSaisi().creneau(saisie)
    return retenues.reporter(session_courante(), contexte_courant(), portee_courante(), retenue_id, creneau)
