"""Les pages des absences : la liste à traiter, une absence, le dossier d'un élève, son décompte expliqué."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from ent_core.brique import (
    EntreeMenu,
    consigner,
    contexte_courant,
    eleves,
    exige,
    expediteur,
    horloge_courante,
    nommer,
    perimetre,
    periodes,
    peut,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from marshmallow import EXCLUDE
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import CanalContact, EtatAbsence, Genre
from ent_carnet.permissions import ABSENCES, TRAITER
from ent_carnet.schemas.absences import (
    DECISIONS,
    AbsenceSaisie,
    ChoixAbsences,
    ChoixIntervalle,
    ContactSaisi,
    TraitementSaisi,
)
from ent_carnet.services import absences, contacts, decompte, justifications, motifs, rapprochement, seuils
from ent_carnet.services import dossier_absences as dossiers
from ent_carnet.services.suites_absences import recompter, signaler
from ent_carnet.vues.formulaires import lire, tenter
from ent_carnet.vues.lecture import lire_demande, lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["MENU"]

MENU = (
    EntreeMenu(
        "carnet.liste_des_absences", "Absences", ABSENCES, ordre=120, icone="personnes",
        section=("carnet.reglement_interieur",),
    ),
)  # fmt: skip


@pages.get("/absences")
@exige(ABSENCES)
def liste_des_absences() -> str:
    session, contexte, portee = session_courante(), contexte_courant(), portee_courante()
    etat = lire_demande(ChoixAbsences())["etat"]
    traiter, uai, annee = peut(TRAITER), contexte.uai, contexte.annee
    suit = traiter and dossiers.suit_les_familles(contexte)
    atteints = eleves(contexte, perimetre(contexte, TRAITER) or portee)
    return render_template(
        "carnet/absences/liste.html",
        lignes=dossiers.lister(session, contexte, portee, etat),
        limite=dossiers.LIMITE,
        etat=etat,
        traiter=traiter,
        a_decider=len(justifications.a_traiter(session, uai, annee, atteints)) if suit else 0,
        alertes=len(seuils.ouvertes(session, uai, annee, atteints)) if traiter else 0,
        jour=contexte.jour,
    )


@pages.post("/absences/reprendre")
@exige(TRAITER)
def reprendre_les_appels() -> Response:
    session, contexte = session_courante(), contexte_courant()
    dossiers.exiger_l_etablissement(portee_courante())
    repris = rapprochement.rapprocher_le_jour(
        session, contexte.uai, contexte.annee, contexte.jour, horloge_courante().maintenant()
    )
    recompter(session, contexte, {absence.eleve_id for absence in repris.ouvertes})
    signaler(session, contexte, repris.ouvertes)
    nombre = len(repris.ouvertes)
    flash(
        "Les appels du jour sont repris : rien de nouveau." if not nombre
        else f"Les appels du jour sont repris : {nombre} à traiter de plus.", "succes",
    )  # fmt: skip
    return redirect(url_for(".liste_des_absences"))


@pages.get("/absences/<uuid:absence_id>")
@exige(TRAITER)
def une_absence(absence_id: UUID) -> str:
    session, contexte = session_courante(), contexte_courant()
    absence = absences.trouver(session, contexte.uai, contexte.annee, absence_id)
    dossiers.atteindre(session, contexte, portee_courante(), absence.eleve_id)
    concernes = {p for p in (absence.eleve_id, absence.auteur_id) if p}
    return render_template(
        "carnet/absences/absence.html",
        absence=absence,
        noms=nommer(session, concernes),
        motifs=motifs.lister(session, contexte.uai, Genre(absence.genre)),
    )


@pages.post("/absences/<uuid:absence_id>")
@exige(TRAITER)
def traiter_l_absence(absence_id: UUID) -> Response:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(TraitementSaisi())
    absence = absences.trouver(session, contexte.uai, contexte.annee, absence_id)
    dossiers.atteindre(session, contexte, portee_courante(), absence.eleve_id)
    absences.qualifier(
        session, contexte.uai, contexte.annee, [absence_id], motif_id=saisie["motif_id"],
        reglee=DECISIONS[saisie["decision"]], auteur_id=contexte.personne_id,
        instant=horloge_courante().maintenant(),
    )  # fmt: skip
    recompter(session, contexte, [absence.eleve_id])
    flash("L'absence est traitée.", "succes")
    return redirect(url_for(".dossier_d_absences", eleve_id=absence.eleve_id))


@pages.post("/absences/<uuid:absence_id>/annuler")
@exige(TRAITER)
def annuler_l_absence(absence_id: UUID) -> Response:
    session, contexte = session_courante(), contexte_courant()
    absence = absences.trouver(session, contexte.uai, contexte.annee, absence_id)
    dossiers.atteindre(session, contexte, portee_courante(), absence.eleve_id)
    absences.annuler(
        session, contexte.uai, contexte.annee, absence_id, auteur_id=contexte.personne_id,
        instant=horloge_courante().maintenant(),
    )  # fmt: skip
    recompter(session, contexte, [absence.eleve_id])
    flash("La période est annulée. Ce que l'appel a constaté n'a pas changé.", "succes")
    return redirect(url_for(".dossier_d_absences", eleve_id=absence.eleve_id))


@pages.get("/absences/eleves/<uuid:eleve_id>")
@exige(ABSENCES)
def dossier_d_absences(eleve_id: UUID) -> str:
    return _dossier(eleve_id)


def _dossier(eleve_id: UUID, erreurs: Mapping[str, str] | None = None) -> str:
    session, contexte, traiter = session_courante(), contexte_courant(), peut(TRAITER)
    joindre = traiter and dossiers.suit_les_familles(contexte)
    montre = dossiers.dossier(session, contexte, portee_courante(), eleve_id, joindre=joindre)
    return render_template(
        "carnet/absences/dossier.html",
        dossier=montre,
        traiter=traiter,
        motifs_a_donner=motifs.lister(session, contexte.uai, Genre.ABSENCE) if traiter else (),
        canaux=CanalContact,
        jour=contexte.jour,
        libelles_alertes=seuils.LIBELLES,
        saisie=request.form,
        erreurs=erreurs or {},
    )


@pages.post("/absences/eleves/<uuid:eleve_id>/ouvrir")
@exige(TRAITER)
def ouvrir_une_absence(eleve_id: UUID) -> Response | tuple[str, int]:
    dossiers.atteindre(session_courante(), contexte_courant(), portee_courante(), eleve_id)
    saisie, erreurs = lire(AbsenceSaisie(unknown=EXCLUDE))
    refus = None if erreurs else tenter(lambda: _ouvrir(eleve_id, saisie))
    if refus:
        erreurs = {"fin": f"{refus.message[:1].upper()}{refus.message[1:]}"}
    if erreurs:
        return _dossier(eleve_id, erreurs), 422
    flash("L'absence est notée.", "succes")
    return redirect(url_for(".dossier_d_absences", eleve_id=eleve_id))


def _ouvrir(eleve_id: UUID, saisie: Mapping[str, Any]) -> None:
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    absences.ouvrir(
        session, uai=contexte.uai, eleve_id=eleve_id, debut=saisie["debut"], fin=saisie["fin"],
        motif_cle=saisie["motif"], auteur_id=contexte.personne_id, instant=instant, genre=saisie["genre"],
        annoncee=saisie["fin"] > instant,
    )  # fmt: skip
    recompter(session, contexte, [eleve_id])


@pages.post("/absences/eleves/<uuid:eleve_id>/contact")
@exige(TRAITER)
def noter_un_contact(eleve_id: UUID) -> Response:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(ContactSaisi())
    dossiers.atteindre(session, contexte, portee_courante(), eleve_id)
    contacts.noter(
        session, uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id,
        responsable_id=saisie["responsable_id"], canal=saisie["canal"], abouti=saisie["abouti"],
        jour=saisie["le"] or contexte.jour, auteur_id=contexte.personne_id,
    )  # fmt: skip
    flash("Le contact est noté.", "succes")
    return redirect(url_for(".dossier_d_absences", eleve_id=eleve_id, _anchor="contacts"))


@pages.get("/absences/eleves/<uuid:eleve_id>/decompte")
@exige(ABSENCES)
def decompte_explique(eleve_id: UUID) -> str:
    session, contexte, choix = session_courante(), contexte_courant(), lire_demande(ChoixIntervalle())
    dossiers.atteindre(session, contexte, portee_courante(), eleve_id)
    du, au = choix["du"] or contexte.jour - timedelta(days=28), choix["au"] or contexte.jour
    comptes = decompte.compter_eleves(
        session, contexte.uai, contexte.annee, du, au + timedelta(days=1), [eleve_id],
        vu_le=horloge_courante().maintenant(),
    )  # fmt: skip
    compte = comptes.get(eleve_id, decompte.Compte((), (), 0))
    return render_template(
        "carnet/absences/decompte.html",
        eleve=nommer(session, [eleve_id])[eleve_id],
        compte=compte,
        lignes=[x for x in compte.lignes if choix["tout"] or x.manquees or x.sans_appel],
        tout=choix["tout"],
        du=du,
        au=au,
        un_jour=timedelta(days=1),
        periodes=periodes(session, contexte.uai, contexte.annee),
        reglage=motifs.reglage(session, contexte.uai),
    )


@pages.post("/absences/eleves/<uuid:eleve_id>/dossier")
@exige(TRAITER)
def dossier_individuel(eleve_id: UUID) -> str:
    """Le dossier que l'on remet à l'autorité académique : sur papier, tracé, hors de l'ENT (ABS-10)."""
    session, contexte = session_courante(), contexte_courant()
    montre = dossiers.dossier(session, contexte, portee_courante(), eleve_id, joindre=True)
    demain = contexte.jour + timedelta(days=1)
    comptes = decompte.compter_eleves(
        session, contexte.uai, contexte.annee, date(contexte.annee, 8, 1), demain, [eleve_id]
    )
    consigner(
        session, horloge_courante(), "carnet.dossier_absences_imprime", uai=contexte.uai,
        acteur=contexte.personne_id, objet=str(eleve_id),
    )  # fmt: skip
    return render_template(
        "carnet/absences/dossier_individuel.html",
        dossier=montre,
        compte=comptes.get(eleve_id, decompte.Compte((), (), 0)),
        expediteur=expediteur(session, contexte.uai),
        jour=contexte.jour,
        etats=EtatAbsence,
        libelles_alertes=seuils.LIBELLES,
        reference=request.path,
    )
