"""Les demandes écrites : les déposer, les lire, leur donner suite."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import (
    ErreurEnt,
    contexte_courant,
    exige,
    peut,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_carnet import libelles
from ent_carnet.permissions import INSTRUIRE, PUNIR, PUNITIONS
from ent_carnet.schemas.discipline import DemandeSaisie, SuiteSaisie
from ent_carnet.services import demandes
from ent_carnet.vues.choix_eleve import choisir
from ent_carnet.vues.discipline import onglets_discipline
from ent_carnet.vues.formulaires import lire, tenter
from ent_carnet.vues.pages import pages

__all__ = ["deposer_demande", "liste_des_demandes", "nouvelle_demande", "suivre_demande"]


@pages.get("/demandes")
@exige(PUNITIONS)
def liste_des_demandes() -> str:
    return _liste(None)


@pages.get("/demandes/nouvelle")
@exige(PUNIR)
def nouvelle_demande() -> str:
    return _formulaire({}, None)


@pages.post("/demandes/nouvelle")
@exige(PUNIR)
def deposer_demande() -> Response | tuple[str, int]:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    donnees, erreurs = lire(DemandeSaisie())
    if erreurs:
        return _formulaire(erreurs, None), 422
    eleve_id = donnees.pop("eleve")
    demandes.deposer(session, contexte, portee, eleve_id=eleve_id, **donnees)
    flash("La demande est déposée. La direction et le CPE la lisent dès maintenant.", "succes")
    return redirect(url_for(".liste_des_demandes"))


@pages.post("/demandes/<uuid:demande_id>/suite")
@exige(INSTRUIRE)
def suivre_demande(demande_id: UUID) -> Response | tuple[str, int]:
    session, contexte = session_courante(), contexte_courant()
    donnees, erreurs = lire(SuiteSaisie())
    if erreurs:
        return _liste(None), 422
    refus = tenter(lambda: demandes.suivre(session, contexte, demande_id, donnees["suite"]))
    if refus:
        return _liste(refus), 409
    return redirect(url_for(".liste_des_demandes"))


def _liste(refus: ErreurEnt | None) -> str:
    return render_template(
        "carnet/demandes/liste.html",
        onglets=onglets_discipline("liste_des_demandes"), refus=refus, libelles=libelles,
        demandes=demandes.lister(session_courante(), contexte_courant()),
        peut_demander=peut(PUNIR), peut_suivre=peut(INSTRUIRE),
    )  # fmt: skip


def _formulaire(erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    return render_template(
        "carnet/demandes/nouvelle.html",
        **choisir().champs, saisie=request.form, erreurs=erreurs, refus=refus, libelles=libelles,
    )  # fmt: skip
