"""Protéger les comptes d'un établissement : suspendre un profil, mettre des comptes en sécurité en nombre."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_PROFILS, Profil
from ent_core.identite import etablissements, suspensions
from ent_core.identite.modeles import Etablissement
from ent_core.identite.securisation import ApercuSecurite, Choix, apercu, mettre_en_securite_en_nombre
from ent_core.messages.securite import prevenir_de_la_securite
from ent_core.roles.locaux import exiger_administrateur, hors_de_portee
from ent_core.socle.erreurs import OperationRefusee
from ent_core.web.admin.pages import ReponsePage, administration, ecole, traiter
from ent_core.web.admin.saisies import SaisieSecurisation, SaisieSuspension
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
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
@exige(_PERMISSION)
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


def prevenir_les_titulaires(uai: str, personnes: Iterable[UUID]) -> None:
    """Prévient les personnes dont le compte vient d'être mis en sécurité.

    :param uai: établissement par lequel on les joint.
    :param personnes: titulaires.
    """
    requete().base.commit()
    with instance().base.ecole(uai, "prévenir d'une mise en sécurité") as session:
        prevenir_de_la_securite(session, personnes, "/compte/protection")


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
        fermees = mettre_en_securite_en_nombre(
            session, ent.horloge, ici, vus, confirmes=saisie["confirmes"], acteur=contexte.personne_id
        )
    prevenir_les_titulaires(ici, [personne for _, personne in vus.comptes])
    flash(f"{len(vus.comptes)} compte(s) en sécurité, {fermees} session(s) fermée(s).", "succes")
    return redirect(url_for("admin.codes", uai=ici))


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
            regle_le_facteur=instance().habilitations.autorise(contexte, "noyau.second_facteur"),
            erreurs=erreurs,
            refuse=formulaire,
            saisie=request.form,
        )
