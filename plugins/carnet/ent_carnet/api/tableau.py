"""La vie scolaire de maintenant, par l'API : ce que les pages montrent, sous les mêmes droits."""

from __future__ import annotations

from typing import Any

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import TRAITER
from ent_carnet.regles.tableau import mots
from ent_carnet.schemas.tableau import EnsembleLu, RechercheVoulue, SituationLue, TrouveLu
from ent_carnet.services import dossier_absences, recherche, tableau

__all__ = ["chercher_un_eleve", "lire_l_ensemble", "lire_la_situation"]


@ressources.get("/tableau")
@exige(TRAITER)
@ressources.response(200, SituationLue)
def lire_la_situation() -> tableau.Situation:
    """Appels qui manquent, absents, familles à joindre et motifs proposés, à l'instant de la demande."""
    return tableau.situation(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante().maintenant()
    )


@ressources.get("/tableau/ensemble")
@exige(TRAITER)
@ressources.response(200, EnsembleLu)
def lire_l_ensemble() -> dict[str, Any]:
    """L'établissement en nombres : des élèves et des séances, jamais des agents."""
    dossier_absences.exiger_l_etablissement(portee_courante())
    lu = tableau.ensemble(session_courante(), contexte_courant(), horloge_courante().maintenant())
    situation = lu.situation
    return {
        "appels_attendus": situation.attendus,
        "appels_manquants": len(situation.appels),
        "absents": len(situation.absents),
        "a_joindre": len(situation.a_joindre),
        "motifs_a_decider": len(situation.motifs),
        "sans_motif": situation.sans_motif,
        "par_division": [{"division": division, "absents": nombre} for division, nombre in lu.par_division],
    }


@ressources.get("/tableau/recherche")
@exige(TRAITER)
@ressources.arguments(RechercheVoulue, location="query")
@ressources.response(200, TrouveLu(many=True))
def chercher_un_eleve(voulue: dict[str, str]) -> list[dict[str, Any]]:
    """Élèves du périmètre, par leur nom ou leur division ; vingt au plus."""
    trouves = recherche.chercher(session_courante(), contexte_courant(), portee_courante(), mots(voulue["q"]))
    return [{"eleve": eleve, "division": division} for eleve, division in trouves]
