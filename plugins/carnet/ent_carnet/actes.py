"""Les actes que le carnet inscrit au journal, tels que l'établissement les y lit."""

from __future__ import annotations

from collections.abc import Mapping

from ent_core.brique import ActeDit

from ent_carnet.libelles import PUNITIONS
from ent_carnet.nomenclatures import ActeDemandeAbsence, EtatJustification, Indicateur, MotifSignalement

__all__ = ["ACTES"]

_SIGNALES: Mapping[str, Mapping[str, str]] = {
    "motif": {MotifSignalement.ABSENTEISME: "absentéisme", MotifSignalement.ABANDON: "abandon"}
}
_INDICATEURS: Mapping[str, str] = {
    Indicateur.RECEVABLE: "recevable",
    Indicateur.REGLE: "règle l'absence",
    Indicateur.COMPTE: "compte au bulletin",
    Indicateur.AFFICHABLE: "montré à la famille",
}
_NATURES: Mapping[str, str] = {nature: mots.lower() for nature, mots in PUNITIONS.items()}
_DEMANDE: Mapping[str, str] = {
    "inviter": "A invité une famille à demander une autorisation d'absence",
    ActeDemandeAbsence.RECEVOIR: "A noté qu'une demande d'autorisation d'absence est reçue",
    ActeDemandeAbsence.TRANSMETTRE: "A transmis une demande d'autorisation d'absence à l'autorité académique",
    ActeDemandeAbsence.ACCORDER: "A noté qu'une autorisation d'absence est accordée",
    ActeDemandeAbsence.REFUSER: "A noté qu'une autorisation d'absence est refusée",
    ActeDemandeAbsence.LEVER: "A levé le doute sur une absence",
}

ACTES = (
    ActeDit(
        "carnet.absences_importees",
        "A importé {lignes:absence|absences}, et laissé {laissees:ligne|lignes}",
    ),
    ActeDit("carnet.absences_reglees", "A changé les réglages des absences"),
    ActeDit("carnet.autorisation", "{acte}", {"acte": _DEMANDE}),
    ActeDit("carnet.contact_retire", "A retiré un contact avec une famille, noté par erreur"),
    ActeDit(
        "carnet.decision_reprise",
        "A repris sa décision sur un motif qu'une famille a donné : {decision}",
        {"decision": {EtatJustification.ACCEPTEE: "accepté", EtatJustification.REFUSEE: "refusé"}},
    ),
    ActeDit("carnet.decomptes_scelles", "A scellé {eleves:décompte|décomptes} de la période {periode}"),
    ActeDit(
        "carnet.desaccord",
        "A {acte} un désaccord entre responsables",
        {"acte": {"signaler": "noté", "lever": "levé"}},
    ),
    ActeDit("carnet.dossier_absences_imprime", "A imprimé le dossier d'absences d'un élève"),
    ActeDit(
        "carnet.import_annule",
        "A annulé un import d'absences : {annulees:annulée|annulées}, {gardees:gardée|gardées}",
    ),
    ActeDit("carnet.lot_defait", "A défait le règlement de {absences:absence|absences}"),
    ActeDit("carnet.lot_traite", "A réglé ensemble {absences:absence|absences}"),
    ActeDit(
        "carnet.proposition_acceptee",
        "A répondu à une punition proposée par une punition : {nature}",
        {"nature": _NATURES},
    ),
    ActeDit("carnet.proposition_deposee", "A proposé une punition : {nature}", {"nature": _NATURES}),
    ActeDit("carnet.proposition_refusee", "A refusé une punition proposée, avec un mot"),
    ActeDit("carnet.proposition_remise", "A reproposé une punition : {nature}", {"nature": _NATURES}),
    ActeDit("carnet.proposition_retiree", "A retiré sa punition proposée : {nature}", {"nature": _NATURES}),
    ActeDit(
        "carnet.motif_change",
        "A changé un motif d'absence : {indicateur}, {valeur}",
        {"indicateur": _INDICATEURS, "valeur": {"True": "oui", "False": "non"}},
    ),
    ActeDit("carnet.papier_imprime", "A imprimé {nombre:feuille|feuilles} du carnet"),
    ActeDit(
        "carnet.reglement_change",
        "{donnee} l'adresse du règlement intérieur",
        {"donnee": {"True": "A donné", "False": "A retiré"}},
    ),
    ActeDit("carnet.signalement_decide", "A décidé un signalement pour {motif}", _SIGNALES),
    ActeDit("carnet.signalement_ecarte", "A écarté un signalement pour {motif}", _SIGNALES),
    ActeDit("carnet.signalement_propose", "A proposé un signalement pour {motif}", _SIGNALES),
)
"""Aucun nom : le journal dit qui a fait quoi, jamais sur quel élève."""
