"""Ce que l'élève et ses responsables lisent des punitions et des sanctions, cette année scolaire."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import (
    contexte_courant,
    exige,
    horloge_courante,
    nommer,
    portee_courante,
    session_courante,
)
from flask import render_template

from ent_carnet import libelles
from ent_carnet.permissions import CARNET
from ent_carnet.regles.recours import voies_de_recours
from ent_carnet.services import discipline_famille
from ent_carnet.services.atteinte import exiger_atteint
from ent_carnet.vues.pages import pages

__all__ = ["discipline"]


@pages.get("/discipline/<uuid:eleve_id>")
@exige(CARNET)
def discipline(eleve_id: UUID) -> str:
    session, contexte = session_courante(), contexte_courant()
    exiger_atteint(session, contexte, portee_courante(), eleve_id)
    return render_template(
        "carnet/discipline/famille.html",
        eleve=nommer(session, [eleve_id]).get(eleve_id), libelles=libelles, recours=voies_de_recours,
        lu=discipline_famille.lire(session, contexte, eleve_id, horloge_courante().maintenant()),
    )  # fmt: skip
