"""Les pages : lire la demande, appeler un service, rendre un gabarit."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from ent_core.brique import (
    BlueprintBrique,
    contexte_courant,
    exige,
    horloge_courante,
    peut,
    session_courante,
)
from flask import redirect, render_template, request, url_for
from marshmallow import EXCLUDE, ValidationError
from werkzeug.wrappers import Response

from ent_annonces import services
from ent_annonces.permissions import ECRIRE, LIRE
from ent_annonces.schemas import MotSaisi

__all__ = ["pages"]

pages = BlueprintBrique("annonces", __name__)


@pages.get("/")
@exige(LIRE)
def accueil() -> str:
    return _page({})


@pages.post("/")
@exige(ECRIRE)
def afficher() -> Response | tuple[str, int]:
    try:
        saisie = MotSaisi(unknown=EXCLUDE).load(request.form.to_dict())
    except ValidationError as refus:
        return _page(refus.messages_dict), 422
    services.afficher(session_courante(), contexte_courant(), **saisie)
    return redirect(url_for(".accueil"))


@pages.post("/<uuid:mot_id>/retirer")
@exige(ECRIRE)
def retirer(mot_id: UUID) -> Response:
    services.retirer(session_courante(), contexte_courant(), mot_id, horloge_courante().maintenant())
    return redirect(url_for(".accueil", retire=mot_id))


@pages.post("/<uuid:mot_id>/retablir")
@exige(ECRIRE)
def retablir(mot_id: UUID) -> Response:
    services.retablir(session_courante(), contexte_courant(), mot_id)
    return redirect(url_for(".accueil"))


def _page(erreurs: Mapping[str, list[str]]) -> str:
    return render_template(
        "annonces/accueil.html",
        mots=services.affiches(session_courante(), contexte_courant().jour),
        peut_ecrire=peut(ECRIRE),
        retire=request.args.get("retire", type=UUID),
        saisie=request.form,
        erreurs={champ: messages[0] for champ, messages in erreurs.items()},
    )
