"""Les pages d'information : accessibilité, données personnelles, aide, état du service, composants."""

from __future__ import annotations

from flask import render_template
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.routes import public

__all__: list[str] = []


@portail.get("/accessibilite")
@public("déclaration d'accessibilité, due à tous")
def accessibilite() -> str:
    return render_template("informations/accessibilite.html")


@portail.get("/donnees-personnelles")
@public("information sur les traitements, due avant toute connexion (ENT-15)")
def donnees_personnelles() -> str:
    ent = instance()
    traitements = sorted(ent.registre.traitements.values(), key=lambda t: t.cle)
    return render_template(
        "informations/donnees_personnelles.html", traitements=traitements, roles=LIBELLES_ROLES
    )


@portail.get("/aide")
@public("aide à la connexion")
def aide() -> str:
    return render_template("informations/aide.html")


@portail.get("/etat")
@public("état du service, sans donnée")
def etat() -> str:
    try:
        with instance().base.moteur.connect() as connexion:
            connexion.execute(text("select 1"))
        base = True
    except SQLAlchemyError:
        base = False
    return render_template("informations/etat.html", base=base)
