"""Les pages des observations : la liste, noter, retirer."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import (
    ErreurEnt,
    contexte_courant,
    exige,
    heure,
    horloge_courante,
    peut,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_carnet import libelles
from ent_carnet.permissions import PUNIR, PUNITIONS
from ent_carnet.schemas.discipline import ObservationSaisie
from ent_carnet.services import observations
from ent_carnet.vues.choix_eleve import choisir
from ent_carnet.vues.discipline import onglets_discipline
from ent_carnet.vues.formulaires import lire, tenter
from ent_carnet.vues.pages import pages

__all__ = ["liste_des_observations", "noter_observation", "nouvelle_observation", "retirer_observation"]


@pages.get("/observations")
@exige(PUNITIONS)
def liste_des_observations() -> str:
    return _liste(None)


@pages.get("/observations/nouvelle")
@exige(PUNIR)
def nouvelle_observation() -> str:
    return _formulaire({}, None)


@pages.post("/observations/nouvelle")
@exige(PUNIR)
def noter_observation() -> Response | tuple[str, int]:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    donnees, erreurs = lire(ObservationSaisie())
    refus = None if erreurs else tenter(lambda: observations.noter(session, contexte, portee, **donnees))
    if erreurs or refus:
        return _formulaire(erreurs, refus), 422
    flash("L'observation est notée. La famille la lit dans le carnet.", "succes")
    return redirect(url_for(".liste_des_observations"))


@pages.post("/observations/<uuid:observation_id>/retirer")
@exige(PUNIR)
def retirer_observation(observation_id: UUID) -> Response | tuple[str, int]:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    portee = portee_courante()
    refus = tenter(lambda: observations.retirer(session, contexte, portee, observation_id, instant))
    if refus:
        return _liste(refus), 409
    flash("L'observation est retirée. La famille ne la voit plus.", "succes")
    return redirect(url_for(".liste_des_observations"))


def _liste(refus: ErreurEnt | None) -> str:
    return render_template(
        "carnet/observations/liste.html",
        onglets=onglets_discipline("liste_des_observations"), refus=refus, libelles=libelles,
        observations=observations.lister(session_courante(), contexte_courant(), portee_courante()),
        peut_noter=peut(PUNIR),
    )  # fmt: skip


def _formulaire(erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    choix = choisir()
    siennes = (
        observations.seances_du_jour_de(session_courante(), contexte_courant(), choix.eleve_id)
        if choix.eleve_id
        else []
    )
    return render_template(
        "carnet/observations/nouvelle.html",
        **choix.champs,
        seances=[(une.id, f"Séance de {heure(une.debut)}") for une in siennes],
        saisie=request.form, erreurs=erreurs, refus=refus, libelles=libelles,
    )  # fmt: skip
