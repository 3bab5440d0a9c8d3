"""Les pages de l'appel : la feuille de l'heure en cours, sans un clic, et les appels de la journée."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import (
    Contexte,
    EntreeMenu,
    Portee,
    Vignette,
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from marshmallow import EXCLUDE, ValidationError
from sqlalchemy.orm import Session
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import NatureFait
from ent_carnet.permissions import APPEL
from ent_carnet.schemas.appel import ChoixDuJour, ChoixHeure, constats
from ent_carnet.services.appel import (
    attendus_de,
    attendus_du_jour,
    remplacables,
    seance_a_ouvrir,
    vignette,
)
from ent_carnet.services.feuille import Page, ouvrir, page
from ent_carnet.services.saisie_appel import Saisie, changements_du_formulaire, enregistrer
from ent_carnet.vues.pages import pages

__all__ = ["MENU", "appel", "appels_du_jour", "enregistrer_appel", "feuille_d_appel", "vignettes"]

_UN_JOUR = timedelta(days=1)
MENU = (EntreeMenu("carnet.appel", "Appel", APPEL, ordre=100, icone="appel", section=("carnet.recopie",)),)


def vignettes(session: Session, contexte: Contexte, instant: datetime) -> Sequence[Vignette]:
    """« Appel à faire », sur l'accueil de qui enseigne.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param instant: maintenant.
    """
    montree = vignette(session, contexte, instant)
    return () if montree is None else (montree,)


@pages.get("/appel")
@exige(APPEL)
def appel() -> str | Response:
    if portee_courante() is Portee.ETABLISSEMENT:
        return redirect(url_for(".appels_du_jour"))
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    delais, miens = attendus_de(session, contexte, contexte.jour, instant)
    cible = seance_a_ouvrir(delais, miens, instant)
    return appels_du_jour() if cible is None else _feuille(_page(*cible, instant))


@pages.get("/appel/jour")
@exige(APPEL)
def appels_du_jour() -> str:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    jour = _lu(ChoixDuJour())["jour"] or contexte.jour
    ecole, aujourd_hui = portee_courante() is Portee.ETABLISSEMENT, jour == contexte.jour
    if ecole:
        attendus, autres = attendus_du_jour(session, contexte.uai, jour, instant, nombres=True), []
    else:
        attendus = attendus_de(session, contexte, jour, instant, nombres=True)[1]
        autres = remplacables(session, contexte, jour, instant, attendus) if aujourd_hui else []
    return render_template(
        "carnet/appel/jour.html",
        jour=jour,
        veille=jour - _UN_JOUR,
        lendemain=jour + _UN_JOUR,
        attendus=attendus,
        autres=autres,
        ecole=ecole,
        N=NatureFait,
    )


@pages.get("/appel/<uuid:seance_id>")
@exige(APPEL)
def feuille_d_appel(seance_id: UUID) -> str:
    rang = _lu(ChoixHeure())["heure"] - 1
    return _feuille(_page(seance_id, rang, horloge_courante().maintenant()))


@pages.post("/appel/<uuid:seance_id>")
@exige(APPEL)
def enregistrer_appel(seance_id: UUID) -> Response | str:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    rang = _lu(ChoixHeure())["heure"] - 1
    montree = _page(seance_id, rang, instant)
    saisis = constats(request.form, [ligne.eleve.id for ligne in montree.lignes])
    saisie = Saisie(changements_du_formulaire(montree, saisis), termine=True)
    ecrit = enregistrer(session, contexte, portee_courante(), instant, (seance_id, rang), saisie)
    if ecrit.conflits:  # le reste est écrit : la page le montre, avec ce qui ne l'est pas
        return _feuille(_page(seance_id, rang, instant), ecrit.conflits)
    flash("L'appel est enregistré. Vous pouvez encore le corriger ici.", "succes")
    return redirect(url_for(".feuille_d_appel", seance_id=seance_id, heure=rang + 1 if rang else None))


def _page(seance_id: UUID, rang: int, instant: datetime) -> Page:
    session, contexte = session_courante(), contexte_courant()
    return page(session, contexte, ouvrir(session, contexte, portee_courante(), seance_id, rang), instant)


def _feuille(montree: Page, conflits: Sequence[UUID] = ()) -> str:
    return render_template(
        "carnet/appel/feuille.html",
        page=montree,
        feuille=montree.feuille,
        conflits=set(conflits),
        moi=contexte_courant().personne_id,
        maintenant=horloge_courante().maintenant(),
        ecole=portee_courante() is Portee.ETABLISSEMENT,
    )


def _lu(schema: ChoixDuJour | ChoixHeure) -> dict[str, Any]:
    try:
        lu: dict[str, Any] = schema.load(request.args.to_dict(), unknown=EXCLUDE)
    except ValidationError as refus:
        raise NotFound from refus
    return lu
