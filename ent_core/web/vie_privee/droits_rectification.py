"""La rectification au guichet : choisir la donnée, voir sa valeur, la corriger ou la renvoyer à sa source."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.identite.lectures import nommer
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.droits import demandes, rectification
from ent_core.vie_privee.droits.lecture import Reference
from ent_core.vie_privee.droits.modeles import Demande, Rectification
from ent_core.vie_privee.droits.rectification import Corrigeable
from ent_core.vie_privee.publication import reponses
from ent_core.web.admin.pages import ReponsePage, de_l_academie, lire, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import academie, fiche, guichet
from ent_core.web.vie_privee.droits_saisies import SaisieCorrection, SaisieDonnee

__all__ = ["corrections", "decisions"]

corrections = Blueprint("vie_privee_corrections", __name__, url_prefix="/vie-privee/corrections")
"""Pages de la rectification."""

PERMISSION = "noyau.droits"
_SOURCES = {"AAF": "l'annuaire de l'académie", "STS": "l'emploi du temps", "TABLEUR": "la liste importée"}


def source_en_clair(source: str | None) -> str:
    """« l'annuaire de l'académie », d'après la provenance d'une ligne."""
    return _SOURCES.get((source or "").partition(":")[0], source or "")


def decisions(session: Session, demande: Demande) -> list[tuple[Rectification, str]]:
    """Ce qui a été décidé d'une demande, et où cela en est, en clair.

    :param session: session de l'académie.
    """
    return [(r, _etat(session, r)) for r in rectification.de_la_demande(session, demande)]


@corrections.get("/<uai>/<uuid:demande_id>", endpoint="liste")
@exige(PERMISSION)
def page_liste(uai: str, demande_id: UUID) -> str:
    """Les données de la personne que l'on peut corriger, et ce qui est déjà décidé."""
    registre = instance().registre
    with academie("choisir une donnée à corriger") as session:
        demande = _trouver(session, uai, demande_id)
        trouvees: list[Corrigeable] = []
        if demande.personne_id is not None and demande.close_le is None:
            trouvees = rectification.corrigeables(
                session, registre, demande.personne_id, uai, demande.traitement
            )
        decidees = decisions(session, demande)
        noms = nommer(session, [demande.personne_id] if demande.personne_id else [])
        dite = fiche(demande, contexte_courant().jour)
        sous_traitants = [s.nom for s in _sous_traitants(session, uai)]
    a_prevenir = {
        nom
        for r, _ in decidees
        if r.etat == "corrigee" and (t := registre.traitements.get(r.traitement)) is not None
        for nom in rectification.destinataires(t, sous_traitants)
    }
    return render_template(
        "vie_privee/corrections.html", fiche=dite, noms=noms, trouvees=trouvees, decidees=decidees,
        a_prevenir=sorted(a_prevenir), titres={c: t.intitule for c, t in registre.traitements.items()},
        source_en_clair=source_en_clair,
    )  # fmt: skip


@corrections.get("/<uai>/<uuid:demande_id>/donnee", endpoint="corriger")
@exige(PERMISSION)
def page_corriger(uai: str, demande_id: UUID) -> str:
    return _page(uai, demande_id, lire(SaisieDonnee()), {})


@corrections.post("/<uai>/<uuid:demande_id>/donnee")
@exige(PERMISSION)
def appliquer(uai: str, demande_id: UUID) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        ent = instance()
        with academie("corriger une donnée") as session:
            demande = _trouver(session, uai, demande_id)
            faite = rectification.rectifier(
                session, ent.horloge, ent.registre, demande, _reference(saisie), saisie["voulue"],
                contexte_courant().personne_id, guichet().annoncer,
            )  # fmt: skip
            transmise, source = faite.etat == "transmise", source_en_clair(faite.source)
        texte = "La donnée est corrigée."
        if transmise:
            texte = f"Noté. Faites corriger {source} : la correction redescendra avec l'import suivant."
        flash(texte, "succes")
        return redirect(url_for("vie_privee_corrections.liste", uai=uai, demande_id=demande_id))

    return traiter(SaisieCorrection(), agir, lambda erreurs: _page(uai, demande_id, request.form, erreurs))


@corrections.post("/<uai>/<uuid:demande_id>/prevenus")
@exige(PERMISSION)
def prevenir(uai: str, demande_id: UUID) -> ReponseWerkzeug:
    with academie("noter que les destinataires sont prévenus") as session:
        demande = _trouver(session, uai, demande_id)
        rectification.prevenir(session, instance().horloge, demande, contexte_courant().personne_id)
    flash("C'est noté : la personne le verra sur sa demande.", "succes")
    return redirect(url_for("vie_privee_corrections.liste", uai=uai, demande_id=demande_id))


def _page(uai: str, demande_id: UUID, saisie: Any, erreurs: dict[str, str]) -> str:
    with academie("voir une donnée à corriger") as session:
        demande = _trouver(session, uai, demande_id)
        donnee = rectification.trouver(session, instance().registre, demande, _reference(saisie))
        dite = fiche(demande, contexte_courant().jour)
    return render_template(
        "vie_privee/correction.html", fiche=dite, donnee=donnee, saisie=saisie, erreurs=erreurs,
        source=source_en_clair(donnee.source),
    )  # fmt: skip


def _etat(session: Session, decidee: Rectification) -> str:
    if decidee.etat == "corrigee":
        return "Corrigée"
    if rectification.est_redescendue(session, decidee):
        return "Corrigée à la source, et redescendue"
    return f"À corriger dans {source_en_clair(decidee.source)} ; redescendra avec l'import"


def _reference(saisie: Any) -> Reference:
    return Reference(saisie.get("objet", ""), saisie.get("ligne", ""), saisie.get("colonne", ""))


def _sous_traitants(session: Session, uai: str) -> tuple[reponses.SousTraitantLu, ...]:
    contexte = contexte_courant()
    return reponses.lire(session, uai, contexte.jour, contexte.annee).sous_traitants


def _trouver(session: Session, uai: str, demande_id: UUID) -> Demande:
    if not de_l_academie() and uai != contexte_courant().uai:
        raise Introuvable("cette demande n'existe pas ici.", remede="revenir à la liste des demandes.")
    demande = demandes.trouver(session, uai, demande_id)
    if demande.droit != "rectification":
        raise Introuvable("cette demande n'appelle pas de correction.", remede="revenir à la demande.")
    return demande
