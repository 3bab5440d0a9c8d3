"""L'archive intermédiaire : ce qu'elle garde, demander à lire, décider, lire. Personne n'y lit par défaut."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.chargement.archive import PERMISSION, PERMISSION_DECIDER
from ent_core.identite import annuaire
from ent_core.socle.calendrier import libelle_annee
from ent_core.socle.dates import jour_court
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.archive import acces, lecture
from ent_core.vie_privee.archive.acces import EtatDemande, etat_de
from ent_core.vie_privee.archive.lecture import Criteres, Serie, UniteLue
from ent_core.vie_privee.archive.lieu import jeton_de
from ent_core.vie_privee.archive.modeles import DemandeArchive
from ent_core.web.admin.pages import ReponsePage, lire, traiter
from ent_core.web.droits import peut
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.archives_saisies import SaisieDemandeArchive, SaisieRefusArchive, SaisieSerie
from ent_core.web.vie_privee.ici import intitules, noms_de, personne_d_ici, portee

__all__ = ["archives"]

archives = Blueprint("vie_privee_archives", __name__, url_prefix="/vie-privee/archives")
"""Pages de l'archive intermédiaire."""

_TONS = {
    EtatDemande.EN_ATTENTE: "a_faire", EtatDemande.OUVERTE: "succes", EtatDemande.FERMEE: "neutre",
    EtatDemande.REFUSEE: "refus", EtatDemande.PERIMEE: "neutre",
}  # fmt: skip


_DITES = frozenset({"uai", "annee"})
"""Ce que l'entête de l'unité dit déjà."""


@archives.get("/", endpoint="liste")
@exige(PERMISSION)
def page_archives() -> str:
    """Ce que l'archive garde, les demandes, et de quoi chercher une personne."""
    saisie, contexte = lire(SaisieSerie()), contexte_courant()
    with portee("archive : voir l'état") as (session, uai):
        trouvees = (
            annuaire.chercher(
                session, saisie["q"], uai=uai, jour=contexte.jour, annee=contexte.annee
            ).personnes
            if saisie["q"]
            else ()
        )
        demandes = acces.lister(session, uai)
        return render_template(
            "vie_privee/archives.html", series=lecture.series(session, Criteres(uai=uai), contexte.jour),
            demandes=demandes, etats=_etats(demandes), tons=_TONS, noms=_noms(session, demandes),
            titres=intitules(), trouvees=trouvees, q=saisie["q"],
        )  # fmt: skip


@archives.get("/personnes/<uuid:personne_id>", endpoint="personne")
@exige(PERMISSION)
def page_personne(personne_id: UUID) -> str:
    """Ce que l'archive garde d'une personne : des nombres, et de quoi demander à lire."""
    return _page_personne(personne_id, {})


@archives.post("/personnes/<uuid:personne_id>")
@exige(PERMISSION)
def demander_pour(personne_id: UUID) -> ReponsePage:
    """Demande à lire ce qui est d'une personne."""

    def agir(saisie: dict[str, Any]) -> Response:
        with portee("archive : demander") as (session, uai):
            personne_d_ici(session, personne_id, uai, "de l'archive")
            demande = acces.demander(
                session, instance().horloge, uai or _seule_ecole(session, personne_id),
                par=contexte_courant().personne_id, personne=personne_id, **saisie,
            )  # fmt: skip
        return _demandee(demande)

    return traiter(SaisieDemandeArchive(), agir, lambda erreurs: _page_personne(personne_id, erreurs))


@archives.get("/series/<uai>/<traitement>/<int(min=1900, max=2200):annee>", endpoint="serie")
@exige(PERMISSION)
def page_serie(uai: str, traitement: str, annee: int) -> str:
    """Le formulaire d'une demande qui vise une série."""
    return _page_serie(uai, traitement, annee, {})


@archives.post("/series/<uai>/<traitement>/<int(min=1900, max=2200):annee>")
@exige(PERMISSION)
def demander_serie(uai: str, traitement: str, annee: int) -> ReponsePage:
    """Demande à lire une série."""

    def agir(saisie: dict[str, Any]) -> Response:
        with portee("archive : demander") as (session, ici):
            demande = acces.demander(
                session, instance().horloge, _a_portee(ici, uai), par=contexte_courant().personne_id,
                **{**saisie, "traitement": traitement, "annee": annee},
            )  # fmt: skip
        return _demandee(demande)

    return traiter(SaisieDemandeArchive(), agir, lambda erreurs: _page_serie(uai, traitement, annee, erreurs))


@archives.get("/demandes/<uuid:demande_id>", endpoint="demande")
@exige(PERMISSION)
def page_demande(demande_id: UUID) -> str:
    """Une demande : où elle en est, et ce que l'on peut en faire."""
    return _page_demande(demande_id, {})


@archives.post("/demandes/<uuid:demande_id>/accorder")
@exige(PERMISSION_DECIDER, reauthentification=True)
def accorder(demande_id: UUID) -> ReponsePage:
    """Accorde la demande d'une autre personne."""
    with portee("archive : accorder") as (session, uai):
        acces.accorder(session, instance().horloge, uai, demande_id, par=contexte_courant().personne_id)
    flash("La demande est accordée. La durée court.", "succes")
    return redirect(url_for("vie_privee_archives.demande", demande_id=demande_id), 303)


@archives.post("/demandes/<uuid:demande_id>/refuser")
@exige(PERMISSION_DECIDER)
def refuser(demande_id: UUID) -> ReponsePage:
    """Refuse la demande d'une autre personne."""

    def agir(saisie: dict[str, Any]) -> Response:
        with portee("archive : refuser") as (session, uai):
            acces.refuser(
                session, instance().horloge, uai, demande_id, par=contexte_courant().personne_id, **saisie
            )
        flash("La demande est refusée.", "succes")
        return redirect(url_for("vie_privee_archives.demande", demande_id=demande_id), 303)

    return traiter(SaisieRefusArchive(), agir, lambda erreurs: _page_demande(demande_id, erreurs))


@archives.post("/demandes/<uuid:demande_id>/lecture", endpoint="lire")
@exige(PERMISSION, reauthentification=True)
def page_lecture(demande_id: UUID) -> str:
    """Lit ce que la demande permet ; un POST, parce que lire s'inscrit au journal."""
    with portee("archive : lire") as (session, uai):
        horloge = instance().horloge
        lues = acces.consulter(session, horloge, uai, demande_id, par=contexte_courant().personne_id)
        demande = acces.trouver(session, uai, demande_id)
        return render_template(
            "vie_privee/archives_lecture.html", demande=demande, titres=intitules(), annee=libelle_annee,
            lues=[(lue.unite, _montrer(session, lue)) for lue in lues],
        )  # fmt: skip


def _page_personne(personne_id: UUID, erreurs: dict[str, str]) -> str:
    with portee("archive : chercher une personne") as (session, uai):
        personne = personne_d_ici(session, personne_id, uai, "de l'archive")
        gardees = lecture.series(
            session, Criteres(uai=uai, jeton=jeton_de(session, personne_id)), contexte_courant().jour
        )
        return render_template(
            "vie_privee/archives_demander.html", personne=personne, series=gardees, titres=intitules(),
            erreurs=erreurs, saisie=request.form if erreurs else {}, serie=None,
            choix=[(cle, intitules().get(cle, cle)) for cle in dict.fromkeys(s.traitement for s in gardees)],
        )  # fmt: skip


def _page_serie(uai: str, traitement: str, annee: int, erreurs: dict[str, str]) -> str:
    with portee("archive : demander une série") as (session, ici):
        gardees = lecture.series(
            session, Criteres(_a_portee(ici, uai), None, traitement, annee), contexte_courant().jour
        )
        if not gardees:
            raise Introuvable("cette série n'est pas dans l'archive.", remede="la choisir dans la liste.")
        return render_template(
            "vie_privee/archives_demander.html", personne=None, series=gardees, titres=intitules(),
            erreurs=erreurs, saisie=request.form if erreurs else {}, serie=gardees[0],
        )  # fmt: skip


def _page_demande(demande_id: UUID, erreurs: dict[str, str]) -> str:
    moi = contexte_courant().personne_id
    with portee("archive : voir une demande") as (session, uai):
        demande = acces.trouver(session, uai, demande_id)
        etat = etat_de(demande, instance().horloge.maintenant())
        return render_template(
            "vie_privee/archives_demande.html", demande=demande, etat=etat, ton=_TONS[etat],
            noms=_noms(session, [demande]), titres=intitules(), erreurs=erreurs,
            saisie=request.form if erreurs else {}, mienne=demande.demandee_par == moi,
            decide=etat is EtatDemande.EN_ATTENTE
            and moi not in (demande.demandee_par, demande.personne_id)
            and peut(PERMISSION_DECIDER),
        )  # fmt: skip


def _montrer(session: Session, lue: UniteLue) -> list[tuple[str, list[tuple[str, str]]]] | None:
    """Lignes d'une unité, en clair : table, puis libellé et valeur ; les identifiants y sont des noms."""
    if lue.contenu is None:
        return None
    lignes = []
    for table, colonnes, ligne in lue.contenu.lignes():
        cites = {nom: UUID(ligne[nom]) for nom, dite in colonnes.items() if "sujet" in dite and ligne[nom]}
        noms = noms_de(session, cites.values())
        dites = [
            (
                colonnes[nom]["libelle"],
                noms.get(cites[nom], "Personne partie") if nom in cites else _en_clair(valeur),
            )
            for nom, valeur in ligne.items()
            if nom in cites or (valeur not in (None, "") and nom not in _DITES and not _technique(valeur))
        ]
        lignes.append((table.partition("_")[2].replace("_", " ") or table, dites))
    return lignes


def _en_clair(valeur: Any) -> str:
    """Une date à la française ; le reste tel quel."""
    try:
        return jour_court(date.fromisoformat(valeur))
    except (TypeError, ValueError):
        return str(valeur)


def _technique(valeur: Any) -> bool:
    """Un identifiant ne dit rien à qui lit."""
    try:
        UUID(valeur)
    except (AttributeError, TypeError, ValueError):
        return False
    return True


def _demandee(demande: DemandeArchive) -> Response:
    flash("La demande est faite. Une autre personne en décide.", "succes")
    return redirect(url_for("vie_privee_archives.demande", demande_id=demande.id), 303)


def _a_portee(ici: str | None, uai: str) -> str:
    if ici not in (None, uai):
        raise Introuvable("cette série n'est pas ici.", remede="changer d'établissement.")
    return uai


def _seule_ecole(session: Session, personne_id: UUID) -> str:
    """Pour l'académie : l'établissement où l'archive garde quelque chose de la personne."""
    ecoles = {s.uai for s in _gardees(session, personne_id)}
    if len(ecoles) != 1:
        raise Introuvable(
            "l'archive garde cette personne dans plusieurs établissements, ou dans aucun.",
            remede="demander depuis l'établissement, ou par « ent archive demander ».",
        )
    return ecoles.pop()


def _gardees(session: Session, personne_id: UUID) -> Sequence[Serie]:
    return lecture.series(session, Criteres(jeton=jeton_de(session, personne_id)), contexte_courant().jour)


def _etats(demandes: Sequence[DemandeArchive]) -> dict[UUID, EtatDemande]:
    maintenant = instance().horloge.maintenant()
    return {demande.id: etat_de(demande, maintenant) for demande in demandes}


def _noms(session: Session, demandes: Sequence[DemandeArchive]) -> dict[UUID, str]:
    ids = {i for d in demandes for i in (d.personne_id, d.demandee_par, d.decidee_par) if i is not None}
    return noms_de(session, ids)
