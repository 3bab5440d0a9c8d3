"""Les pages."""

from __future__ import annotations

from uuid import UUID

from ent_temoin import services
from ent_temoin.permissions import CONTROLER, ECRIRE, LIRE
from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.brique import BlueprintBrique, contexte_courant, exige, peut, session_courante

__all__ = ["pages"]

pages = BlueprintBrique("temoin", __name__)


@pages.get("/")
@exige(LIRE)
def accueil() -> str:
    session = session_courante()
    points = services.points(session) if peut(ECRIRE) else []
    return render_template(
        "temoin/accueil.html",
        dossiers=services.dossiers(session, contexte_courant()),
        suites=services.suites(session),
        points=points,
    )


@pages.post("/")
@exige(ECRIRE)
def ouvrir() -> Response | tuple[str, int]:
    eleve, motif = request.form.get("eleve", type=UUID), request.form.get("motif", "")
    if eleve is None or not motif:
        return render_template("temoin/accueil.html", dossiers=[], suites=[], points=[]), 422
    services.ouvrir(session_courante(), contexte_courant(), eleve, motif)
    return redirect(url_for(".accueil"))


@pages.post("/points")
@exige(ECRIRE)
def donner() -> Response | tuple[str, int]:
    eleve, valeur = request.form.get("eleve", type=UUID), request.form.get("valeur", "")
    if eleve is None or not valeur:
        return render_template("temoin/accueil.html", dossiers=[], suites=[], points=[]), 422
    services.donner(session_courante(), contexte_courant(), eleve, valeur)
    return redirect(url_for(".accueil"))


@pages.get("/journal")
@exige(CONTROLER)
def journal() -> str:
    return render_template("temoin/journal.html", passages=services.passages(session_courante()))
