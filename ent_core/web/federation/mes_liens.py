"""« Mon compte » : retirer un service par lequel on entre."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from ent_core.federation import liens
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import connecte

__all__: list[str] = []


@portail.post("/compte/liens")
@connecte(reauthentification=True)
def retirer_mon_lien() -> Response:
    reconnue = requete().reconnue
    if reconnue is None:
        raise Unauthorized
    liens.retirer(
        session_courante(),
        instance().horloge,
        reconnue.personne_id,
        request.form.get("emetteur", ""),
        acteur=reconnue.personne_id,
    )
    flash("Ce service ne vous fait plus entrer ici.", "succes")
    return redirect(url_for("ent.mon_compte"))
