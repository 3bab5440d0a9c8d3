"""Les pages de la famille : le carnet de chaque élève, un motif en trois gestes, « vu »."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ent_core.brique import (
    Contexte,
    EntreeMenu,
    EtatVignette,
    LigneVignette,
    Portee,
    Role,
    Vignette,
    contexte_courant,
    eleves_nommes,
    exige,
    horloge_courante,
    jour_long,
    nommer,
    opposees,
    peut,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import Genre
from ent_carnet.permissions import CARNET, EXPLIQUER
from ent_carnet.schemas.famille import ChoixAExpliquer, ChoixCarnet, MotifChoisi
from ent_carnet.services import explication, famille, justifications, motifs
from ent_carnet.services.a_expliquer import a_expliquer
from ent_carnet.services.lecture_famille import lignes_montrees, marquer_vues
from ent_carnet.services.qui_explique import empechements
from ent_carnet.traitements import AFFICHAGE
from ent_carnet.vues.lecture import lire_demande, lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["MENU", "vignettes"]

MENU = (EntreeMenu("carnet.carnet_de_la_famille", "Carnet", CARNET, ordre=100, icone="carnet"),)
_LIGNES = 30
"""Lignes montrées d'abord ; le reste de l'année est à un lien."""
_MOTS = {Genre.ABSENCE: "l'absence", Genre.RETARD: "le retard"}


def vignettes(session: Session, contexte: Contexte) -> Sequence[Vignette]:
    """Sur l'accueil d'un responsable ou d'un élève : ce qu'il reste à expliquer ; quatre énoncés au plus.

    Ce qui est à un autre d'expliquer (l'élève mineur à ses responsables, le majeur à lui seul) n'y est pas.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    """
    portees = {Role.RESPONSABLE: Portee.MES_ENFANTS, Role.ELEVE: Portee.MOI}
    portee = next((portees[role] for role in portees if role in contexte.roles), None)
    if portee is None:
        return ()
    noms = {eleve.id: eleve for eleve in eleves_nommes(session, contexte, portee)}
    restent = [une for une in a_expliquer(session, contexte.uai, contexte.annee, noms) if not une.attente]
    concernes = {une.eleve_id for une in restent} | {contexte.personne_id}
    opposes = opposees(session, AFFICHAGE.cle, concernes)
    restent = [une for une in restent if not opposes & {une.eleve_id, contexte.personne_id}]
    if restent:
        a_d_autres = empechements(session, contexte, {une.eleve_id for une in restent})
        restent = [une for une in restent if une.eleve_id not in a_d_autres]
    lignes = tuple(
        LigneVignette(
            f"{noms[une.eleve_id].prenom} : {'absence' if une.genre is Genre.ABSENCE else 'retard'}",
            f"{jour_long(une.debut)}, motif à donner",
            "carnet.carnet_d_un_eleve",
            {"eleve_id": str(une.eleve_id)},
        )
        for une in restent[:5]
    )
    return (
        Vignette(
            "carnet.famille", _a_donner(len(restent)) if lignes else "Carnet", lignes, permission=CARNET,
            ordre=90, compte=len(restent) or None,
            etat=EtatVignette.A_FAIRE if lignes else EtatVignette.VIDE,
            vide="Vous n'avez aucun motif à donner.", point="carnet.carnet_de_la_famille",
            libelle_lien="Ouvrir le carnet",
        ),
    )  # fmt: skip


def _a_donner(nombre: int) -> str:
    return "donner un motif" if nombre == 1 else f"donner {nombre} motifs"


@pages.get("/famille")
@exige(CARNET)
def carnet_de_la_famille() -> str:
    enfants = eleves_nommes(session_courante(), contexte_courant(), portee_courante())
    return _page(enfants[0].id) if enfants else render_template("carnet/famille/personne.html")


@pages.get("/famille/<uuid:eleve_id>")
@exige(CARNET)
def carnet_d_un_eleve(eleve_id: UUID) -> str:
    return _page(eleve_id)


def _page(eleve_id: UUID) -> str:
    contexte, tout = contexte_courant(), lire_demande(ChoixCarnet())["tout"]
    lu = famille.lire_le_carnet(
        session_courante(), contexte, portee_courante(), eleve_id, horloge_courante().maintenant(), tout=tout
    )
    return render_template(
        "carnet/famille/carnet.html", lu=lu, soi=eleve_id == contexte.personne_id, tout=tout,
        lignes=lu.lignes if tout else lu.lignes[:_LIGNES], jour=contexte.jour, peut_expliquer=peut(EXPLIQUER),
        adresse_du_reglement=lambda: lu.reglement,
    )  # fmt: skip


@pages.post("/famille/<uuid:eleve_id>/vues")
@exige(CARNET)
def noter_les_vues(eleve_id: UUID) -> Response:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    explication.exiger_l_ecran(session, contexte, portee_courante(), eleve_id)
    vues = set(request.form.getlist("vues", type=UUID))
    montrees = lignes_montrees(session, contexte, eleve_id, *famille.fenetre(contexte, tout=True), instant)
    nombre = marquer_vues(session, contexte, eleve_id, montrees, vues, instant)
    flash("C'est noté : vous l'avez vu." if nombre else "Rien de nouveau à noter.", "succes")
    return redirect(url_for(".carnet_d_un_eleve", eleve_id=eleve_id))


@pages.get("/famille/<uuid:eleve_id>/expliquer")
@exige(EXPLIQUER)
def expliquer(eleve_id: UUID) -> str | Response:
    session, contexte, choix = session_courante(), contexte_courant(), lire_demande(ChoixAExpliquer())
    quoi = explication.choisir(session, contexte, portee_courante(), eleve_id, **choix)
    if quoi is None:
        flash("Il n'y a rien à expliquer : tout a un motif.", "info")
        return redirect(url_for(".carnet_d_un_eleve", eleve_id=eleve_id))
    return render_template(
        "carnet/famille/expliquer.html", quoi=quoi, mots=_MOTS[quoi.genre],
        eleve=nommer(session, [eleve_id])[eleve_id], soi=eleve_id == contexte.personne_id,
        motifs=motifs.lister(session, contexte.uai, quoi.genre, proposables=True),
    )  # fmt: skip


@pages.post("/famille/<uuid:eleve_id>/expliquer")
@exige(EXPLIQUER)
def envoyer_le_motif(eleve_id: UUID) -> Response:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(MotifChoisi())
    motif_id = saisie.pop("motif_id")
    quoi = explication.choisir(session, contexte, portee_courante(), eleve_id, **saisie)
    if quoi is None:
        flash("Un motif est déjà envoyé : rien n'est à refaire.", "info")
        return redirect(url_for(".carnet_d_un_eleve", eleve_id=eleve_id))
    envoye = explication.envoyer(session, contexte, quoi, motif_id)
    return redirect(url_for(".recu_du_motif", justification_id=envoye.id))


@pages.get("/famille/motifs/<uuid:justification_id>")
@exige(EXPLIQUER)
def recu_du_motif(justification_id: UUID) -> str:
    session, contexte = session_courante(), contexte_courant()
    recu = explication.recu(session, contexte, portee_courante(), justification_id)
    return render_template(
        "carnet/famille/recu.html", recu=recu, eleve=nommer(session, [recu.eleve_id])[recu.eleve_id],
        peut_contredire=explication.peut_contredire(session, contexte, recu),
    )  # fmt: skip


@pages.post("/famille/motifs/<uuid:justification_id>/retirer")
@exige(EXPLIQUER)
def retirer_le_motif(justification_id: UUID) -> Response:
    session, contexte = session_courante(), contexte_courant()
    recu = explication.recu(session, contexte, portee_courante(), justification_id)
    justifications.retirer(
        session, contexte.uai, contexte.annee, justification_id, declarant_id=contexte.personne_id,
        instant=horloge_courante().maintenant(),
    )  # fmt: skip
    flash("Le motif est retiré. Vous pouvez en donner un autre.", "succes")
    return redirect(url_for(".carnet_d_un_eleve", eleve_id=recu.eleve_id))
