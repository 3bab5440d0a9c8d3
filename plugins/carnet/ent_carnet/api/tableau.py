"""La vie scolaire de maintenant, par l'API : ce que les pages montrent, sous les mêmes droits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import Contact
from ent_carnet.nomenclatures import CanalContact
from ent_carnet.permissions import JOINDRE, TRAITER
from ent_carnet.regles.tableau import mots
from ent_carnet.schemas.discipline_lue import Cree
from ent_carnet.schemas.tableau import (
    AppelPasse,
    EnsembleLu,
    PresencesLues,
    RechercheVoulue,
    SituationLue,
    TrouveLu,
)
from ent_carnet.services import contacts, dossier_absences, recherche, tableau

__all__ = ["chercher_un_eleve", "lire_l_ensemble", "lire_la_situation", "lire_les_presences"]


@ressources.get("/tableau")
@exige(TRAITER)
@ressources.response(200, SituationLue)
def lire_la_situation() -> tableau.Situation:
    """Appels qui manquent, absents, familles à joindre et motifs proposés, à l'instant de la demande."""
    return tableau.situation(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante().maintenant()
    )


@ressources.get("/presences")
@exige(JOINDRE)
@ressources.response(200, PresencesLues)
def lire_les_presences() -> tableau.Situation:
    """Appels qui manquent, absents, exclus et familles à joindre ; les numéros ne sortent que par la page."""
    return tableau.presences(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante().maintenant()
    )


@ressources.post("/presences/familles/<uuid:eleve_id>")
@exige(JOINDRE)
@ressources.arguments(AppelPasse)
@ressources.response(201, Cree)
def noter_un_appel_passe(saisie: dict[str, bool], eleve_id: UUID) -> Contact:
    """Note un appel à la famille d'un élève, aujourd'hui."""
    session, contexte = session_courante(), contexte_courant()
    dossier_absences.atteindre(session, contexte, portee_courante(), eleve_id)
    return contacts.noter(
        session, uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, responsable_id=None,
        canal=CanalContact.TELEPHONE, abouti=saisie["abouti"], jour=contexte.jour,
        auteur_id=contexte.personne_id,
    )  # fmt: skip


@ressources.delete("/presences/contacts/<uuid:contact_id>")
@exige(JOINDRE)
@ressources.response(204)
def retirer_un_appel_passe(contact_id: UUID) -> None:
    """Retire un contact du jour, noté par erreur."""
    contacts.retirer(
        session_courante(),
        contexte_courant(),
        portee_courante(),
        horloge_courante(),
        contact_id,
        du_jour=True,
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
    return _trouves(voulue)


@ressources.get("/presences/recherche")
@exige(JOINDRE)
@ressources.arguments(RechercheVoulue, location="query")
@ressources.response(200, TrouveLu(many=True))
def chercher_un_eleve_aux_presences(voulue: dict[str, str]) -> list[dict[str, Any]]:
    """Élèves de l'établissement, par leur nom ou leur division ; vingt au plus."""
    return _trouves(voulue)


def _trouves(voulue: dict[str, str]) -> list[dict[str, Any]]:
    trouves = recherche.chercher(session_courante(), contexte_courant(), portee_courante(), mots(voulue["q"]))
    return [{"eleve": eleve, "division": division} for eleve, division in trouves]
