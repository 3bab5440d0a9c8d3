"""Le registre des traitements : le lire, l'exporter, le compléter, suivre son histoire."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.chargement.publication import Publication
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import libelle_annee
from ent_core.socle.erreurs import Introuvable
from ent_core.vie_privee.publication import historique, reponses
from ent_core.vie_privee.publication.assemblage import RegistrePublie
from ent_core.vie_privee.publication.exports import FORMATS, exporter, nom_de_fichier
from ent_core.web.admin.pages import ReponsePage, de_l_academie, lire, perimetre, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.registre_saisies import (
    SaisieCampagne,
    SaisieReponses,
    SaisieSousTraitant,
    SaisieVue,
)

__all__ = ["publication", "registre"]

registre = Blueprint("vie_privee_registre", __name__, url_prefix="/vie-privee/registre")
"""Pages du registre."""

_LIBELLES_FORMATS = {"ods": "Classeur (ODS)", "csv": "Tableur (CSV)", "json": "JSON", "html": "Page à garder"}


def publication() -> Publication:
    """Rédacteur du registre et des notices de l'instance."""
    ent = instance()
    return Publication(ent.configuration, ent.chargement, ent.activation, ent.registre)


@contextmanager
def _portee(motif: str) -> Iterator[tuple[Session, str | None]]:
    """Session et établissement regardé ; l'académie en nomme un, ou les regarde tous.

    :param motif: motif de l'accès de l'académie.
    :raises Introuvable: établissement hors de portée.
    """
    demande = lire(SaisieVue())["uai"]
    with perimetre(motif) as (session, uai):
        voulu = demande.upper() if demande else uai
        if uai not in (None, voulu) or (voulu and session.get(Etablissement, voulu) is None):
            raise Introuvable("cet établissement n'existe pas ici.", remede="vérifier le code UAI.")
        yield session, voulu


def _publie(session: Session, uai: str | None) -> RegistrePublie:
    return publication().registre_de(session, uai, contexte_courant().jour)


@registre.get("/", endpoint="liste")
@exige("noyau.registre")
def page_registre() -> str:
    with _portee("lire le registre des traitements") as (session, uai):
        publie = _publie(session, uai)
    return render_template(
        "vie_privee/registre.html",
        registre=publie,
        formats=_LIBELLES_FORMATS,
        academie=de_l_academie(),
        annee=libelle_annee(contexte_courant().annee),
        complete=_peut_completer(),
    )


@registre.get("/traitements/<cle>")
@exige("noyau.registre")
def fiche(cle: str) -> str:
    with _portee("lire une fiche du registre") as (session, uai):
        publie = _publie(session, uai)
        changements = historique.changements(session, cle)
    trouvee = publie.fiche(cle)
    if trouvee is None:
        raise Introuvable("ce traitement n'est pas dans ce registre.", remede="revenir au registre.")
    return render_template(
        "vie_privee/registre_fiche.html",
        registre=publie,
        fiche=trouvee,
        changements=changements,
        complete=_peut_completer(),
    )


@registre.get("/historique", endpoint="historique")
@exige("noyau.registre")
def page_historique() -> str:
    with _portee("lire l'histoire du registre") as (session, uai):
        cles = {f.cle for f in _publie(session, uai).fiches}
        changements = [c for c in historique.changements(session) if uai is None or c.traitement in cles]
    return render_template("vie_privee/registre_historique.html", changements=changements, uai=uai)


@registre.get("/registre.<any(ods,csv,json,html):format_>")
@exige("noyau.registre")
def telecharger(format_: str) -> Response:
    with _portee("exporter le registre des traitements") as (session, uai):
        publie = _publie(session, uai)
        acteur = contexte_courant().personne_id
        details = {"format": format_}
        consigner(session, instance().horloge, "registre.exporte", uai=uai, acteur=acteur, details=details)
    return Response(
        exporter(publie, format_),
        mimetype=FORMATS[format_][0],
        headers={"Content-Disposition": f"attachment; filename={nom_de_fichier(publie, format_)}"},
    )


@registre.get("/completer", endpoint="completer")
@exige("noyau.registre_reponses")
def page_completer() -> str:
    return _formulaire({})


@registre.post("/completer")
@exige("noyau.registre_reponses")
def repondre() -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with _portee("compléter le registre") as (session, uai):
            reponses.repondre(session, instance().horloge, uai, saisie, contexte_courant().personne_id)
        return _revenir(uai, "Les réponses sont au registre et dans les informations aux personnes.")

    return traiter(SaisieReponses(), agir, lambda erreurs: _formulaire(erreurs, "reponses"))


@registre.post("/sous-traitants")
@exige("noyau.registre_reponses")
def declarer_sous_traitant() -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with _portee("déclarer un sous-traitant") as (session, uai):
            reponses.declarer(session, instance().horloge, uai, saisie, contexte_courant().personne_id)
        return _revenir(uai, f"{saisie['nom']} est au registre.")

    return traiter(SaisieSousTraitant(), agir, lambda erreurs: _formulaire(erreurs, "sous_traitant"))


@registre.post("/sous-traitants/<uuid:identifiant>/retirer")
@exige("noyau.registre_reponses")
def retirer_sous_traitant(identifiant: UUID) -> ReponseWerkzeug:
    with _portee("retirer un sous-traitant") as (session, uai):
        reponses.retirer(session, instance().horloge, uai, identifiant, contexte_courant().personne_id)
    return _revenir(uai, "Ce sous-traitant n'est plus au registre depuis aujourd'hui.")


@registre.post("/information")
@exige("noyau.registre_reponses")
def noter_information() -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        contexte = contexte_courant()
        with _portee("noter l'information des personnes") as (session, uai):
            if uai is None:
                raise Introuvable("une campagne se note pour un établissement.", remede="en choisir un.")
            reponses.noter_campagne(
                session,
                instance().horloge,
                uai,
                contexte.annee,
                **saisie,
                par=contexte.personne_id,
            )
        return _revenir(uai, "L'information est notée pour cette année scolaire.")

    return traiter(SaisieCampagne(), agir, lambda erreurs: _formulaire(erreurs, "campagne"))


def _formulaire(erreurs: dict[str, str], envoye: str = "") -> str:
    """Le formulaire : ce qui a été envoyé et refusé, sinon ce qui est enregistré."""
    with _portee("compléter le registre") as (session, uai):
        publie = _publie(session, uai)
        saisies = reponses.lire_seules(session, uai)
        campagnes = reponses.campagnes(session, uai) if uai else []
    return render_template(
        "vie_privee/registre_completer.html",
        registre=publie,
        locales=reponses.CASES_LOCALES,
        saisie=request.form if envoye == "reponses" else saisies,
        nouveau=request.form if envoye == "sous_traitant" else {},
        campagne=request.form if envoye == "campagne" else {},
        campagnes=campagnes,
        moyens=list(reponses.MOYENS.items()),
        erreurs=erreurs,
        envoye=envoye,
        annee=libelle_annee(contexte_courant().annee),
        libelle_annee=libelle_annee,
    )


def _peut_completer() -> bool:
    return instance().habilitations.autorise(contexte_courant(), "noyau.registre_reponses")


def _revenir(uai: str | None, texte: str) -> ReponseWerkzeug:
    flash(texte, "succes")
    adresse = url_for("vie_privee_registre.completer", uai=uai if de_l_academie() else None)
    return redirect(adresse)
