"""Les statistiques publiées : les lire, les emporter. Aucune page ne compte quoi que ce soit."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, render_template

from ent_core.vie_privee.statistiques.exports import FORMATS, NON_COMMUNIQUE, exporter
from ent_core.vie_privee.statistiques.publication import ARRONDI, StatistiquePubliee, lister, ouvrir
from ent_core.web.admin.pages import de_l_academie, perimetre
from ent_core.web.routes import exige

__all__ = ["statistiques"]

statistiques = Blueprint("vie_privee_statistiques", __name__, url_prefix="/vie-privee/statistiques")
"""Pages des statistiques."""


def _publiee(identifiant: UUID) -> StatistiquePubliee:
    with perimetre("lire des statistiques publiées") as (session, uai):
        return ouvrir(session, identifiant, uai)


@statistiques.get("/", endpoint="liste")
@exige("noyau.statistiques")
def page_liste() -> str:
    with perimetre("lire des statistiques publiées") as (session, uai):
        publiees = lister(session, uai)
    return render_template("vie_privee/statistiques.html", publiees=publiees, academie=de_l_academie())


@statistiques.get("/<uuid:identifiant>")
@exige("noyau.statistiques")
def voir(identifiant: UUID) -> str:
    return render_template(
        "vie_privee/statistique.html",
        publiee=_publiee(identifiant),
        non_communique=NON_COMMUNIQUE,
        arrondi=ARRONDI,
    )


@statistiques.get("/<uuid:identifiant>/statistique.<any(csv,json):format_>")
@exige("noyau.statistiques")
def telecharger(identifiant: UUID, format_: str) -> Response:
    publiee = _publiee(identifiant)
    nom = f"{publiee.cle}-{publiee.periode.code}.{format_}"
    return Response(
        exporter(publiee, format_),
        mimetype=FORMATS[format_].partition(";")[0],
        headers={"Content-Disposition": f"attachment; filename={nom}"},
    )
