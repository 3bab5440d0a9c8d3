"""Les pages de la direction : autorisation d'absence, désaccord entre responsables, signalement."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import contexte_courant, exige, horloge_courante, peut, portee_courante, session_courante
from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import ActeDemandeAbsence
from ent_carnet.permissions import DECIDER, TRAITER
from ent_carnet.schemas.decisions import DemandeAbsenceSaisie, EtapeDemandeAbsence, SignalementSaisi
from ent_carnet.services import decisions, demandes_absence, desaccords, signalements
from ent_carnet.vues.lecture import lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["decisions_d_un_eleve"]


@pages.get("/absences/eleves/<uuid:eleve_id>/decisions")
@exige(TRAITER)
def decisions_d_un_eleve(eleve_id: UUID) -> str:
    session, contexte = session_courante(), contexte_courant()
    return render_template(
        "carnet/decisions/eleve.html",
        lu=decisions.lire(session, contexte, portee_courante(), eleve_id),
        decide=peut(DECIDER),
        jour=contexte.jour,
    )


@pages.post("/absences/eleves/<uuid:eleve_id>/autorisations")
@exige(DECIDER)
def inviter_a_demander(eleve_id: UUID) -> Response:
    demandes_absence.inviter(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id=eleve_id,
        **lire_formulaire(DemandeAbsenceSaisie()),
    )  # fmt: skip
    flash("La famille le lit dans le carnet. Imprimez la lettre pour l'y inviter aussi par écrit.", "succes")
    return _revenir(eleve_id)


@pages.post(
    "/absences/autorisations/<uuid:demande_absence_id>/<any(recevoir,transmettre,accorder,refuser,lever):acte>"
)
@exige(DECIDER)
def avancer_la_demande_absence(demande_absence_id: UUID, acte: str) -> Response:
    contexte, saisie = contexte_courant(), lire_formulaire(EtapeDemandeAbsence())
    demande_absence = demandes_absence.avancer(
        session_courante(), contexte, portee_courante(), horloge_courante(), demande_absence_id,
        ActeDemandeAbsence(acte), saisie["le"] or contexte.jour,
    )  # fmt: skip
    flash("L'étape est notée. L'absence se règle ensuite, par une personne.", "succes")
    return _revenir(demande_absence.eleve_id)


@pages.post("/absences/eleves/<uuid:eleve_id>/desaccord")
@exige(DECIDER)
def signaler_un_desaccord(eleve_id: UUID) -> Response:
    desaccords.signaler(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id
    )
    flash("Le désaccord est signalé : chaque motif s'examine avant d'être retenu.", "succes")
    return _revenir(eleve_id)


@pages.post("/absences/eleves/<uuid:eleve_id>/desaccord/lever")
@exige(DECIDER)
def lever_un_desaccord(eleve_id: UUID) -> Response:
    desaccords.lever(session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id)
    flash("Le désaccord est levé.", "succes")
    return _revenir(eleve_id)


@pages.post("/absences/eleves/<uuid:eleve_id>/signalements")
@exige(TRAITER)
def proposer_un_signalement(eleve_id: UUID) -> Response:
    signalements.proposer(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), eleve_id=eleve_id,
        **lire_formulaire(SignalementSaisi()),
    )  # fmt: skip
    flash("La proposition est faite : la direction décide.", "succes")
    return _revenir(eleve_id)


@pages.post("/absences/signalements/<uuid:signalement_id>/<any(signaler,ecarter):suite>")
@exige(DECIDER)
def decider_un_signalement(signalement_id: UUID, suite: str) -> Response:
    signalement = signalements.decider(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), signalement_id,
        signaler=suite == "signaler",
    )  # fmt: skip
    flash(
        "Le signalement est décidé, et l'élève en est prévenu. Imprimez les lettres."
        if suite == "signaler"
        else "La proposition est écartée : rien n'est dit aux responsables.",
        "succes",
    )
    return _revenir(signalement.eleve_id)


def _revenir(eleve_id: UUID) -> Response:
    return redirect(url_for(".decisions_d_un_eleve", eleve_id=eleve_id))
