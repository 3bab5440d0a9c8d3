"""Les présences : qui manque, qui est exclu, quelle famille appeler. Pour qui joint les familles."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import (
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)
from flask import redirect, render_template, url_for
from werkzeug.wrappers import Response

from ent_carnet.permissions import JOINDRE
from ent_carnet.regles.tableau import mots
from ent_carnet.schemas.tableau import ChoixDuTableau, VueTableau
from ent_carnet.services import tableau
from ent_carnet.vues.lecture import lire_demande
from ent_carnet.vues.pages import pages
from ent_carnet.vues.tableau import listes, noter_un_appel

__all__ = ["noter_un_appel_aux_presences", "presences"]


@pages.get("/presences")
@exige(JOINDRE)
def presences() -> str:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    choix = lire_demande(ChoixDuTableau())
    lue = tableau.presences(session, contexte, portee_courante(), instant)
    montree = tableau.filtrer(lue, mots(choix["q"]))
    return render_template("carnet/tableau/presences.html", **listes(montree, choix, instant, joint=True))


@pages.post("/presences/familles/<uuid:eleve_id>")
@exige(JOINDRE)
def noter_un_appel_aux_presences(eleve_id: UUID) -> Response:
    noter_un_appel(eleve_id)
    return redirect(url_for(".presences", vue=VueTableau.JOINDRE.value))
