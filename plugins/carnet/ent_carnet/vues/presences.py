"""Les présences : qui manque, qui est exclu, quelle famille appeler. Pour qui joint les familles."""

from __future__ import annotations

from ent_core.brique import (
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)
from flask import render_template

from ent_carnet.permissions import JOINDRE
from ent_carnet.regles.tableau import mots
from ent_carnet.schemas.tableau import ChoixDuTableau
from ent_carnet.services import tableau
from ent_carnet.services.recherche import LIMITE, chercher
from ent_carnet.vues.lecture import lire_demande
from ent_carnet.vues.pages import pages
from ent_carnet.vues.tableau import listes

__all__ = ["presences"]


@pages.get("/presences")
@exige(JOINDRE)
def presences() -> str:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    choix, portee = lire_demande(ChoixDuTableau()), portee_courante()
    cherches = mots(choix["q"])
    montree = tableau.filtrer(tableau.presences(session, contexte, portee, instant), cherches)
    return render_template(
        "carnet/tableau/presences.html",
        **listes(montree, choix, instant, joint=True),
        trouves=chercher(session, contexte, portee, cherches),
        limite=LIMITE,
    )
