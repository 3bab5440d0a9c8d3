"""Les années scolaires et les périodes d'un établissement."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.identite import annees
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import libelle_annee
from ent_core.socle.erreurs import Introuvable
from ent_core.web.admin.pages import ReponsePage, administration, ecole, lendemain, traiter
from ent_core.web.admin.saisies import SaisieAnnee, SaisiePeriode
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__: list[str] = []


@administration.get("/etablissements/<uai>/annees", endpoint="annees")
@exige("noyau.annees")
def annees_etablissement(uai: str) -> str:
    return _page(uai, {})


@administration.post("/etablissements/<uai>/annees")
@exige("noyau.annees")
def definir_annee(uai: str) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> Response:
        with ecole("définir une année scolaire", uai) as (session, ici):
            dates = {"debut": saisie["debut"], "fin": lendemain(saisie["fin"])}
            acteur = contexte_courant().personne_id
            annees.definir_annee(session, instance().horloge, ici, saisie["annee"], **dates, acteur=acteur)
        return _revenir(ici, "L'année scolaire est enregistrée.")

    return traiter(SaisieAnnee(), agir, lambda erreurs: _page(uai, erreurs, "annee"))


@administration.post("/etablissements/<uai>/periodes")
@exige("noyau.annees")
def definir_periode(uai: str) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> Response:
        with ecole("définir une période", uai) as (session, ici):
            saisie["fin"] = lendemain(saisie["fin"])
            acteur = contexte_courant().personne_id
            annees.definir_periode(session, instance().horloge, ici, **saisie, acteur=acteur)
        return _revenir(ici, f"La période « {saisie['libelle']} » est enregistrée.")

    return traiter(SaisiePeriode(), agir, lambda erreurs: _page(uai, erreurs, "periode"))


@administration.post("/etablissements/<uai>/periodes/<int:annee>/<int:rang>/retirer")
@exige("noyau.annees")
def retirer_periode(uai: str, annee: int, rang: int) -> Response:
    with ecole("retirer une période", uai) as (session, ici):
        acteur = contexte_courant().personne_id
        annees.retirer_periode(session, instance().horloge, ici, annee, rang, acteur)
    return _revenir(ici, "La période est retirée.")


def _revenir(uai: str, texte: str) -> Response:
    flash(texte, "succes")
    return redirect(url_for("admin.annees", uai=uai))


def _page(uai: str, erreurs: dict[str, str], formulaire: str = "") -> str:
    contexte = contexte_courant()
    with ecole("années d'un établissement", uai) as (session, ici):
        fiche = session.get(Etablissement, ici)
        if fiche is None:
            raise Introuvable("cet établissement n'existe pas.", remede="le chercher dans la liste.")
        definies = annees.annees(session, ici)
        return render_template(
            "admin/annees.html",
            fiche=fiche,
            annees=definies,
            choix_annees=[(an.annee, libelle_annee(an.annee)) for an in definies],
            periodes=annees.periodes(session, ici),
            annee_en_cours=contexte.annee,
            erreurs=erreurs,
            formulaire_refuse=formulaire,
            saisie=request.form if erreurs else {},
            vers_fiche=instance().habilitations.autorise(contexte, "noyau.etablissements"),
        )
