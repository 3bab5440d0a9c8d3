"""Les pages du papier : feuilles d'appel, carnets de la semaine, pack de panne, lettre de présentation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from ent_core.brique import (
    DonneeInvalide,
    EntreeMenu,
    contexte_courant,
    divisions,
    exige,
    horloge_courante,
    peut,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from ent_carnet.permissions import IMPRIMER
from ent_carnet.rendus.impression import gabarits_du_pack, rendre
from ent_carnet.schemas.papier import Demande
from ent_carnet.services import editions, pack_de_panne
from ent_carnet.services.editions import Edition
from ent_carnet.services.presentation import modele
from ent_carnet.vues.pages import pages

__all__ = ["MENU", "papier"]

MENU = (EntreeMenu("carnet.papier", "Papier", IMPRIMER, ordre=180, icone="imprimer"),)


@pages.context_processor
def _pour_les_boutons() -> dict[str, Callable[[], bool]]:
    """« Imprimer la lettre » ne se montre qu'à qui le peut, sur toute page du carnet."""
    return {"peut_imprimer": partial(peut, IMPRIMER)}


@pages.get("/papier")
@exige(IMPRIMER)
def papier() -> str:
    contexte = contexte_courant()
    ouvertes = divisions(session_courante(), contexte.uai, contexte.annee)
    return render_template(
        "carnet/papier/accueil.html",
        jour=contexte.jour,
        prochain=pack_de_panne.premier_jour(contexte.jour),
        divisions=[(division.id, division.libelle) for division in ouvertes],
        jours_du_pack=pack_de_panne.JOURS,
    )


@pages.post("/papier/appel")
@exige(IMPRIMER)
def imprimer_appel() -> Response:
    demande = _demande()
    return _rendre(
        editions.appel(session_courante(), contexte_courant(), demande["jour"], demande["division"])
    )


@pages.post("/papier/semaine")
@exige(IMPRIMER)
def imprimer_semaine() -> Response:
    demande, instant = _demande(), horloge_courante().maintenant()
    return _rendre(
        editions.carnets(
            session_courante(), contexte_courant(), demande["jour"], instant,
            division_id=demande["division"], tous=demande["tous"],
        )
    )  # fmt: skip


@pages.route("/papier/presentation", methods=["GET", "POST"])
@exige(IMPRIMER)
def imprimer_presentation() -> str | Response:
    # Page d'un préalable : elle s'ouvre aussi avant que le carnet serve, et ne mène à aucune autre.
    session, contexte = session_courante(), contexte_courant()
    if request.method == "POST":
        edition = editions.presentation(session, contexte, _demande()["division"])
        return _rendre(edition, retour=".imprimer_presentation")
    return render_template(
        "carnet/papier/presentation.html",
        lettre=modele(contexte.etablissement_nom),
        divisions=[(d.id, d.libelle) for d in divisions(session, contexte.uai, contexte.annee)],
    )


@pages.post("/papier/panne")
@exige(IMPRIMER)
def telecharger_pack() -> Response:
    return _rendre(
        editions.pack(session_courante(), contexte_courant(), _demande()["jour"], gabarits_du_pack())
    )


@pages.post("/papier/punitions/<uuid:punition_id>")
@exige(IMPRIMER)
def imprimer_punition(punition_id: UUID) -> Response:
    return rendre(editions.punition(session_courante(), contexte_courant(), punition_id))


@pages.post("/papier/sanctions/<uuid:sanction_id>")
@exige(IMPRIMER)
def imprimer_procedure(sanction_id: UUID) -> Response:
    return rendre(editions.procedure(session_courante(), contexte_courant(), sanction_id))


@pages.post("/papier/sanctions/<uuid:sanction_id>/convocation")
@exige(IMPRIMER)
def imprimer_convocation(sanction_id: UUID) -> Response:
    return rendre(editions.convocation(session_courante(), contexte_courant(), sanction_id))


@pages.post("/papier/alertes/<uuid:alerte_id>")
@exige(IMPRIMER)
def imprimer_alerte(alerte_id: UUID) -> Response:
    return rendre(editions.alerte(session_courante(), contexte_courant(), alerte_id))


@pages.post("/papier/autorisations/<uuid:demande_absence_id>")
@exige(IMPRIMER)
def imprimer_demande_absence(demande_absence_id: UUID) -> Response:
    return rendre(editions.demande_absence(session_courante(), contexte_courant(), demande_absence_id))


@pages.post("/papier/signalements/<uuid:signalement_id>")
@exige(IMPRIMER)
def imprimer_signalement(signalement_id: UUID) -> Response:
    return rendre(editions.signalement(session_courante(), contexte_courant(), signalement_id))


def _demande() -> dict[str, Any]:
    try:
        lue: dict[str, Any] = Demande().load(request.form.to_dict())
    except ValidationError as refus:
        fautes = [message for messages in refus.messages_dict.values() for message in messages]
        raise DonneeInvalide(
            " ".join(fautes), remede="revenir à la page, corriger, et recommencer."
        ) from refus
    jour: date = lue["jour"] or contexte_courant().jour
    return lue | {"jour": jour}


def _rendre(edition: Edition, retour: str = ".papier") -> Response:
    """Le document ; ou, s'il n'y a rien à imprimer, la page qui le dit."""
    if edition.nombre:
        return rendre(edition)
    flash(edition.rien, "info")
    return redirect(url_for(retour))
