"""Les pages des réglages : motifs et indicateurs, demi-journée et seuils ; et l'import d'un fichier."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import (
    DonneeInvalide,
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)
from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_carnet.nomenclatures import Indicateur, LegitimiteMotif
from ent_carnet.permissions import REGLER, TRAITER
from ent_carnet.regles.csv_absences import decoder
from ent_carnet.regles.demi_journees import RegleDemiJournee
from ent_carnet.schemas.absences import ImportSaisi, IndicateurSaisi, ReglageSaisi
from ent_carnet.services import actes_absences, import_absences, indicateurs, motifs
from ent_carnet.services import dossier_absences as dossiers
from ent_carnet.vues.lecture import lire_formulaire
from ent_carnet.vues.pages import pages

__all__ = ["LEGITIMITES"]

_FICHIER = 2_000_000
LEGITIMITES = {
    LegitimiteMotif.MALADIE_ENFANT: "Maladie de l'enfant",
    LegitimiteMotif.MALADIE_PROCHE: "Maladie transmissible d'un proche",
    LegitimiteMotif.REUNION_SOLENNELLE: "Réunion solennelle de famille",
    LegitimiteMotif.COMMUNICATIONS: "Difficulté accidentelle des communications",
    LegitimiteMotif.ABSENCE_RESPONSABLES: "Absence temporaire des responsables",
    LegitimiteMotif.AUTRE_A_APPRECIER: "Autre, à apprécier",
    LegitimiteMotif.ETABLISSEMENT: "Sous la responsabilité de l'établissement",
}


@pages.get("/absences/motifs")
@exige(REGLER)
def motifs_d_absence() -> str:
    return render_template(
        "carnet/absences/motifs.html",
        motifs=motifs.lister(session_courante(), contexte_courant().uai),
        legitimites=LEGITIMITES,
        indicateurs=indicateurs.LIBELLES,
    )


@pages.get("/absences/motifs/<uuid:motif_id>")
@exige(REGLER)
def un_motif(motif_id: UUID) -> str:
    return _motif(motif_id)


@pages.post("/absences/motifs/<uuid:motif_id>")
@exige(REGLER)
def changer_le_motif(motif_id: UUID) -> Response | str:
    session, contexte, saisie = session_courante(), contexte_courant(), lire_formulaire(IndicateurSaisi())
    horloge, confirme = horloge_courante(), saisie.pop("confirmer")
    if not confirme:
        effet = indicateurs.previsualiser(
            session, contexte.uai, contexte.annee, motif_id, **saisie, auteur_id=contexte.personne_id,
            instant=horloge.maintenant(),
        )  # fmt: skip
        return _motif(motif_id, saisie=saisie, effet=effet)
    actes_absences.changer_motif(session, contexte, horloge, motif_id, saisie)
    flash("Le motif est changé ; les états et les alertes sont recomptés.", "succes")
    return redirect(url_for(".un_motif", motif_id=motif_id))


@pages.get("/absences/reglages")
@exige(REGLER)
def reglages_des_absences() -> str:
    return render_template(
        "carnet/absences/reglages.html",
        reglage=motifs.reglage(session_courante(), contexte_courant().uai),
        regles=[
            (RegleDemiJournee.UNE_SEANCE.value, "Une séance manquée suffit"),
            (RegleDemiJournee.LA_MOITIE.value, "Il faut la moitié des séances"),
            (RegleDemiJournee.TOUTES.value, "Il les faut toutes"),
        ],
    )


@pages.post("/absences/reglages")
@exige(REGLER)
def regler_les_absences() -> Response:
    saisie = lire_formulaire(ReglageSaisi())
    actes_absences.regler(session_courante(), contexte_courant(), horloge_courante(), saisie)
    flash("Les réglages sont enregistrés. Ce qui est scellé n'a pas changé.", "succes")
    return redirect(url_for(".reglages_des_absences"))


@pages.get("/absences/import")
@exige(TRAITER)
def importer_des_absences() -> str:
    dossiers.exiger_l_etablissement(portee_courante())
    return _import()


@pages.post("/absences/import")
@exige(TRAITER, envoi=2 * _FICHIER)
def apercevoir_ou_importer() -> Response | str:
    session, contexte, horloge = session_courante(), contexte_courant(), horloge_courante()
    dossiers.exiger_l_etablissement(portee_courante())
    envoye = request.files.get("fichier")
    if envoye and envoye.filename:
        texte = decoder(envoye.stream.read(_FICHIER + 1))
        if len(texte) > _FICHIER:
            raise DonneeInvalide("ce fichier dépasse 2 Mo.", remede="le couper en plusieurs.")
        return _import(texte, import_absences.apercevoir(
            session, contexte.uai, contexte.annee, texte, contexte.jour
        ))  # fmt: skip
    saisie = lire_formulaire(ImportSaisi())
    _, apercu = actes_absences.importer(session, contexte, horloge, saisie["texte"])
    flash(f"{len(apercu.pretes)} absences sont importées.", "succes")
    return redirect(url_for(".importer_des_absences"))


@pages.post("/absences/import/<uuid:lot_id>/annuler")
@exige(TRAITER)
def annuler_l_import(lot_id: UUID) -> Response:
    dossiers.exiger_l_etablissement(portee_courante())
    annulees, gardees = actes_absences.annuler_import(
        session_courante(), contexte_courant(), horloge_courante(), lot_id
    )
    reste = f" {gardees} sont gardées : une personne les a traitées depuis." if gardees else ""
    flash(f"{annulees} absences sont annulées.{reste}", "succes")
    return redirect(url_for(".importer_des_absences"))


def _motif(motif_id: UUID, **apercu: Any) -> str:  # noqa: ANN401 - transmis au gabarit
    session, contexte = session_courante(), contexte_courant()
    return render_template(
        "carnet/absences/motif.html",
        motif=motifs.par_id(session, contexte.uai, motif_id),
        legitimites=LEGITIMITES,
        indicateurs=indicateurs.LIBELLES,
        historique=indicateurs.historique(session, contexte.uai, contexte.annee, motif_id),
        jour=contexte.jour,
        I=Indicateur,
        **apercu,
    )


def _import(texte: str = "", apercu: import_absences.Apercu | None = None) -> str:
    session, contexte = session_courante(), contexte_courant()
    return render_template(
        "carnet/absences/import.html",
        texte=texte,
        apercu=apercu,
        lots=import_absences.lots(session, contexte.uai, contexte.annee),
        codes=[(m.code, m.libelle) for m in motifs.lister(session, contexte.uai) if m.genre == "absence"],
    )
