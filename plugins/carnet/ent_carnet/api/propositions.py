"""Les punitions proposées, par l'API : les mêmes actes que les pages, sous les mêmes droits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import PropositionPunition
from ent_carnet.permissions import PROPOSER, REPONDRE
from ent_carnet.schemas.discipline import PropositionAcceptee, PropositionRefusee, PropositionSaisie
from ent_carnet.schemas.discipline_lue import Cree, PropositionRendue
from ent_carnet.services import propositions

__all__ = ["lister_mes_propositions", "lister_propositions_recues"]


@ressources.get("/propositions")
@exige(PROPOSER)
@ressources.response(200, PropositionRendue(many=True))
def lister_mes_propositions() -> list[propositions.PropositionLue]:
    """Punitions que la personne a proposées cette année, et les réponses."""
    return propositions.miennes(session_courante(), contexte_courant())


@ressources.post("/propositions")
@exige(PROPOSER)
@ressources.arguments(PropositionSaisie)
@ressources.response(201, Cree)
def proposer_une_punition_api(saisie: dict[str, Any]) -> PropositionPunition:
    """Propose une punition ; la famille n'en lit rien."""
    session, contexte, eleve_id = session_courante(), contexte_courant(), saisie.pop("eleve")
    return propositions.proposer(
        session, contexte, portee_courante(), horloge_courante(), eleve_id=eleve_id, **saisie
    )


@ressources.get("/propositions/recues")
@exige(REPONDRE)
@ressources.response(200, PropositionRendue(many=True))
def lister_propositions_recues() -> list[propositions.PropositionLue]:
    """Punitions proposées cette année, celles qui attendent une réponse d'abord."""
    return propositions.recues(session_courante(), contexte_courant())


@ressources.post("/propositions/<uuid:proposition_id>/punition")
@exige(REPONDRE)
@ressources.arguments(PropositionAcceptee)
@ressources.response(204)
def accepter_une_proposition_api(saisie: dict[str, Any], proposition_id: UUID) -> None:
    """Donne la punition proposée, ou une autre, au même élève."""
    donnee = PropositionAcceptee().saisie(saisie)
    propositions.accepter(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), proposition_id,
        donnee, saisie["reponse"],
    )  # fmt: skip


@ressources.post("/propositions/<uuid:proposition_id>/refus")
@exige(REPONDRE)
@ressources.arguments(PropositionRefusee)
@ressources.response(204)
def refuser_une_proposition_api(saisie: dict[str, str], proposition_id: UUID) -> None:
    """Refuse une proposition, avec un mot pour son auteur."""
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    propositions.refuser(session, contexte, portee, horloge_courante(), proposition_id, saisie["reponse"])


@ressources.delete("/propositions/<uuid:proposition_id>")
@exige(PROPOSER)
@ressources.response(204)
def retirer_une_proposition_api(proposition_id: UUID) -> None:
    """Retire une proposition que l'on a déposée, tant qu'elle n'a pas de réponse."""
    propositions.retirer(session_courante(), contexte_courant(), horloge_courante(), proposition_id)


@ressources.post("/propositions/<uuid:proposition_id>/remise")
@exige(PROPOSER)
@ressources.response(204)
def remettre_une_proposition_api(proposition_id: UUID) -> None:
    """Dépose de nouveau une proposition retirée."""
    propositions.remettre(session_courante(), contexte_courant(), horloge_courante(), proposition_id)
