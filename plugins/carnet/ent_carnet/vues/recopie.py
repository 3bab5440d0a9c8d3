"""Recopier une feuille d'appel tenue sur papier : les appels qui manquent un jour, puis la feuille."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import (
    DonneeInvalide,
    Portee,
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import Ailleurs, Canal, NatureFait
from ent_carnet.permissions import APPEL
from ent_carnet.schemas.appel import constats
from ent_carnet.schemas.papier import Demande, champs_de_la_feuille
from ent_carnet.services.appel import attendus_de, attendus_du_jour
from ent_carnet.services.feuille import Page, ouvrir, page
from ent_carnet.services.saisie_appel import Saisie, changements_du_formulaire, enregistrer
from ent_carnet.vues.pages import pages

__all__ = ["enregistrer_recopie", "recopie", "recopier"]


@pages.get("/papier/recopie")
@exige(APPEL)
def recopie() -> str:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    jour = _demande()["jour"] or contexte.jour
    ecole = portee_courante() is Portee.ETABLISSEMENT
    if ecole:
        appels = attendus_du_jour(session, contexte.uai, jour, instant)
    else:
        appels = attendus_de(session, contexte, jour, instant)[1]
    return render_template(
        "carnet/papier/recopie.html",
        jour=jour,
        manquants=[appel for appel in appels if appel.manque],
        faits=sum(appel.appel is not None for appel in appels),
    )


@pages.get("/papier/recopie/<uuid:seance_id>")
@exige(APPEL)
def recopier(seance_id: UUID) -> str:
    return _feuille(_page(seance_id))


@pages.post("/papier/recopie/<uuid:seance_id>")
@exige(APPEL)
def enregistrer_recopie(seance_id: UUID) -> Response | tuple[str, int]:
    session, instant, rang = session_courante(), horloge_courante().maintenant(), _demande()["heure"] - 1
    montree = _page(seance_id)
    saisis = constats(champs_de_la_feuille(request.form), [ligne.eleve.id for ligne in montree.lignes])
    saisie = Saisie(changements_du_formulaire(montree, saisis), termine=True, canal=Canal.PAPIER)
    ecrit = enregistrer(session, contexte_courant(), portee_courante(), instant, (seance_id, rang), saisie)
    if ecrit.conflits:
        return _feuille(_page(seance_id), ecrit.conflits), 409
    if rang + 1 < len(montree.feuille.heures):
        flash("Cette heure est recopiée. Voici la suivante de la même séance.", "succes")
        return redirect(url_for(".recopier", seance_id=seance_id, heure=rang + 2))
    flash("La feuille est recopiée. Le papier peut être détruit.", "succes")
    return redirect(url_for(".recopie", jour=montree.feuille.heure.debut.date()))


def _page(seance_id: UUID) -> Page:
    session, contexte, rang = session_courante(), contexte_courant(), _demande()["heure"] - 1
    feuille = ouvrir(session, contexte, portee_courante(), seance_id, rang)
    return page(session, contexte, feuille, horloge_courante().maintenant())


def _feuille(montree: Page, conflits: tuple[UUID, ...] = ()) -> str:
    return render_template(
        "carnet/papier/recopier.html",
        page=montree,
        feuille=montree.feuille,
        conflits=set(conflits),
        etats=_ETATS,
    )


_ETATS = (
    ("present", "Présent"),
    (NatureFait.ABSENT.value, "Absent"),
    (NatureFait.RETARD.value, "En retard"),
    (NatureFait.DEPART.value, "Parti"),
    (NatureFait.EXCLU_ACCUEILLI.value, "Exclu, accueilli"),
    *(
        (f"{NatureFait.AILLEURS.value}:{lieu.value}", f"Ailleurs : {libelle}")
        for lieu, libelle in (
            (Ailleurs.INFIRMERIE, "infirmerie"),
            (Ailleurs.CDI, "CDI"),
            (Ailleurs.SORTIE, "sortie"),
            (Ailleurs.STAGE, "stage"),
            (Ailleurs.EXAMEN, "examen"),
            (Ailleurs.CONVOCATION, "convocation"),
            (Ailleurs.DISPENSE, "dispense"),
        )
    ),
)


def _demande() -> dict[str, Any]:
    try:
        lue: dict[str, Any] = Demande().load(request.args.to_dict())
    except ValidationError as refus:
        raise DonneeInvalide(
            "cette date ou cette heure n'est pas comprise.", remede="revenir à la liste des appels."
        ) from refus
    return lue
