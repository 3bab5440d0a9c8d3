"""Le papier : les bordereaux à remettre, puis dire qu'ils le sont."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ent_core.messages import suivi, textes
from ent_core.messages.poste import poste_de
from ent_core.web.admin.pages import lire_boutons
from ent_core.web.messages import messages
from ent_core.web.messages.saisies import SaisieRemis
from ent_core.web.requete import contexte_courant, horloge_courante, session_courante
from ent_core.web.routes import exige

__all__ = ["page_papier"]

PERMISSION = "noyau.messages"


@messages.get("/papier", endpoint="papier")
@exige(PERMISSION)
def page_papier() -> str:
    session = session_courante()
    plis = suivi.bordereaux(session, poste_de(session), contexte_courant().uai)
    return render_template(
        "messages/papier.html", plis=plis, phrase=textes.bordereau, vus=horloge_courante().maintenant()
    )


@messages.post("/papier")
@exige(PERMISSION)
def remis() -> Response:
    session, saisie = session_courante(), lire_boutons(SaisieRemis())
    nombre = suivi.remis(session, poste_de(session), contexte_courant(), saisie["personne"], saisie["vus"])
    flash(f"{nombre} message{'s' if nombre > 1 else ''} sur papier : c'est noté.", "succes")
    return redirect(url_for("messages.envois"), 303)
