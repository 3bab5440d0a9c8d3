"""Les retenues du jour : qui, où, avec quel travail ; pointer, reporter."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from uuid import UUID

from ent_core.brique import contexte_courant, exige, peut, portee_courante, session_courante
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_carnet import libelles
from ent_carnet.permissions import PUNIR, PUNITIONS
from ent_carnet.schemas.discipline import CreneauSaisi, JourDemande, PointageSaisi
from ent_carnet.services import retenues
from ent_carnet.vues.discipline import onglets_discipline
from ent_carnet.vues.formulaires import filtres, lire, tenter
from ent_carnet.vues.pages import pages

__all__ = ["pointer_retenue", "reporter_retenue", "retenues_du_jour"]


@pages.get("/retenues")
@exige(PUNITIONS)
def retenues_du_jour() -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    jour = filtres(JourDemande())["jour"] or contexte.jour
    lues = retenues.du_jour(session, contexte, portee, jour)
    groupes = [
        (moment, list(siennes)) for moment, siennes in groupby(lues, lambda r: (r.debut, r.fin, r.lieu))
    ]
    occupees = retenues.occupation(session, contexte, jour)
    return render_template(
        "carnet/retenues/jour.html",
        onglets=onglets_discipline("retenues_du_jour"), jour=jour, groupes=groupes, libelles=libelles,
        veille=jour - timedelta(days=1), lendemain=jour + timedelta(days=1), peut_agir=peut(PUNIR),
        occupation={(o.debut, o.fin, o.lieu): o.attendus for o in occupees},
        passee=jour <= contexte.jour,
    )  # fmt: skip


@pages.post("/retenues/<uuid:retenue_id>/pointer")
@exige(PUNIR)
def pointer_retenue(retenue_id: UUID) -> Response | tuple[str, int]:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    donnees, erreurs = lire(PointageSaisi())
    if erreurs:
        return _refus(erreurs["etat"]), 422
    refus = tenter(lambda: retenues.constater(session, contexte, portee, retenue_id, donnees["etat"]))
    if refus:
        return _refus(refus.message), 409
    return redirect(url_for(".retenues_du_jour", jour=request.form.get("jour") or None))


@pages.post("/retenues/<uuid:retenue_id>/reporter")
@exige(PUNIR)
def reporter_retenue(retenue_id: UUID) -> Response | tuple[str, int]:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    schema = CreneauSaisi()
    donnees, erreurs = lire(schema)
    if erreurs:
        return _refus(next(iter(erreurs.values()))), 422
    creneau = schema.creneau(donnees)
    refus = tenter(lambda: retenues.reporter(session, contexte, portee, retenue_id, creneau))
    if refus:
        return _refus(refus.message), 409
    flash("La retenue est reportée ; l'ancienne reste dans l'historique.", "succes")
    return redirect(url_for(".retenues_du_jour", jour=creneau.jour))


def _refus(dit: str) -> str:
    return render_template("carnet/discipline/refus.html", dit=dit, retour=url_for(".retenues_du_jour"))
