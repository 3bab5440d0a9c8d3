"""Le registre des violations : les voir, en déclarer une, décider, notifier, prévenir, clore, exporter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.identite.journal import consigner
from ent_core.identite.lectures import nommer
from ent_core.identite.modeles import Etablissement
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.vie_privee.publication.contenu import contenus
from ent_core.vie_privee.violations import decisions, nomenclatures, signaux, tenue
from ent_core.vie_privee.violations.delai import Compteur, EtatDelai, compteur
from ent_core.vie_privee.violations.etapes import etapes, numero
from ent_core.vie_privee.violations.exports import FORMATS, RegistreViolations, exporter, nom_de_fichier
from ent_core.vie_privee.violations.modeles import Violation
from ent_core.vie_privee.violations.rappels import a_notifier
from ent_core.web.admin.pages import ReponsePage, de_l_academie, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.ici import portee
from ent_core.web.vie_privee.violations_saisies import (
    SaisieDecision,
    SaisieFiche,
    SaisieNotification,
    SaisiePhrase,
    SaisiePrevenues,
    SaisieSignal,
)

__all__ = ["PERMISSION", "compteur_de", "portee", "violations"]

violations = Blueprint("vie_privee_violations", __name__, url_prefix="/vie-privee/violations")
"""Pages du registre des violations ; ``violations_personnes`` y ajoute les siennes."""

PERMISSION = "noyau.violations"
_TONS = {EtatDelai.A_TEMPS: "info", EtatDelai.BIENTOT: "a_faire", EtatDelai.DEPASSE: "refus"}
_CHOIX = {
    nom: list(getattr(nomenclatures, nom.upper()).items())
    for nom in ("natures", "origines", "causes", "categories", "populations", "consequences", "gravites")
}


def compteur_de(violation: Violation) -> Compteur | None:
    """Le délai qui court, ou ``None`` s'il ne court plus.

    :param violation: violation.
    """
    return compteur(violation.connue_le, instance().horloge.maintenant()) if a_notifier(violation) else None


@violations.get("/", endpoint="liste")
@exige(PERMISSION)
def page_violations() -> str:
    """Les violations, celles qui pressent d'abord ; et les signaux à qualifier."""
    return _liste({})


@violations.get("/nouvelle", endpoint="nouvelle")
@exige(PERMISSION)
def page_nouvelle() -> str:
    """Déclarer une violation, à partir de rien ou d'un signal."""
    return _formulaire({})


@violations.post("/nouvelle")
@exige(PERMISSION)
def declarer() -> ReponsePage:
    """Enregistre une violation."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        cle, horloge = saisie["signal"], instance().horloge
        with portee("enregistrer une violation") as (session, uai):
            signal = signaux.signal_nomme(session, horloge, uai, cle) if cle else None
            ecole = uai or _ecole(session, saisie["uai"] or (signal.uai if signal else None))
            violation = tenue.ouvrir(
                session, horloge, uai=ecole, valeurs=_fiche(saisie),
                par=contexte_courant().personne_id, signal=signal.cle if signal else None,
            )  # fmt: skip
            identifiant = violation.id
        return _revenir(identifiant, "La violation est enregistrée. Le délai de 72 heures court.")

    return traiter(SaisieFiche(), agir, _formulaire)


@violations.post("/signaux/ecarter")
@exige(PERMISSION)
def ecarter() -> ReponsePage:
    """Qualifie un signal : ce n'est pas une violation."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        horloge = instance().horloge
        with portee("qualifier un signal") as (session, uai):
            signal = signaux.signal_nomme(session, horloge, uai, saisie["signal"])
            signaux.ecarter(session, horloge, signal, saisie["motif"], contexte_courant().personne_id)
        flash("Le signal est écarté. La raison est au registre.", "succes")
        return redirect(url_for("vie_privee_violations.liste"), 303)

    return traiter(SaisieSignal(), agir, _liste)


@violations.get("/<uuid:violation_id>", endpoint="violation")
@exige(PERMISSION)
def page_violation(violation_id: UUID) -> str:
    """Une violation : le délai, ce qui reste à faire, la fiche, l'histoire."""
    return _page(violation_id, {})


@violations.get("/<uuid:violation_id>/corriger", endpoint="completer")
@exige(PERMISSION)
def page_corriger(violation_id: UUID) -> str:
    """La fiche, à compléter."""
    return _formulaire({}, violation_id)


@violations.post("/<uuid:violation_id>/corriger")
@exige(PERMISSION)
def corriger(violation_id: UUID) -> ReponsePage:
    """Corrige la fiche."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        dit = saisie["dit"]
        with portee("corriger une violation") as (session, uai):
            violation = tenue.trouver(session, uai, violation_id)
            changes = tenue.corriger(
                session, instance().horloge, violation, _fiche(saisie), contexte_courant().personne_id, dit
            )
        return _revenir(violation_id, "La fiche est corrigée." if changes else "Rien n'a changé.")

    return traiter(SaisieFiche(), agir, lambda erreurs: _formulaire(erreurs, violation_id))


@violations.post("/<uuid:violation_id>/cnil")
@exige(PERMISSION)
def decider_cnil(violation_id: UUID) -> ReponsePage:
    """Décide de notifier la CNIL, ou non."""

    def agir(session: Session, violation: Violation, saisie: dict[str, Any]) -> str:
        oui = saisie["choix"] == "oui"
        decisions.decider_cnil(session, instance().horloge, violation, oui, saisie["motif"], _moi())
        return "C'est décidé : il faut notifier." if oui else "C'est décidé : la CNIL n'est pas notifiée."

    return _acte(violation_id, SaisieDecision(), agir)


@violations.post("/<uuid:violation_id>/notifier")
@exige(PERMISSION)
def notifier(violation_id: UUID) -> ReponsePage:
    """Note une notification faite, initiale ou complémentaire."""

    def agir(session: Session, violation: Violation, saisie: dict[str, Any]) -> str:
        decisions.notifier(session, instance().horloge, violation, par=_moi(), **saisie)
        return "La notification est notée."

    return _acte(violation_id, SaisieNotification(), agir)


@violations.post("/<uuid:violation_id>/information")
@exige(PERMISSION)
def decider_information(violation_id: UUID) -> ReponsePage:
    """Décide de prévenir les personnes, ou non."""

    def agir(session: Session, violation: Violation, saisie: dict[str, Any]) -> str:
        oui = saisie["choix"] == "oui"
        decisions.decider_information(session, instance().horloge, violation, oui, saisie["motif"], _moi())
        return "C'est décidé : les personnes sont à prévenir." if oui else "C'est décidé, avec sa raison."

    return _acte(violation_id, SaisieDecision(), agir)


@violations.post("/<uuid:violation_id>/prevenues")
@exige(PERMISSION)
def prevenir(violation_id: UUID) -> ReponsePage:
    """Note que les personnes sont prévenues."""

    def agir(session: Session, violation: Violation, saisie: dict[str, Any]) -> str:
        decisions.prevenir(session, instance().horloge, violation, par=_moi(), **saisie)
        return "C'est noté."

    return _acte(violation_id, SaisiePrevenues(), agir)


@violations.post("/<uuid:violation_id>/preuve")
@exige(PERMISSION)
def noter_preuve(violation_id: UUID) -> ReponsePage:
    """Note où se trouve une preuve."""

    def agir(session: Session, violation: Violation, saisie: dict[str, Any]) -> str:
        tenue.noter_preuve(session, instance().horloge, violation, saisie["dit"], _moi())
        return "La preuve est notée."

    return _acte(violation_id, SaisiePhrase(), agir)


@violations.post("/<uuid:violation_id>/clore")
@exige(PERMISSION)
def clore(violation_id: UUID) -> ReponsePage:
    """Clôt la violation."""

    def agir(session: Session, violation: Violation, _saisie: dict[str, Any]) -> str:
        tenue.clore(session, instance().horloge, violation, _moi())
        return "La violation est close. Elle reste cinq ans au registre."

    return _acte(violation_id, SaisiePhrase(partial=True), agir)


@violations.post("/<uuid:violation_id>/rouvrir")
@exige(PERMISSION)
def rouvrir(violation_id: UUID) -> ReponsePage:
    """Rouvre la violation."""

    def agir(session: Session, violation: Violation, saisie: dict[str, Any]) -> str:
        tenue.rouvrir(session, instance().horloge, violation, saisie["dit"], _moi())
        return "La violation est rouverte."

    return _acte(violation_id, SaisiePhrase(), agir)


@violations.get("/registre.<any(ods,csv,json):format_>")
@exige(PERMISSION)
def telecharger(format_: str) -> Response:
    """Le registre, pour la CNIL ou pour soi."""
    with portee("exporter le registre des violations") as (session, uai):
        lues = [(v, etapes(session, v)) for v in tenue.lister(session, uai)]
        registre = RegistreViolations(contexte_courant().jour, uai or "", lues)
        consigner(
            session, instance().horloge, "violation.registre_exporte", uai=uai, acteur=_moi(),
            details={"format": format_, "nombre": len(lues)},
        )  # fmt: skip
        contenu = exporter(registre, format_)
    nom = nom_de_fichier(registre, format_)
    return Response(
        contenu, mimetype=FORMATS[format_][0],
        headers={"Content-Disposition": f"attachment; filename={nom}", "Cache-Control": "no-store"},
    )  # fmt: skip


def _liste(erreurs: dict[str, str]) -> str:
    with portee("voir le registre des violations") as (session, uai):
        lues = tenue.lister(session, uai)
        vus = signaux.signaux(session, instance().horloge, uai)
    return render_template(
        "vie_privee/violations.html", violations=lues, signaux=vus, delai=compteur_de, tons=_TONS,
        numero=numero, origines=nomenclatures.ORIGINES, academie=de_l_academie(), formats=list(FORMATS),
        saisie=request.form, erreurs=erreurs,
    )  # fmt: skip


def _page(violation_id: UUID, erreurs: dict[str, str]) -> str:
    with portee("voir une violation") as (session, uai):
        violation = tenue.trouver(session, uai, violation_id)
        histoire = etapes(session, violation)
        noms = nommer(session, [e.par for e in histoire if e.par])
    return render_template(
        "vie_privee/violation.html",
        v=violation,
        numero=numero(violation),
        delai=compteur_de(violation),
        tons=_TONS,
        maintenant=_pendule(instance().horloge.maintenant()),
        histoire=histoire,
        noms=noms,
        listes=nomenclatures,
        titres={t.cle: t.intitule for t in instance().registre.traitements.values()},
        saisie=request.form,
        erreurs=erreurs,
        envoye=request.endpoint.rpartition(".")[2] if request.endpoint and erreurs else "",
    )


def _formulaire(erreurs: dict[str, str], violation_id: UUID | None = None) -> str:
    valeurs: dict[str, Any] = {"connue_le": instance().horloge.maintenant()}
    connue = ""
    cle = request.values.get("signal")
    with portee("remplir la fiche d'une violation") as (session, uai):
        if violation_id is not None:
            violation = tenue.trouver(session, uai, violation_id)
            valeurs = {nom: getattr(violation, nom) for nom in nomenclatures.SAISIS}
            connue = numero(violation)
        elif cle:
            valeurs |= signaux.signal_nomme(session, instance().horloge, uai, cle).valeurs
    traitements = instance().registre.traitements.values()
    return render_template(
        "vie_privee/violation_fiche.html",
        violation_id=violation_id,
        numero=connue,
        signal=cle,
        saisie=_affichee(request.form) if erreurs else _en_saisie(valeurs),
        traitements=sorted(((t.cle, t.intitule) for t in traitements), key=lambda choix: choix[1]),
        choix=_CHOIX,
        academie=de_l_academie(),
        erreurs=erreurs,
    )


def _fiche(saisie: dict[str, Any]) -> dict[str, Any]:
    """Valeurs de la fiche ; les catégories non dites sont celles que les traitements déclarent."""
    registre = instance().registre
    valeurs = {nom: saisie[nom] for nom in nomenclatures.SAISIS if nom in saisie}
    valeurs["traitements"] = [cle for cle in valeurs["traitements"] if cle in registre.traitements]
    if valeurs["traitements"] and not valeurs["categories"]:
        dedans = contenus(registre)
        touchees = {c for cle in valeurs["traitements"] if cle in dedans for c in dedans[cle].categories}
        valeurs["categories"] = [code for code in nomenclatures.CATEGORIES if code in _codes(touchees)]
    if valeurs["traitements"] and not valeurs["populations"]:
        personnes = {p for cle in valeurs["traitements"] for p in registre.traitements[cle].personnes}
        valeurs["populations"] = [code for code in nomenclatures.POPULATIONS if code in _codes(personnes)]
    return valeurs


def _ecole(session: Session, uai: str | None) -> str | None:
    """Établissement qu'un délégué désigne ; aucun, l'académie."""
    if uai is not None and session.get(Etablissement, uai) is None:
        raise DonneeInvalide("cet établissement n'existe pas.", remede="corriger son code UAI.", lieu="uai")
    return uai


def _codes(membres: set[Any]) -> set[str]:
    return {membre.name.lower() for membre in membres}


def _en_saisie(valeurs: dict[str, Any]) -> dict[str, Any]:
    return {nom: _pendule(valeur) for nom, valeur in valeurs.items()}


def _affichee(formulaire: MultiDict[str, str]) -> dict[str, Any]:
    listes = ("natures", "traitements", "categories", "populations", "consequences")
    return {**formulaire.to_dict(), **{nom: formulaire.getlist(nom) for nom in listes}}


def _pendule(valeur: Any) -> Any:
    """« 2026-09-07T08:30 », ce qu'attend un champ de date et d'heure, à Paris."""
    if hasattr(valeur, "astimezone"):
        return valeur.astimezone(FUSEAU).strftime("%Y-%m-%dT%H:%M")
    return valeur


def _acte(
    violation_id: UUID, schema: Any, agir: Callable[[Session, Violation, dict[str, Any]], str]
) -> ReponsePage:
    def faire(saisie: dict[str, Any]) -> ReponseWerkzeug:
        with portee("tenir le registre des violations") as (session, uai):
            dit = agir(session, tenue.trouver(session, uai, violation_id), saisie)
        return _revenir(violation_id, dit)

    return traiter(schema, faire, lambda erreurs: _page(violation_id, erreurs))


def _revenir(violation_id: UUID, dit: str) -> ReponseWerkzeug:
    flash(dit, "succes")
    return redirect(url_for("vie_privee_violations.violation", violation_id=violation_id), 303)


def _moi() -> UUID:
    return contexte_courant().personne_id
