"""Les briques : ce qui est ouvert, où, par quelle décision ; ouvrir, fermer, annuler."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.chargement import historique
from ent_core.chargement.modeles import Bascule
from ent_core.chargement.prealables import EtatPrealable
from ent_core.contrat.manifeste import Manifeste
from ent_core.identite import etablissements
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import AccesRefuse, Introuvable
from ent_core.web.admin import effets
from ent_core.web.admin.pages import (
    Intervalle,
    ReponsePage,
    administration,
    de_l_academie,
    lendemain,
    perimetre,
)
from ent_core.web.admin.saisies import SaisieBascule, messages
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__ = ["basculer", "page_de_la_brique", "retirer"]

_ECOLES_MONTREES = 120


@administration.get("/briques", endpoint="briques")
@exige("noyau.briques")
def liste_briques() -> str:
    contexte = contexte_courant()
    with perimetre("état des briques") as (session, uai):
        vise = uai or request.args.get("uai", "")
        activation, ecole = instance().activation, session.get(Etablissement, vise) if vise else None
        decisions = activation.decisions(session, vise, contexte.jour)
        en_attente = activation.etat(session, vise, contexte.jour).en_attente if ecole else frozenset()
        return render_template(
            "admin/briques.html",
            briques=effets.briques_affichees(instance(), decisions, en_attente, ecole.degre if ecole else 0),
            a_part=historique.ouvertes_a_part(session, contexte.jour) if not vise else {},
            non_chargees=effets.non_chargees(instance()),
            etablissement=ecole,
            ecoles=etablissements.tous(session) if uai is None else [],
        )


@administration.get("/briques/<brique>")
@exige("noyau.briques")
def brique(brique: str) -> str:
    return page_de_la_brique(brique, {})


@administration.get("/briques/<brique>/basculer")
@exige("noyau.briques")
def verifier_bascule(brique: str) -> ReponsePage:
    chargee = effets.chargee(instance(), brique)
    try:
        saisie = _saisie()
    except ValidationError as erreur:
        return page_de_la_brique(brique, messages(erreur)), 422
    with perimetre("vérifier une bascule") as (session, uai):
        return render_template(
            "admin/bascule.html",
            brique=chargee.manifeste,
            saisie=saisie,
            dates=Intervalle(saisie["debut"] or contexte_courant().jour, lendemain(saisie["fin"])),
            ecoles=[session.get_one(Etablissement, uai) for uai in saisie["etablissements"]],
            prealables=_prealables(session, brique, uai),
            effets=effets.effets(instance(), chargee),
        )


@administration.post("/briques/<brique>/basculer")
@exige("noyau.briques")
def poser_bascule(brique: str) -> ReponsePage:
    effets.chargee(instance(), brique)
    try:
        saisie = _saisie()
    except ValidationError as erreur:
        return page_de_la_brique(brique, messages(erreur)), 422
    with perimetre("ouvrir ou fermer une brique") as (session, _):
        saisie["fin"] = lendemain(saisie["fin"])
        posees = basculer(session, brique, saisie, origine="page")
    return redirect(url_for("admin.brique", brique=brique, fait=",".join(str(b.id) for b in posees)))


@administration.post("/briques/<brique>/annuler")
@exige("noyau.briques")
def annuler_bascules(brique: str) -> Response:
    with perimetre("annuler une décision sur une brique") as (session, uai):
        retirer(session, brique, _identifiants(request.form.get("bascules", "")), uai)
    return redirect(url_for("admin.brique", brique=brique, annule=1))


def basculer(session: Session, brique: str, saisie: dict[str, Any], *, origine: str) -> list[Bascule]:
    """Pose une décision par établissement visé, ou une pour toute l'académie.

    :param session: session de l'établissement, ou de l'académie.
    :param brique: identifiant de brique.
    :param saisie: valeurs de ``SaisieBascule``, fin exclue.
    :param origine: ``page`` ou ``api``.
    :raises AccesRefuse: établissement hors de portée.
    """
    contexte, ent = contexte_courant(), instance()
    visees: list[str | None] = list(saisie["etablissements"]) or ([None] if de_l_academie() else [])
    if not de_l_academie():
        if set(visees) - {contexte.uai}:
            raise AccesRefuse(
                "vous ne réglez que votre établissement.",
                remede="le demander à l'administrateur de l'académie.",
            )
        visees = [contexte.uai]
    return [
        ent.activation.basculer(
            session,
            ent.horloge,
            brique,
            uai=uai,
            ouverte=saisie["ouverte"],
            debut=saisie["debut"],
            fin=saisie["fin"],
            origine=origine,
            par=contexte.personne_id,
        )
        for uai in visees
    ]


def retirer(session: Session, brique: str, identifiants: list[UUID], uai: str | None) -> None:
    """Annule des décisions : celles d'avant reprennent effet.

    :param session: session de l'établissement, ou de l'académie.
    :param brique: identifiant de brique.
    :param identifiants: décisions de cette brique.
    :param uai: établissement d'où l'on agit ; ``None`` pour l'académie.
    :raises Introuvable: une décision n'est pas de cette brique, ou pas d'ici.
    """
    trouvees = historique.lire_plusieurs(session, identifiants)
    if not trouvees or any(b.brique != brique or uai not in (None, b.uai) for b in trouvees):
        raise Introuvable(
            "cette décision n'est pas la vôtre, ou n'est plus en place.", remede="rafraîchir la page."
        )
    for bascule in trouvees:
        acteur = contexte_courant().personne_id
        instance().activation.retirer(session, instance().horloge, bascule.id, acteur)


def _saisie() -> dict[str, Any]:
    """Décision demandée, par l'adresse (vérifier) ou le formulaire (poser) : les mêmes champs."""
    source = request.form if request.method == "POST" else request.args
    saisie: dict[str, Any] = SaisieBascule().load(source)
    choisies = source.get("pour", "academie") == "ecoles"
    if not de_l_academie():
        saisie["etablissements"] = [contexte_courant().uai]
    elif not choisies:
        saisie["etablissements"] = []
    elif not saisie["etablissements"]:
        raise ValidationError(
            "Cochez au moins un établissement, ou choisissez toute l'académie.", "etablissements"
        )
    return saisie


def page_de_la_brique(identifiant: str, erreurs: dict[str, str]) -> str:
    """Page d'une brique : son état, ses préalables dans l'établissement, ses décisions.

    :param identifiant: brique chargée.
    :param erreurs: ce qui ne va pas dans la saisie qu'elle reçoit.
    :raises Introuvable: elle n'est pas chargée.
    """
    ent, contexte = instance(), contexte_courant()
    chargee = effets.chargee(ent, identifiant)
    with perimetre("réglage d'une brique") as (session, uai):
        decision = ent.activation.decisions(session, uai or "", contexte.jour).get(identifiant)
        texte = request.args.get("q", "")
        ecoles = _a_cocher(session, chargee.manifeste, texte) if uai is None else []
        degre = session.get_one(Etablissement, uai).degre if uai else 0
        return render_template(
            "admin/brique.html",
            brique=effets.brique_affichee(ent, chargee, decision, contexte.en_attente if uai else (), degre),
            academie=uai is None,
            prealables=_prealables(session, identifiant, uai),
            peut_attester=ent.habilitations.autorise(contexte, "noyau.prealables"),
            ecoles=ecoles[:_ECOLES_MONTREES],
            ecoles_en_plus=len(ecoles) > _ECOLES_MONTREES,
            texte=texte,
            cochees=request.args.getlist("etablissements"),
            histoire=historique.lire(session, identifiant, uai),
            fait=historique.lire_plusieurs(session, _identifiants(request.args.get("fait", ""))),
            erreurs=erreurs,
            saisie=request.args,
        )


def _a_cocher(session: Session, manifeste: Manifeste, texte: str) -> list[Etablissement]:
    """Établissements où la brique peut s'ouvrir."""
    seul = next(iter(manifeste.degres)) if len(manifeste.degres) == 1 else None
    return etablissements.lister(session, texte, degre=seul, limite=_ECOLES_MONTREES)


def _prealables(session: Session, brique: str, uai: str | None) -> list[EtatPrealable]:
    """Préalables d'un établissement ; pour toute l'académie, ceux que chacun devra attester."""
    prealables = instance().activation.prealables
    return (
        prealables.etats(session, brique, uai) if uai else [EtatPrealable(p) for p in prealables.de(brique)]
    )


def _identifiants(texte: str) -> list[UUID]:
    try:
        return [UUID(morceau) for morceau in texte.split(",") if morceau][:100]
    except ValueError:
        return []
