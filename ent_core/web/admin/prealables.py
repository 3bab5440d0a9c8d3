"""Les préalables d'une brique, à la page de l'établissement : attester ce qui est fait, revenir dessus."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from ent_core.web.admin import effets
from ent_core.web.admin.briques import page_de_la_brique
from ent_core.web.admin.pages import ReponsePage, administration, traiter
from ent_core.web.admin.saisies import SaisiePrealables
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import exige

__all__: list[str] = []


@administration.post("/briques/<brique>/prealables")
@exige("noyau.prealables")
def attester_prealables(brique: str) -> ReponsePage:
    effets.chargee(instance(), brique)

    def agir(saisie: dict[str, Any]) -> Response:
        ent, contexte = instance(), contexte_courant()
        prealables = ent.activation.prealables
        cles = [p.cle for p in prealables.de(brique)] if saisie["tout"] else saisie["cles"]
        faites = prealables.attester(
            session_courante(), ent.horloge, brique, contexte.uai, cles, par=contexte.personne_id
        )
        flash(_dit(len(faites)), "succes")
        return _a_la_page(brique)

    return traiter(SaisiePrealables(), agir, lambda erreurs: page_de_la_brique(brique, erreurs))


@administration.post("/briques/<brique>/prealables/retirer")
@exige("noyau.prealables")
def retirer_prealable(brique: str) -> Response:
    ent, contexte, cle = instance(), contexte_courant(), request.form.get("cle", "")
    effets.chargee(ent, brique)
    ent.activation.prealables.retirer(
        session_courante(), ent.horloge, brique, contexte.uai, [cle], par=contexte.personne_id
    )
    flash("L'attestation est retirée. La brique n'est plus servie tant qu'elle manque.", "info")
    return _a_la_page(brique)


def _a_la_page(brique: str) -> Response:
    return redirect(url_for("admin.brique", brique=brique, _anchor="prealables"))


def _dit(nombre: int) -> str:
    return "C'est attesté." if nombre < 2 else f"C'est attesté : {nombre} préalables."
