"""Les rendez-vous au format iCalendar, par l'API : le même fichier que la page."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import exige
from werkzeug.wrappers import Response

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import CARNET, PUNITIONS
from ent_carnet.rendus.agenda import LUS_DE_L_ELEVE, LUS_DU_PERSONNEL, de_l_eleve, du_personnel
from ent_carnet.services.ical import TYPE

__all__ = ["lire_l_agenda", "lire_l_agenda_d_un_eleve"]

_FICHIER = {"type": "string", "format": "binary"}


@ressources.get("/eleves/<uuid:eleve_id>/agenda")
@exige(CARNET, traitements=LUS_DE_L_ELEVE)
@ressources.response(200, _FICHIER, content_type=TYPE)
def lire_l_agenda_d_un_eleve(eleve_id: UUID) -> Response:
    """Rendez-vous d'un élève, sans motif ni nom."""
    return de_l_eleve(eleve_id)


@ressources.get("/agenda")
@exige(PUNITIONS, traitements=LUS_DU_PERSONNEL)
@ressources.response(200, _FICHIER, content_type=TYPE)
def lire_l_agenda() -> Response:
    """Rendez-vous du personnel qui le demande, sans motif ni nom."""
    return du_personnel()
