"""Le GAR d'un établissement : ouvrir ou fermer l'envoi, ce qui est parti ou non, qui affecte."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from marshmallow import fields, validate
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.uai import UAI, UAI_ATTENDU
from ent_core.federation.gar import suivi
from ent_core.federation.gar.anomalies import ECARTE, LIBELLES, PLAFOND, REMEDES
from ent_core.federation.gar.lectures import AFFECTATION, FenetreGar
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import Introuvable
from ent_core.web.admin.pages import administration, de_l_academie, ecole, lire, lire_boutons, perimetre
from ent_core.web.admin.saisies import Saisie
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__: list[str] = []

_PAR_PAGE = 50
_FICHIERS = {
    "Eleve": "Élèves",
    "Enseignant": "Personnels",
    "Etab": "Établissement",
    "Groupe": "Classes et groupes",
    "RespAff": "Affectation des ressources",
}


class SaisieGar(Saisie):
    """Choisir un établissement, ou une page de la liste."""

    uai = fields.String(load_default=None, validate=validate.Regexp(UAI, error=UAI_ATTENDU))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 1000))


class SaisieDecisionGar(SaisieGar):
    """Ouvrir ou fermer l'envoi."""

    ouvert = fields.Boolean(required=True)


@administration.get("/gar", endpoint="gar")
@exige("noyau.gar")
def page_du_gar() -> str:
    filtre = lire(SaisieGar())
    if de_l_academie() and filtre["uai"] is None:
        return _liste(filtre["page"])
    with ecole("GAR d'un établissement", filtre["uai"]) as (session, uai):
        return _page(session, uai)


@administration.post("/gar/decision")
@exige("noyau.gar", reauthentification=True)
def decider_du_gar() -> Response:
    saisie, acteur = lire_boutons(SaisieDecisionGar()), contexte_courant().personne_id
    with ecole("GAR : ouvrir ou fermer", saisie["uai"]) as (session, uai):
        suivi.decider(session, instance().horloge, uai, ouvert=saisie["ouvert"], acteur=acteur)
    if saisie["ouvert"]:
        flash("L'envoi est ouvert. Le prochain portera cet établissement.", "succes")
    else:
        flash("L'envoi est fermé. Au prochain, le GAR oubliera les personnes de cet établissement.", "info")
    return _a_la_page(uai)


@administration.post("/gar/baisse")
@exige("noyau.gar", reauthentification=True)
def confirmer_la_baisse() -> Response:
    saisie, acteur = lire_boutons(SaisieGar()), contexte_courant().personne_id
    with ecole("GAR : confirmer une baisse", saisie["uai"]) as (session, uai):
        suivi.accepter_la_baisse(session, instance().horloge, uai, acteur=acteur)
    flash("La baisse est confirmée. Le prochain envoi partira.", "succes")
    return _a_la_page(uai)


def _liste(page: int) -> str:
    with perimetre("GAR de l'académie") as (session, _):
        lignes = suivi.etats(session, limite=_PAR_PAGE, page=page)
        return render_template(
            "admin/gar_academie.html",
            lignes=lignes[:_PAR_PAGE],
            rang=(page - 1) * _PAR_PAGE,
            page=page,
            suite=len(lignes) > _PAR_PAGE,
            accroche=bool(instance().configuration.gar.id_ent),
        )


def _page(session: Session, uai: str) -> str:
    fiche, contexte = session.get(Etablissement, uai), contexte_courant()
    if fiche is None:
        raise Introuvable("cet établissement n'existe pas.", remede="le chercher dans la liste.")
    return render_template(
        "admin/gar.html",
        fiche=fiche,
        etat=suivi.etat_de(session, uai),
        affectent=suivi.affectent(session, FenetreGar(contexte.jour, contexte.annee, (uai,))),
        anomalies=[_dite(a) for a in suivi.anomalies(session, uai)],
        plafond=PLAFOND,
        academie=de_l_academie(),
        accroche=bool(instance().configuration.gar.id_ent),
        delegue=instance().habilitations.autorise(contexte, "noyau.delegations"),
        permission=instance().permissions[AFFECTATION].libelle,
    )


def _dite(anomalie: suivi.AnomalieLue) -> dict[str, Any]:
    return {
        "fichier": _FICHIERS[anomalie.fichier],
        "motif": LIBELLES[anomalie.motif],
        "remede": REMEDES[anomalie.motif],
        "ecarte": anomalie.motif in ECARTE,
        "qui": anomalie.personne or anomalie.cle,
        "personne_id": anomalie.personne_id,
    }


def _a_la_page(uai: str) -> Response:
    return redirect(url_for("admin.gar", uai=uai if de_l_academie() else None))
