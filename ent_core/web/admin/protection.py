"""Protéger les comptes d'un établissement : suspendre un profil, mettre des comptes en sécurité en nombre."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_PROFILS, Profil
from ent_core.identite import codes_enfants, etablissements, mises_en_securite, suspensions
from ent_core.identite.modeles import Etablissement
from ent_core.identite.securisation import ApercuSecurite, Choix, apercu
from ent_core.messages.securite import prevenir_d_un_nouveau_code
from ent_core.roles.locaux import exiger_administrateur, hors_de_portee
from ent_core.socle.erreurs import OperationRefusee
from ent_core.web.admin.pages import ReponsePage, administration, ecole, traiter
from ent_core.web.admin.saisies import SaisieSecurisation, SaisieSuspension
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete, session_courante
from ent_core.web.routes import exige

__all__ = ["prevenir_les_titulaires"]

_PERMISSION = "noyau.comptes"


@administration.get("/comptes", endpoint="protection")
@exige(_PERMISSION)
def page_protection() -> str:
    return _page(request.args.get("uai"), {})


@administration.post("/comptes/suspendre")
@exige(_PERMISSION, reauthentification=True)
def suspendre_profil() -> ReponsePage:
    return traiter(SaisieSuspension(), _suspendre, lambda e: _page(request.form.get("uai"), e, "suspension"))


@administration.post("/comptes/<uai>/<profil>/rouvrir")
@exige(_PERMISSION, reauthentification=True)
def rouvrir_profil(uai: str, profil: str) -> Response:
    with ecole("rouvrir un profil", uai) as (session, ici):
        acteur = contexte_courant().personne_id
        suspensions.rouvrir_profil(session, instance().horloge, ici, profil, acteur=acteur)
    flash(f"La connexion est rouverte : {LIBELLES_PROFILS.get(profil, profil)}.", "succes")
    return redirect(url_for("admin.protection", uai=uai))


@administration.post("/comptes/securite")
@exige(_PERMISSION, reauthentification=True)
def securiser() -> ReponsePage:
    """Sans nombre annoncé, montre l'aperçu ; avec lui, agit."""
    return traiter(SaisieSecurisation(), _securiser, lambda e: _page(request.form.get("uai"), e, "securite"))


@administration.post("/comptes/codes-responsables")
@exige("noyau.codes_responsables", reauthentification=True)
def regler_codes_responsables() -> Response:
    """Le chef permet, ou non, aux responsables de donner un nouveau code à leurs enfants."""
    contexte, permis = contexte_courant(), request.form.get("permis") == "1"
    codes_enfants.regler(
        session_courante(), instance().horloge, contexte.uai, permis=permis, acteur=contexte.personne_id
    )
    flash("C'est gardé.", "succes")
    return redirect(url_for("admin.protection", uai=contexte.uai), 303)


def prevenir_les_titulaires(uai: str, personnes: Iterable[UUID]) -> None:
    """Prévient les personnes dont le compte vient d'être mis en sécurité.

    :param uai: établissement par lequel on les joint.
    :param personnes: titulaires.
    """
    requete().base.commit()
    with instance().base.ecole(uai, "prévenir d'une mise en sécurité") as session:
        prevenir_d_un_nouveau_code(session, personnes)


def _suspendre(saisie: dict[str, Any]) -> ReponsePage:
    contexte, profil = contexte_courant(), saisie["profil"].value
    exiger_administrateur(contexte)
    with ecole("suspendre un profil", saisie["uai"]) as (session, ici):
        if (ici, profil) == (contexte.uai, contexte.profil):
            raise OperationRefusee(
                "ce profil est le vôtre : vous ne pourriez plus le rouvrir.",
                remede="le demander à l'administrateur de l'académie.",
            )
        suspensions.suspendre_profil(
            session, instance().horloge, ici, profil, motif=saisie["motif"], acteur=contexte.personne_id
        )
    flash(
        f"La connexion est suspendue : {LIBELLES_PROFILS[profil]}. C'est effectif dès maintenant.", "succes"
    )
    return redirect(url_for("admin.protection", uai=ici))


def _securiser(saisie: dict[str, Any]) -> ReponsePage:
    contexte, ent = contexte_courant(), instance()
    choix = Choix(saisie["division"], saisie["profil"], tuple(saisie["identifiants"].split()))
    requete().base.commit()
    with ent.base.academie("vérifier les droits des comptes avant d'agir") as academie:
        sauf = hors_de_portee(academie, contexte, contexte.jour) | {contexte.personne_id}
    with ecole("mettre des comptes en sécurité", saisie["uai"]) as (session, ici):
        vus = apercu(session, ici, choix, contexte.jour, sauf=sauf)
        if saisie["confirmes"] is None:
            return _apercu(session, ici, vus)
        acteur = contexte.personne_id
        lot = mises_en_securite.demander(
            session, ent.horloge, ici, vus, confirmes=saisie["confirmes"], acteur=acteur
        )
        mises_en_securite.lancer(session, ici, lot, acteur)
    return redirect(url_for("admin.mise_en_securite", uai=ici, lot=lot), 303)


def _apercu(session: Session, uai: str, vus: ApercuSecurite) -> str:
    return render_template(
        "admin/securite_apercu.html",
        etablissement=session.get_one(Etablissement, uai),
        vus=vus,
        saisie=request.form,
    )


def _page(uai: str | None, erreurs: dict[str, str], formulaire: str = "") -> str:
    contexte = contexte_courant()
    with ecole("protéger les comptes", uai or None) as (session, ici):
        return render_template(
            "admin/protection.html",
            etablissement=session.get_one(Etablissement, ici),
            suspensions=suspensions.en_vigueur(session, ici),
            divisions_choix=[
                (d.id, d.libelle) for d in etablissements.divisions(session, ici, contexte.annee)
            ],
            profils=[(p.value, LIBELLES_PROFILS[p]) for p in Profil if p is not Profil.ACADEMIE],
            libelles=LIBELLES_PROFILS,
            motifs=suspensions.MOTIFS,
            recentes=mises_en_securite.recentes(session, ici),
            codes_responsables=codes_enfants.ouvert(session, ici),
            regle_les_codes=instance().habilitations.autorise(contexte, "noyau.codes_responsables"),
            regle_le_facteur=instance().habilitations.autorise(contexte, "noyau.second_facteur"),
            erreurs=erreurs,
            refuse=formulaire,
            saisie=request.form,
        )
