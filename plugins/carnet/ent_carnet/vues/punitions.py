"""Les pages des punitions : la liste, donner, lire, corriger, annuler."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import (
    ErreurEnt,
    Portee,
    contexte_courant,
    exige,
    heure,
    horloge_courante,
    nommer,
    peut,
    portee_courante,
    seance,
    seances_enseignees,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_carnet import libelles
from ent_carnet.nomenclatures import NaturePunition
from ent_carnet.permissions import PUNIR, PUNITIONS
from ent_carnet.schemas.discipline import FiltrePunitions, PunitionCorrigee, PunitionSaisie
from ent_carnet.services import punitions, retenues
from ent_carnet.vues.choix_eleve import choisir
from ent_carnet.vues.discipline import onglets_discipline
from ent_carnet.vues.formulaires import filtres, lire, tenter
from ent_carnet.vues.pages import pages

__all__ = ["annuler_punition", "corriger_punition", "donner_punition", "liste_des_punitions", "punition"]


@pages.get("/punitions")
@exige(PUNITIONS)
def liste_des_punitions() -> str:
    choix = filtres(FiltrePunitions())
    nature: NaturePunition | None = choix["nature"]
    lues = punitions.lister(
        session_courante(), contexte_courant(), portee_courante(), du=choix["du"], nature=nature or ""
    )
    return render_template(
        "carnet/punitions/liste.html",
        onglets=onglets_discipline("liste_des_punitions"), punitions=lues, nature=nature, du=choix["du"],
        semaine=contexte_courant().jour - timedelta(days=7), libelles=libelles, peut_punir=peut(PUNIR),
    )  # fmt: skip


@pages.get("/punitions/nouvelle")
@exige(PUNIR)
def nouvelle_punition() -> str:
    return _formulaire({}, None)


@pages.post("/punitions/nouvelle")
@exige(PUNIR)
def donner_punition() -> Response | tuple[str, int]:
    schema = PunitionSaisie()
    donnees, erreurs = lire(schema)
    refus = None
    if not erreurs:
        session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
        saisie, portee = schema.saisie(donnees), portee_courante()
        refus = tenter(lambda: punitions.donner(session, contexte, portee, saisie, instant))
    if erreurs or refus:
        return _formulaire(erreurs, refus), 422
    flash("La punition est donnée. La famille la lira après votre délai de correction.", "succes")
    return redirect(url_for(".liste_des_punitions"))


@pages.get("/punitions/<uuid:punition_id>")
@exige(PUNITIONS)
def punition(punition_id: UUID) -> str:
    return _page(punition_id, {}, None)


@pages.post("/punitions/<uuid:punition_id>/corriger")
@exige(PUNIR)
def corriger_punition(punition_id: UUID) -> Response | tuple[str, int]:
    schema = PunitionCorrigee()
    donnees, erreurs = lire(schema)
    refus = None
    if not erreurs:
        session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
        saisie, portee = schema.saisie(donnees), portee_courante()
        refus = tenter(lambda: punitions.corriger(session, contexte, portee, punition_id, saisie, instant))
    if erreurs or refus:
        return _page(punition_id, erreurs, refus), 422
    flash("La punition est corrigée.", "succes")
    return redirect(url_for(".punition", punition_id=punition_id))


@pages.post("/punitions/<uuid:punition_id>/annuler")
@exige(PUNIR)
def annuler_punition(punition_id: UUID) -> Response | tuple[str, int]:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    portee = portee_courante()
    refus = tenter(lambda: punitions.annuler(session, contexte, portee, punition_id, instant))
    if refus:
        return _page(punition_id, {}, refus), 409
    flash("La punition est annulée. La famille ne la voit plus.", "succes")
    return redirect(url_for(".punition", punition_id=punition_id))


def _formulaire(erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    choix = choisir()
    return render_template(
        "carnet/punitions/nouvelle.html",
        **choix.champs,
        seances=_seances(choix.eleve_id is not None), saisie=request.form, erreurs=erreurs, refus=refus,
        libelles=libelles, jour=contexte_courant().jour,
    )  # fmt: skip


def _seances(utile: bool) -> list[tuple[UUID, str]]:
    """Séances de l'auteur, ce jour : une exclusion de cours s'y rattache."""
    if not utile:
        return []
    contexte = contexte_courant()
    siennes = seances_enseignees(
        session_courante(), contexte.uai, contexte.annee, contexte.personne_id, contexte.jour
    )
    return [(une.id, f"{heure(une.debut)}, {une.matiere}, {une.structure}") for une in siennes]


def _page(punition_id: UUID, erreurs: dict[str, str], refus: ErreurEnt | None) -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    lue = punitions.trouver(session, contexte, portee, punition_id)
    suites = retenues.de_la_punition(session, punition_id, contexte)
    qui = [lue.eleve_id, lue.auteur_id, *(r.surveille_par for r in suites)]
    instant = horloge_courante().maintenant()
    peut_agir = peut(PUNIR)
    champs: dict[str, Any] = {
        "nature": lue.nature, "motif": lue.motif, "jour": lue.jour, "circonstances": lue.circonstances or "",
        "travail": lue.travail or "", "seance": lue.seance_id or "", "accueil": lue.accueil or "",
    }  # fmt: skip
    return render_template(
        "carnet/punitions/punition.html",
        punition=lue, retenues=suites, noms=nommer(session, [un for un in qui if un]),
        seance=seance(session, contexte.uai, contexte.annee, lue.seance_id) if lue.seance_id else None,
        corrigeable=peut_agir and punitions.peut_corriger(session, contexte, portee, lue, instant),
        peut_agir=peut_agir, sienne=lue.auteur_id == contexte.personne_id or portee is Portee.ETABLISSEMENT,
        saisie=request.form or champs, erreurs=erreurs, refus=refus, libelles=libelles, jour=contexte.jour,
    )  # fmt: skip
