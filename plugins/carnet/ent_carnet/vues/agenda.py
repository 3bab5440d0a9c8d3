"""Les rendez-vous d'un élève, ou ceux d'un personnel : pris une fois, ou reliés à un agenda.

Le fichier se télécharge ; l'abonnement est la même chose, qu'un agenda relit par un lien personnel.
"""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import exige
from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from ent_carnet.permissions import CARNET, PUNITIONS
from ent_carnet.rendus.agenda import LUS_DE_L_ELEVE, LUS_DU_PERSONNEL, de_l_eleve, du_personnel
from ent_carnet.vues.pages import pages

__all__ = ["abonnement_d_un_eleve", "agenda_d_un_eleve", "mon_abonnement", "mon_agenda"]


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


@pages.get("/famille/<uuid:eleve_id>/rendez_vous.ics")
@exige(CARNET, traitements=LUS_DE_L_ELEVE, lien_personnel="Rendez-vous du carnet")
def abonnement_d_un_eleve(eleve_id: UUID) -> Response:
    return de_l_eleve(eleve_id, relu=True)


@pages.get("/rendez_vous.ics")
@exige(PUNITIONS, traitements=LUS_DU_PERSONNEL, lien_personnel="Mes rendez-vous du carnet")
def mon_abonnement() -> Response:
    return du_personnel(relu=True)


def _aucun(retour: str) -> Response:
    flash("Aucun rendez-vous n'est à venir. Rien n'est téléchargé.", "info")
    return redirect(retour)
