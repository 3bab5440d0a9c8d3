"""Les accès aux traces : demander, décider à deux, lire dans ses bornes. Jamais le chef d'établissement."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as ReponseWerkzeug

from ent_core.identite import annuaire
from ent_core.identite.lectures import nommer
from ent_core.socle.erreurs import AccesRefuse
from ent_core.vie_privee.traces import acces, lecture
from ent_core.vie_privee.traces.acces import DUREES, FENETRE, Etat, etat_de
from ent_core.vie_privee.traces.modeles_acces import AccesTraces
from ent_core.web.admin.pages import ReponsePage, lire, traiter
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige
from ent_core.web.vie_privee.droits_communs import academie
from ent_core.web.vie_privee.ici import intitules
from ent_core.web.vie_privee.violations_saisies import SaisieAcces, SaisieDecision, SaisiePage

__all__ = ["journaux"]

journaux = Blueprint("vie_privee_journaux", __name__, url_prefix="/vie-privee/journaux")
"""Pages des accès aux traces."""

LIRE, ACCORDER = "noyau.traces_lire", "noyau.traces_accorder"
_ETATS = {
    Etat.ATTEND: ("En attente", "a_faire"),
    Etat.OUVERT: ("Ouvert", "info"),
    Etat.REFUSE: ("Refusé", "refus"),
    Etat.FERME: ("Fermé", "neutre"),
}
_ACTES = {"lecture": "Lu", "insert": "Ajouté", "update": "Changé", "delete": "Supprimé"}


@journaux.get("/", endpoint="liste")
@exige(LIRE)
def page_acces() -> str:
    """Les accès demandés, et par qui ils ont été décidés."""
    return _liste()


@journaux.get("/decisions", endpoint="decisions")
@exige(ACCORDER)
def page_decisions() -> str:
    """La même liste, pour qui décide."""
    return _liste()


@journaux.get("/nouveau", endpoint="nouveau")
@exige(LIRE)
def page_nouveau() -> str:
    """Demander à lire des traces."""
    return _formulaire({})


@journaux.post("/nouveau")
@exige(LIRE)
def demander() -> ReponsePage:
    """Dépose une demande."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        saisie.pop("q")
        traitement = saisie.pop("traitement")
        connu = traitement if traitement in instance().registre.traitements else None
        with academie("demander à lire des traces") as session:
            acces.demander(
                session, instance().horloge, demandeur=contexte_courant().personne_id, traitement=connu,
                **saisie,
            )  # fmt: skip
        flash("La demande est déposée. Une autre personne doit l'accorder.", "succes")
        return redirect(url_for("vie_privee_journaux.liste"), 303)

    return traiter(SaisieAcces(), agir, _formulaire)


@journaux.get("/<uuid:acces_id>/decider", endpoint="decision")
@exige(ACCORDER)
def page_decider(acces_id: UUID) -> str:
    """Une demande, à accorder ou à refuser."""
    return _decision(acces_id, {})


@journaux.post("/<uuid:acces_id>/decider")
@exige(ACCORDER, reauthentification=True)
def decider(acces_id: UUID) -> ReponsePage:
    """Accorde ou refuse."""

    def agir(saisie: dict[str, Any]) -> ReponseWerkzeug:
        horloge, moi = instance().horloge, contexte_courant().personne_id
        with academie("décider d'un accès aux traces") as session:
            demande = acces.trouver(session, acces_id)
            if saisie["choix"] == "oui":
                acces.accorder(session, horloge, demande, moi)
            else:
                acces.refuser(session, horloge, demande, saisie["motif"], moi)
        flash("L'accès est ouvert." if saisie["choix"] == "oui" else "La demande est refusée.", "succes")
        return redirect(url_for("vie_privee_journaux.decisions"), 303)

    return traiter(SaisieDecision(), agir, lambda erreurs: _decision(acces_id, erreurs))


@journaux.post("/<uuid:acces_id>/clore")
@exige(LIRE)
def clore(acces_id: UUID) -> ReponseWerkzeug:
    """Ferme son accès : l'incident est instruit."""
    with academie("fermer un accès aux traces") as session:
        acces.clore(
            session, instance().horloge, acces.trouver(session, acces_id), contexte_courant().personne_id
        )
    flash("L'accès est fermé.", "succes")
    return redirect(url_for("vie_privee_journaux.liste"), 303)


@journaux.post("/<uuid:acces_id>/fermer")
@exige(ACCORDER)
def fermer(acces_id: UUID) -> ReponseWerkzeug:
    """Retire un accès que l'on a accordé."""
    with academie("retirer un accès aux traces") as session:
        acces.clore(
            session, instance().horloge, acces.trouver(session, acces_id), contexte_courant().personne_id
        )
    flash("L'accès est retiré.", "succes")
    return redirect(url_for("vie_privee_journaux.decisions"), 303)


@journaux.get("/<uuid:acces_id>", endpoint="lire")
@exige(LIRE, reauthentification=True)
def page_lire(acces_id: UUID) -> str:
    """Les traces d'un accès ouvert ; la lecture est consignée avant d'être montrée."""
    page = lire(SaisiePage())["page"]
    with academie("lire des traces") as session:
        demande = acces.trouver(session, acces_id)
        traces = lecture.lire(session, instance().horloge, demande, contexte_courant().personne_id, page)
        noms = nommer(session, [p for t in traces for p in (t.qui, t.sujet) if p])
        fiche = _fiche(demande)
    return render_template(
        "vie_privee/journal_lire.html", fiche=fiche, traces=traces[: lecture.PAGE], noms=noms, page=page,
        suite=len(traces) > lecture.PAGE, actes=_ACTES, titres=intitules(),
    )  # fmt: skip


def _liste() -> str:
    with academie("voir les accès aux traces") as session:
        demandes = acces.lister(session)
        fiches = [_fiche(demande) for demande in demandes]
        noms = nommer(session, [p for d in demandes for p in (d.demandeur_id, d.decidee_par) if p])
    ent, contexte = instance(), contexte_courant()
    return render_template(
        "vie_privee/journaux.html", fiches=fiches, noms=noms, titres=intitules(),
        demande=ent.habilitations.autorise(contexte, LIRE),
        decide=ent.habilitations.autorise(contexte, ACCORDER), moi=contexte.personne_id,
    )  # fmt: skip


def _decision(acces_id: UUID, erreurs: dict[str, str]) -> str:
    moi = contexte_courant().personne_id
    with academie("voir une demande d'accès aux traces") as session:
        demande = acces.trouver(session, acces_id)
        if demande.demandeur_id == moi:
            raise AccesRefuse(
                "on n'accorde pas sa propre demande.", remede="la faire décider par une autre personne."
            )
        fiche = _fiche(demande)
        noms = nommer(session, [p for p in (demande.demandeur_id, demande.sujet_id) if p])
    return render_template(
        "vie_privee/journal_decider.html", fiche=fiche, noms=noms, titres=intitules(), saisie=request.form,
        erreurs=erreurs,
    )  # fmt: skip


def _formulaire(erreurs: dict[str, str]) -> str:
    contexte = contexte_courant()
    source = request.form if request.method == "POST" else request.args
    q, choisie = source.get("q", "").replace("\x00", "").strip()[:100], source.get("sujet", type=UUID)
    with academie("demander à lire des traces") as session:
        sujet = nommer(session, [choisie]).get(choisie) if choisie else None
        trouvees: list[Any] = []
        if q and choisie is None:
            trouvees = list(
                annuaire.chercher(session, q, uai=None, jour=contexte.jour, annee=contexte.annee).personnes
            )
    return render_template(
        "vie_privee/journal_nouveau.html", q=q, trouvees=trouvees, sujet=sujet, durees=DUREES,
        fenetre=FENETRE.days, traitements=sorted(intitules().items(), key=lambda choix: choix[1]),
        saisie=source, erreurs=erreurs,
    )  # fmt: skip


def _fiche(demande: AccesTraces) -> dict[str, Any]:
    etat = etat_de(demande, instance().horloge.maintenant())
    return {"demande": demande, "etat": etat, "dit": _ETATS[etat][0], "ton": _ETATS[etat][1]}
