"""Ce qui va être éliminé : le lire si l'on en est destinataire, le remettre en place si l'on en décide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from ent_core.chargement.conservation import PERMISSION
from ent_core.identite.modeles import Etablissement
from ent_core.socle.dates import jour_court
from ent_core.vie_privee.conservation import avis as avis_d_elimination
from ent_core.vie_privee.conservation.approbation import restaurer
from ent_core.web.admin.pages import ReponsePage, de_l_academie, perimetre, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.conservation_saisies import SaisieMotif
from ent_core.web.vie_privee.droits_communs import academie

__all__ = ["avis"]

avis = Blueprint("vie_privee_avis", __name__, url_prefix="/vie-privee/avis")
"""Pages des avis d'élimination."""


@avis.get("/", endpoint="liste")
@exige("noyau.avis")
def page_avis() -> str:
    """Ce qui va partir, et quand."""
    return _page({}, None)


@avis.post("/<uuid:plan_id>/<int:rang>", endpoint="restaurer")
@exige(PERMISSION)
def remettre(plan_id: UUID, rang: int) -> ReponsePage:
    """Remet en place une unité entière."""

    def agir(saisie: dict[str, Any]) -> Response:
        with academie("conservation : remettre en place") as session:
            jusqu_au = restaurer(
                session, instance().horloge, plan_id, rang, par=contexte_courant().personne_id,
                uai=None if de_l_academie() else contexte_courant().uai, **saisie,
            )  # fmt: skip
        flash(f"C'est remis en place. Aucun plan ne le reprendra avant le {jour_court(jusqu_au)}.", "succes")
        return redirect(url_for("vie_privee_avis.liste"), 303)

    return traiter(SaisieMotif(), agir, lambda erreurs: _page(erreurs, (plan_id, rang)))


def _page(erreurs: dict[str, str], ou: tuple[UUID, int] | None) -> str:
    contexte = contexte_courant()
    with perimetre("conservation : lire les avis") as (session, uai):
        lus = avis_d_elimination.reunir(session, uai, contexte.roles)
        uais = {a.uai for a in lus if a.uai}
        noms = select(Etablissement.uai, Etablissement.nom).where(Etablissement.uai.in_(uais))
        ecoles = {ici: nom for ici, nom in session.execute(noms)}
    titres = {cle: t.intitule for cle, t in instance().registre.traitements.items()}
    return render_template(
        "vie_privee/conservation_avis.html", avis=lus, ecoles=ecoles, titres=titres, erreurs=erreurs, ou=ou,
        decide=instance().habilitations.portee(contexte, PERMISSION) is not None,
        saisie=request.form if erreurs else {},
    )  # fmt: skip
