"""Les réglages des messages d'un établissement."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ent_core.messages import reglages as service
from ent_core.messages.heures import Reglage
from ent_core.web.admin.pages import ReponsePage, traiter
from ent_core.web.messages import messages
from ent_core.web.messages.saisies import SaisieReglage
from ent_core.web.requete import contexte_courant, horloge_courante, session_courante
from ent_core.web.routes import exige

__all__ = ["page_reglages"]

PERMISSION = "noyau.messages_reglages"


@messages.get("/reglages", endpoint="reglages")
@exige(PERMISSION)
def page_reglages() -> str:
    return _page({})


@messages.post("/reglages")
@exige(PERMISSION)
def regler() -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> Response:
        service.regler(session_courante(), horloge_courante(), contexte_courant(), Reglage(**saisie))
        flash("Les réglages sont gardés ; ce qui attend déjà garde son heure.", "succes")
        return redirect(url_for("messages.reglages"), 303)

    return traiter(SaisieReglage(), agir, _page)


def _page(erreurs: dict[str, str]) -> str:
    reglage = service.reglage_de(session_courante(), contexte_courant().uai)
    return render_template("messages/reglages.html", reglage=reglage, erreurs=erreurs)
