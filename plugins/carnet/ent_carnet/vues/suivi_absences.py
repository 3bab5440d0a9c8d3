"""Les pages du suivi : motifs proposés par les familles, alertes, décomptes scellés."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import (
    contexte_courant,
    eleves,
    exige,
    horloge_courante,
    nommer,
    periodes,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import SuiteAlerte
from ent_carnet.permissions import TRAITER
from ent_carnet.schemas.absences import ClotureSaisie, Fait
from ent_carnet.schemas.decisions import ExamenSaisi
from ent_carnet.services import actes_absences, decompte, examen, justifications, seuils
from ent_carnet.services import dossier_absences as dossiers
from ent_carnet.services.suites_absences import (
    accepter_un_motif,
    refuser_un_motif,
    reprendre_une_decision,
    reprendre_une_suite,
)
from ent_carnet.vues.lecture import lire_demande, lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["SUITES"]

SUITES = {
    SuiteAlerte.DIALOGUE: "Dialogue engagé avec la famille",
    SuiteAlerte.COMMISSION: "Commission éducative réunie",
    SuiteAlerte.AIDE: "Aide contractualisée, avec un référent",
    SuiteAlerte.SAISINE: "Autorité académique saisie",
    SuiteAlerte.SANS_SUITE: "Sans suite",
    SuiteAlerte.SANS_OBJET: "Sans objet depuis une correction",
}


@pages.get("/absences/motifs-proposes")
@exige(TRAITER)
def motifs_proposes() -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    attente = justifications.a_traiter(session, contexte.uai, contexte.annee, eleves(contexte, portee))
    concernes = {p for j in attente for p in (j.eleve_id, j.declarant_id) if p}
    fait = lire_demande(Fait())["fait"]
    return render_template(
        "carnet/absences/motifs_proposes.html",
        decidee=fait and justifications.decidee(session, contexte.uai, contexte.annee, fait, contexte.jour),
        attente=attente,
        noms=nommer(session, concernes),
        divisions=dossiers.divisions_du_jour(session, contexte, [j.eleve_id for j in attente]),
        motifs=dossiers.libelles(session, contexte.uai, portee),
        raisons=examen.a_examiner(session, contexte.uai, contexte.annee, attente),
    )


@pages.post("/absences/motifs-proposes/<uuid:justification_id>/accepter")
@exige(TRAITER)
def accepter_le_motif(justification_id: UUID) -> Response:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(ExamenSaisi())
    _atteindre_le_motif(justification_id)
    accepter_un_motif(session, contexte, justification_id, horloge_courante().maintenant(), **saisie)
    return redirect(url_for(".motifs_proposes", fait=justification_id))


@pages.post("/absences/motifs-proposes/<uuid:justification_id>/refuser")
@exige(TRAITER)
def refuser_le_motif(justification_id: UUID) -> Response:
    _atteindre_le_motif(justification_id)
    maintenant = horloge_courante().maintenant()
    refuser_un_motif(session_courante(), contexte_courant(), justification_id, maintenant)
    return redirect(url_for(".motifs_proposes", fait=justification_id))


@pages.post("/absences/motifs-proposes/<uuid:justification_id>/reprendre")
@exige(TRAITER)
def reprendre_le_motif(justification_id: UUID) -> Response:
    _atteindre_le_motif(justification_id)
    reprendre_une_decision(session_courante(), contexte_courant(), horloge_courante(), justification_id)
    flash("Le motif attend de nouveau une décision.", "succes")
    return redirect(url_for(".motifs_proposes"))


@pages.get("/absences/alertes")
@exige(TRAITER)
def alertes_d_absences() -> str:
    session, contexte = session_courante(), contexte_courant()
    ouvertes = seuils.ouvertes(session, contexte.uai, contexte.annee, eleves(contexte, portee_courante()))
    concernes = [alerte.eleve_id for alerte in ouvertes]
    return render_template(
        "carnet/absences/alertes.html",
        fait=lire_demande(Fait())["fait"],
        alertes=ouvertes,
        noms=nommer(session, concernes),
        divisions=dossiers.divisions_du_jour(session, contexte, concernes),
        libelles=seuils.LIBELLES,
        suites=[(s.value, texte) for s, texte in SUITES.items() if s is not SuiteAlerte.SANS_OBJET],
    )


@pages.post("/absences/alertes/<uuid:alerte_id>")
@exige(TRAITER)
def clore_l_alerte(alerte_id: UUID) -> Response:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(ClotureSaisie())
    alerte = seuils.trouver(session, contexte.uai, contexte.annee, alerte_id)
    dossiers.atteindre(session, contexte, portee_courante(), alerte.eleve_id)
    seuils.clore(
        session, contexte.uai, contexte.annee, alerte_id, suite=saisie["suite"],
        auteur_id=contexte.personne_id, jour=contexte.jour,
        referent_id=contexte.personne_id if saisie["referent"] else None,
    )  # fmt: skip
    return redirect(url_for(".alertes_d_absences", fait=alerte_id))


@pages.post("/absences/alertes/<uuid:alerte_id>/rouvrir")
@exige(TRAITER)
def rouvrir_l_alerte(alerte_id: UUID) -> Response:
    session, contexte = session_courante(), contexte_courant()
    alerte = seuils.trouver(session, contexte.uai, contexte.annee, alerte_id)
    dossiers.atteindre(session, contexte, portee_courante(), alerte.eleve_id)
    reprendre_une_suite(session, contexte, alerte)
    flash("L'alerte attend de nouveau une suite.", "succes")
    return redirect(url_for(".alertes_d_absences"))


@pages.get("/absences/decomptes")
@exige(TRAITER)
def decomptes_scelles() -> str:
    session, contexte = session_courante(), contexte_courant()
    dossiers.exiger_l_etablissement(portee_courante())
    toutes = periodes(session, contexte.uai, contexte.annee)
    tenus = {p.rang: decompte.scelles(session, contexte.uai, contexte.annee, p.rang) for p in toutes}
    ecarts = {
        p.rang: decompte.apres_scellement(session, contexte.uai, contexte.annee, p.rang)
        for p in toutes
        if tenus[p.rang]
    }
    return render_template(
        "carnet/absences/decomptes.html",
        periodes=toutes,
        scelles=tenus,
        ecarts=ecarts,
        noms=nommer(session, {e.eleve_id for siens in ecarts.values() for e in siens}),
        jour=contexte.jour,
    )


@pages.post("/absences/decomptes/<int:rang>")
@exige(TRAITER)
def sceller_la_periode(rang: int) -> Response:
    dossiers.exiger_l_etablissement(portee_courante())
    nombre = actes_absences.sceller(session_courante(), contexte_courant(), horloge_courante(), rang)
    dit = f"{nombre} décomptes sont scellés." if nombre > 1 else "Le décompte est scellé."
    flash(
        f"{dit} Une correction ultérieure se verra à part." if nombre else "Rien ne restait à sceller.",
        "succes",
    )
    return redirect(url_for(".decomptes_scelles"))


def _atteindre_le_motif(justification_id: UUID) -> None:
    session, contexte = session_courante(), contexte_courant()
    propose = justifications.trouver(session, contexte.uai, contexte.annee, justification_id)
    dossiers.atteindre(session, contexte, portee_courante(), propose.eleve_id)
