"""Le registre des sanctions, sans nom, et le bilan de l'année pour le conseil d'administration."""

from __future__ import annotations

from ent_core.brique import (
    StatistiquePubliee,
    contexte_courant,
    exige,
    periodes_publiees,
    rendre_statistique,
    session_courante,
)
from flask import render_template, request

from ent_carnet import libelles
from ent_carnet.permissions import INSTRUIRE
from ent_carnet.services import registre
from ent_carnet.vues.discipline import onglets_discipline
from ent_carnet.vues.pages import pages

__all__ = ["registre_des_sanctions"]

_MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


@pages.get("/registre")
@exige(INSTRUIRE)
def registre_des_sanctions() -> str:
    session, contexte = session_courante(), contexte_courant()
    connues = registre.annees(session, contexte.uai)
    annee = request.args.get("annee", contexte.annee, type=int)
    lignes = registre.lire(session, contexte.uai, annee) if annee in connues else []
    return render_template(
        "carnet/sanctions/registre.html",
        onglets=onglets_discipline("registre_des_sanctions"), annee=annee, annees=connues, lignes=lignes,
        mois=_MOIS, libelles=libelles, bilans=_bilans(annee),
    )  # fmt: skip


def _bilans(annee: int) -> list[StatistiquePubliee]:
    session = session_courante()
    return [
        rendre_statistique(session, declaree.cle, str(annee))
        for declaree in (registre.BILAN_SANCTIONS, registre.BILAN_DEMANDES)
        if str(annee) in periodes_publiees(session, declaree.cle)
    ]
