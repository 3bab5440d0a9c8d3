"""Les pages d'information : accessibilité, données personnelles, aide, état du service, composants."""

from __future__ import annotations

from flask import render_template, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Profil
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.publication.notices import Lecteurs
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import public
from ent_core.web.vie_privee.registre import publication

__all__: list[str] = []


@portail.get("/accessibilite")
@public("déclaration d'accessibilité, due à tous")
def accessibilite() -> str:
    return render_template("informations/accessibilite.html")


@portail.get("/donnees-personnelles")
@portail.get("/donnees-personnelles/<brique>", endpoint="donnees_d_une_brique")
@public("information sur les traitements, due avant toute connexion (ENT-15)")
def donnees_personnelles(brique: str = "") -> str:
    contexte = requete().contexte
    lecteurs = _lecteurs(contexte)
    redacteur, session = publication(), session_courante()
    jour = instance().horloge.aujourd_hui()
    publie = redacteur.registre_de(session, (contexte.uai or None) if contexte else None, jour)
    notice = redacteur.notice(publie, session, lecteurs)
    if brique and brique not in {b.brique for b in notice.briques}:
        raise Introuvable("cette brique n'est pas ouverte ici.", remede="revenir à toutes les briques.")
    return render_template("vie_privee/notice.html", notice=notice, brique=brique, jour=jour)


def _lecteurs(contexte: Contexte | None) -> Lecteurs:
    """Ce que l'adresse demande ; sinon, d'après le profil en vigueur."""
    demande = request.args.get("pour", "")
    if demande in set(Lecteurs):
        return Lecteurs(demande)
    familles = (Profil.ELEVE, Profil.RESPONSABLE)
    if contexte is None or contexte.profil in familles:
        return Lecteurs.FAMILLES
    return Lecteurs.PERSONNELS


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
