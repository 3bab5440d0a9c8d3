"""Les gestes du tableau et des présences : un appel à la famille, un élève qui arrive. Chacun se défait."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import (
    contexte_courant,
    exige,
    horloge_courante,
    peut,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, url_for
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import CanalContact
from ent_carnet.permissions import APPEL, JOINDRE, TRAITER
from ent_carnet.schemas.appel import ChoixHeure
from ent_carnet.schemas.tableau import AppelPasse, ArriveeSaisie, ContactARetirer, VueTableau
from ent_carnet.services import contacts
from ent_carnet.services import dossier_absences as dossiers
from ent_carnet.services.saisie_appel import noter_une_arrivee
from ent_carnet.vues.lecture import lire_demande, lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["noter_un_appel_a_la_famille", "noter_un_appel_aux_presences"]


@pages.post("/tableau/familles/<uuid:eleve_id>")
@exige(TRAITER)
def noter_un_appel_a_la_famille(eleve_id: UUID) -> Response:
    return _noter_un_appel(eleve_id)


@pages.post("/presences/familles/<uuid:eleve_id>")
@exige(JOINDRE)
def noter_un_appel_aux_presences(eleve_id: UUID) -> Response:
    return _noter_un_appel(eleve_id)


def _noter_un_appel(eleve_id: UUID) -> Response:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(AppelPasse())
    dossiers.atteindre(session, contexte, portee_courante(), eleve_id)
    note = contacts.noter(
        session, uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, responsable_id=None,
        canal=CanalContact.TELEPHONE, abouti=saisie["abouti"], jour=contexte.jour,
        auteur_id=contexte.personne_id,
    )  # fmt: skip
    return _revenir(VueTableau.JOINDRE, contact=note.id, abouti=int(saisie["abouti"]))


@pages.post("/absences/contacts/<uuid:contact_id>/retirer")
@exige(TRAITER)
def retirer_un_contact(contact_id: UUID) -> Response:
    saisie, eleve_id = lire_formulaire(ContactARetirer()), _retirer(contact_id, du_jour=False)
    if saisie["du_dossier"]:
        return redirect(url_for(".dossier_d_absences", eleve_id=eleve_id, _anchor="contacts"))
    return _revenir(VueTableau.JOINDRE)


@pages.post("/presences/contacts/<uuid:contact_id>/retirer")
@exige(JOINDRE)
def retirer_un_contact_du_jour(contact_id: UUID) -> Response:
    _retirer(contact_id, du_jour=True)
    return _revenir(VueTableau.JOINDRE)


def _retirer(contact_id: UUID, *, du_jour: bool) -> UUID:
    eleve_id = contacts.retirer(
        session_courante(), contexte_courant(), portee_courante(), horloge_courante(), contact_id,
        du_jour=du_jour,
    )  # fmt: skip
    flash("Le contact est retiré.", "succes")
    return eleve_id


@pages.post("/appel/<uuid:seance_id>/arrivees")
@exige(APPEL)
def noter_une_arrivee_d_eleve(seance_id: UUID) -> Response:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    saisie, numero = lire_formulaire(ArriveeSaisie()), lire_demande(ChoixHeure())["heure"]
    fait = noter_une_arrivee(
        session, contexte, portee_courante(), instant, (seance_id, numero - 1), saisie["eleve"],
        saisie["vu"], la=saisie["la"],
    )  # fmt: skip
    if not saisie["la"]:
        flash("L'élève est de nouveau noté absent.", "succes")
        return _revenir(VueTableau.ABSENTS)
    return _revenir(VueTableau.ABSENTS, seance=seance_id, heure=numero, eleve=saisie["eleve"], vu=fait)


def _revenir(vue: VueTableau, **geste: UUID | int | None) -> Response:
    """La page d'où l'on vient : le tableau de qui suit les absences, les présences pour les autres."""
    point = ".tableau" if peut(TRAITER) else ".presences" if peut(JOINDRE) else ".appels_du_jour"
    montree: dict[str, Any] = {} if point == ".appels_du_jour" else {"vue": vue.value, **geste}
    return redirect(url_for(point, **montree))
