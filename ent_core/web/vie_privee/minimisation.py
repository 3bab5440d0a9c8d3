"""La page de minimisation : ce que l'on recueille et que personne ne lit."""

from __future__ import annotations

import dataclasses
import json

from flask import Blueprint, Flask, Response, render_template

from ent_core.vie_privee.minimisation.observation import Observation
from ent_core.vie_privee.minimisation.rapport import Rapport, etablir
from ent_core.web.instance import Instance, instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import academie

__all__ = ["installer", "minimisation"]

minimisation = Blueprint("vie_privee_minimisation", __name__, url_prefix="/vie-privee/minimisation")
"""Pages de la minimisation."""


def installer(application: Flask, ent: Instance) -> None:
    """Observe les lectures des pages ; à brancher avant la requête, pour agir une fois qu'elle est finie.

    :param application: application Flask.
    :param ent: instance.
    """
    observation = Observation(ent.base, ent.horloge)

    def fin(_erreur: BaseException | None) -> None:
        observation.verser()

    application.teardown_request(fin)


@minimisation.get("/", endpoint="rapport")
@exige("noyau.registre")
def page_rapport() -> str:
    return render_template("vie_privee/minimisation.html", rapport=_rapport())


@minimisation.get("/rapport.json", endpoint="json")
@exige("noyau.registre")
def en_json() -> Response:
    contenu = json.dumps(dataclasses.asdict(_rapport()), ensure_ascii=False, default=str, indent=1)
    return Response(contenu, mimetype="application/json")


def _rapport() -> Rapport:
    with academie("minimisation : rapport") as session:
        return etablir(session, instance().registre, contexte_courant().jour)
