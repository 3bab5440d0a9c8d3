"""La page où la direction dit où lire le règlement intérieur ; et le lien, sur toutes les pages du carnet."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ent_core.brique import contexte_courant, exige, horloge_courante, peut, session_courante
from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ent_carnet.permissions import REGLER
from ent_carnet.schemas.decisions import ReglementSaisi
from ent_carnet.services import reglement
from ent_carnet.vues.lecture import lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["reglement_interieur"]


@pages.context_processor
def _pour_le_lien() -> dict[str, Callable[[], str | bool]]:
    """Lus seulement par les pages qui renvoient au règlement."""
    return {
        "adresse_du_reglement": lambda: reglement.adresse(session_courante(), contexte_courant().uai),
        "peut_regler": partial(peut, REGLER),
    }


@pages.get("/reglement")
@exige(REGLER)
def reglement_interieur() -> str:
    return render_template(
        "carnet/decisions/reglement.html",
        adresse=reglement.adresse(session_courante(), contexte_courant().uai),
    )


@pages.post("/reglement")
@exige(REGLER)
def changer_le_reglement() -> Response:
    adresse = lire_formulaire(ReglementSaisi())["adresse"]
    reglement.changer(session_courante(), contexte_courant(), horloge_courante(), adresse)
    flash("L'adresse du règlement intérieur est enregistrée.", "succes")
    return redirect(url_for(".reglement_interieur"))
