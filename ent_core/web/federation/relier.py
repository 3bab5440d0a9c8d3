"""Relier son compte, une fois, à l'identité qu'un fournisseur vient de prouver."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.federation.attentes import attendue
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.porte import relier
from ent_core.federation.rapprochement import ecole_nommee
from ent_core.identite.connexion import Refus
from ent_core.web.federation.plans import EN_ATTENTE, entree, oublier
from ent_core.web.federation.refus_d_entree import code_d_attente, refuser_l_entree
from ent_core.web.instance import instance
from ent_core.web.portail.acces import accueillir, origine
from ent_core.web.portail.avis import prevenir_d_un_appareil
from ent_core.web.requete import session_courante
from ent_core.web.routes import public

__all__: list[str] = []


@entree.get("/relier")
@public("relier son compte, une fois, à l'identité qu'un fournisseur vient de prouver")
def preuve() -> str | Response:
    return _page_relier()


@entree.post("/relier")
@public("relier son compte, une fois, à l'identité qu'un fournisseur vient de prouver")
def relier_compte() -> str | Response:
    ent, f = instance(), request.form
    session_courante().commit()
    jeton, identifiant = request.cookies.get(EN_ATTENTE, ""), f.get("identifiant", "")
    try:
        resultat = relier(
            ent.base, ent.horloge, ent.coffre, jeton, identifiant, f.get("mot_de_passe", ""), origine()
        )
    except EntreeRefusee as refus:
        return oublier(refuser_l_entree("", refus, None), EN_ATTENTE)
    if isinstance(resultat, Refus):
        page = _page_relier(identifiant, resultat.message)
        return page if not isinstance(page, str) else make_response(page, 429 if resultat.attente else 401)
    prevenir_d_un_appareil(resultat.ouverture)
    flash("Votre compte est relié : la prochaine fois, vous entrerez directement.", "succes") if (
        resultat.liee
    ) else flash("Vous avez un second facteur : le lien se fera à votre prochaine entrée.", "info")
    return oublier(accueillir(resultat.ouverture, f.get("suite", "")), EN_ATTENTE)


def _page_relier(identifiant: str = "", erreur: str = "") -> str | Response:
    jeton = request.cookies.get(EN_ATTENTE, "")
    evenement = attendue(session_courante(), instance().horloge, jeton)
    if evenement is None:
        return redirect(url_for("ent.connexion"))
    ecole = ecole_nommee(session_courante(), evenement.attributs.uais)
    return render_template(
        "federation/relier.html",
        fournisseur=instance().entrees.client(evenement.fournisseur).fournisseur.nom,
        ecole=ecole[1] if ecole else "",
        code=code_d_attente(jeton),
        identifiant=identifiant,
        erreur=erreur,
        suite=request.values.get("suite", ""),
    )
