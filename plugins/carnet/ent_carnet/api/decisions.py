"""Ce que la direction décide, par l'API : autorisations d'absence, désaccords, signalements, règlement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, portee_courante, session_courante

from ent_carnet.api.ressources import ressources
from ent_carnet.modeles import DemandeAbsence, Signalement
from ent_carnet.nomenclatures import ActeDemandeAbsence
from ent_carnet.permissions import DECIDER, REGLER, TRAITER
from ent_carnet.schemas.decisions import (
    DemandeAbsenceLue,
    DemandeAbsenceSaisie,
    DesaccordLu,
    EtapeDemandeAbsence,
    ReglementSaisi,
    SignalementLu,
    SignalementSaisi,
)
from ent_carnet.services import demandes_absence, desaccords, reglement, signalements
from ent_carnet.services.atteinte import exiger_atteint

__all__ = ["lister_les_demandes_absence"]


@ressources.get("/absences/eleves/<uuid:eleve_id>/autorisations")
@exige(TRAITER)
@ressources.response(200, DemandeAbsenceLue(many=True))
def lister_les_demandes_absence(eleve_id: UUID) -> Sequence[DemandeAbsence]:
    """Demandes d'autorisation d'absence d'un élève : leurs états et leurs dates."""
    session, contexte = session_courante(), contexte_courant()
    exiger_atteint(session, contexte, portee_courante(), eleve_id)
    return demandes_absence.de_l_eleve(session, contexte, eleve_id)


@ressources.post("/absences/eleves/<uuid:eleve_id>/autorisations")
@exige(DECIDER)
@ressources.arguments(DemandeAbsenceSaisie)
@ressources.response(201, DemandeAbsenceLue)
def inviter_a_une_demande(saisie: dict[str, datetime], eleve_id: UUID) -> DemandeAbsence:
    """Invite la famille à demander une autorisation d'absence (R. 131-5)."""
    return demandes_absence.inviter(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id=eleve_id,
        **saisie,
    )  # fmt: skip


@ressources.post(
    "/autorisations/<uuid:demande_absence_id>/<any(recevoir,transmettre,accorder,refuser,lever):acte>"
)
@exige(DECIDER)
@ressources.arguments(EtapeDemandeAbsence)
@ressources.response(200, DemandeAbsenceLue)
def avancer_une_demande_absence(
    saisie: dict[str, date | None], demande_absence_id: UUID, acte: str
) -> DemandeAbsence:
    """Note une étape d'une demande d'autorisation ; la transmission elle-même se fait hors de l'ENT."""
    contexte = contexte_courant()
    return demandes_absence.avancer(
        session_courante(), contexte, portee_courante(), horloge_courante(), demande_absence_id,
        ActeDemandeAbsence(acte), saisie["le"] or contexte.jour,
    )  # fmt: skip


@ressources.get("/absences/eleves/<uuid:eleve_id>/desaccord")
@exige(TRAITER)
@ressources.response(200, DesaccordLu)
def lire_le_desaccord(eleve_id: UUID) -> dict[str, Any]:
    """Dit si un désaccord connu entre responsables est en vigueur."""
    session, contexte = session_courante(), contexte_courant()
    exiger_atteint(session, contexte, portee_courante(), eleve_id)
    tenu = desaccords.ouvert(session, contexte, eleve_id)
    return {"ouvert": tenu is not None, "signale_le": tenu.signale_le if tenu else None}


@ressources.put("/absences/eleves/<uuid:eleve_id>/desaccord")
@exige(DECIDER)
@ressources.response(204)
def signaler_le_desaccord(eleve_id: UUID) -> None:
    """Signale un désaccord connu : chaque motif s'examine avant d'être retenu."""
    desaccords.signaler(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id
    )


@ressources.delete("/absences/eleves/<uuid:eleve_id>/desaccord")
@exige(DECIDER)
@ressources.response(204)
def lever_le_desaccord(eleve_id: UUID) -> None:
    """Lève le désaccord en vigueur."""
    desaccords.lever(session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id)


@ressources.get("/absences/eleves/<uuid:eleve_id>/signalements")
@exige(TRAITER)
@ressources.response(200, SignalementLu(many=True))
def lister_les_signalements(eleve_id: UUID) -> Sequence[Signalement]:
    """Signalements aux responsables d'un élève majeur qui s'est opposé."""
    session, contexte = session_courante(), contexte_courant()
    exiger_atteint(session, contexte, portee_courante(), eleve_id)
    return signalements.de_l_eleve(session, contexte, eleve_id)


@ressources.post("/absences/eleves/<uuid:eleve_id>/signalements")
@exige(TRAITER)
@ressources.arguments(SignalementSaisi)
@ressources.response(201, SignalementLu)
def proposer_le_signalement(saisie: dict[str, Any], eleve_id: UUID) -> Signalement:
    """Propose un signalement ; la direction décide."""
    return signalements.proposer(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id=eleve_id,
        **saisie,
    )  # fmt: skip


@ressources.post("/signalements/<uuid:signalement_id>/<any(signaler,ecarter):suite>")
@exige(DECIDER)
@ressources.response(200, SignalementLu)
def decider_le_signalement(signalement_id: UUID, suite: str) -> Signalement:
    """Décide un signalement, ou l'écarte ; décidé, l'élève en est prévenu."""
    return signalements.decider(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), signalement_id,
        signaler=suite == "signaler",
    )  # fmt: skip


@ressources.get("/reglement")
@exige(REGLER)
@ressources.response(200, ReglementSaisi)
def lire_le_reglement() -> dict[str, str]:
    """Adresse du règlement intérieur ; vide, elle n'est pas donnée."""
    return {"adresse": reglement.adresse(session_courante(), contexte_courant().uai)}


@ressources.put("/reglement")
@exige(REGLER)
@ressources.arguments(ReglementSaisi)
@ressources.response(204)
def donner_le_reglement(saisie: dict[str, str]) -> None:
    """Dit où lire le règlement intérieur."""
    reglement.changer(session_courante(), contexte_courant(), horloge_courante(), saisie["adresse"])
