"""Télécharger ses rendez-vous : ceux d'un élève, pour lui et sa famille ; les siens, pour un personnel."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import exige
from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from ent_carnet.permissions import CARNET, PUNITIONS
from ent_carnet.rendus.agenda import de_l_eleve, du_personnel
from ent_carnet.vues.pages import pages

__all__ = ["agenda_d_un_eleve", "mon_agenda"]


@pages.get("/famille/<uuid:eleve_id>/agenda.ics")
@exige(CARNET)
def agenda_d_un_eleve(eleve_id: UUID) -> Response:
    fichier = de_l_eleve(eleve_id)
    return fichier if fichier.data else _aucun(url_for(".carnet_d_un_eleve", eleve_id=eleve_id))


@pages.get("/agenda.ics")
@exige(PUNITIONS)
def mon_agenda() -> Response:
    fichier = du_personnel()
    return fichier if fichier.data else _aucun(url_for(".retenues_du_jour"))


def _aucun(retour: str) -> Response:
    flash("Aucun rendez-vous n'est à venir. Rien n'est téléchargé.", "info")
    return redirect(retour)
