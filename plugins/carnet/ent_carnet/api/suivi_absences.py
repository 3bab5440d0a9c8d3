"""Le suivi des absences par l'API : dossier d'un élève, reprise des appels, périodes scellées, imports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.brique import (
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import ABSENCES, TRAITER
from ent_carnet.schemas.absences import ImportSaisi
from ent_carnet.schemas.suivi_absences import DossierLu, ImportAnnule, ImportLu, LotLu, NombreLu
from ent_carnet.services import absences, actes_absences, contacts, import_absences, rapprochement
from ent_carnet.services import dossier_absences as dossiers
from ent_carnet.services.suites_absences import recompter, signaler

__all__ = ["lire_le_dossier", "lister_les_imports"]


@ressources.get("/absences/eleves/<uuid:eleve_id>")
@exige(ABSENCES)
@ressources.response(200, DossierLu)
def lire_le_dossier(eleve_id: UUID) -> dossiers.Dossier:
    """Absences d'un élève, demi-journées des huit dernières semaines, ce qui change et les alertes."""
    return dossiers.dossier(
        session_courante(), contexte_courant(), portee_courante(), eleve_id, joindre=False
    )


@ressources.delete("/absences/<uuid:absence_id>")
@exige(TRAITER)
@ressources.response(204)
def annuler_une_absence(absence_id: UUID) -> None:
    """Annule une période, avec trace ; ce que l'appel a constaté ne change pas."""
    session, contexte = session_courante(), contexte_courant()
    absence = absences.trouver(session, contexte.uai, contexte.annee, absence_id)
    dossiers.atteindre(session, contexte, portee_courante(), absence.eleve_id)
    absences.annuler(
        session, contexte.uai, contexte.annee, absence_id, auteur_id=contexte.personne_id,
        instant=horloge_courante().maintenant(),
    )  # fmt: skip
    recompter(session, contexte, [absence.eleve_id])


@ressources.delete("/absences/contacts/<uuid:contact_id>")
@exige(TRAITER)
@ressources.response(204)
def retirer_un_contact_note(contact_id: UUID) -> None:
    """Retire un contact noté par erreur ; le journal dit qui."""
    contacts.retirer(
        session_courante(),
        contexte_courant(),
        portee_courante(),
        horloge_courante(),
        contact_id,
        du_jour=False,
    )


@ressources.post("/absences/reprise")
@exige(TRAITER)
@ressources.response(200, NombreLu)
def reprendre_les_appels_du_jour() -> dict[str, int]:
    """Reprend les appels du jour : ce qui est nouveau s'ouvre à traiter, et les familles sont prévenues."""
    session, contexte = session_courante(), contexte_courant()
    dossiers.exiger_l_etablissement(portee_courante())
    repris = rapprochement.rapprocher_le_jour(
        session, contexte.uai, contexte.annee, contexte.jour, horloge_courante().maintenant()
    )
    recompter(session, contexte, {absence.eleve_id for absence in repris.ouvertes})
    signaler(session, contexte, repris.ouvertes)
    return {"nombre": len(repris.ouvertes)}


@ressources.post("/decomptes/<int:rang>")
@exige(TRAITER)
@ressources.response(200, NombreLu)
def sceller_les_decomptes(rang: int) -> dict[str, int]:
    """Scelle les décomptes d'une période ; ce qui est scellé ne bouge plus."""
    dossiers.exiger_l_etablissement(portee_courante())
    nombre = actes_absences.sceller(session_courante(), contexte_courant(), horloge_courante(), rang)
    return {"nombre": nombre}


@ressources.get("/absences/imports")
@exige(TRAITER)
@ressources.response(200, LotLu(many=True))
def lister_les_imports() -> list[import_absences.Lot]:
    """Imports de l'année, et ce qu'il en reste."""
    contexte = contexte_courant()
    dossiers.exiger_l_etablissement(portee_courante())
    return import_absences.lots(session_courante(), contexte.uai, contexte.annee)


@ressources.post("/absences/imports")
@exige(TRAITER)
@ressources.arguments(ImportSaisi)
@ressources.response(200, ImportLu)
def importer_un_fichier(saisie: dict[str, Any]) -> dict[str, Any]:
    """Importe un fichier CSV d'absences ; sans ``confirmer``, rien ne change : c'est un aperçu."""
    session, contexte = session_courante(), contexte_courant()
    dossiers.exiger_l_etablissement(portee_courante())
    uai, annee, texte = contexte.uai, contexte.annee, saisie["texte"]
    if not saisie["confirmer"]:
        return {"apercu": import_absences.apercevoir(session, uai, annee, texte, contexte.jour), "lot": None}
    lot, apercu = actes_absences.importer(session, contexte, horloge_courante(), texte)
    return {"apercu": apercu, "lot": lot}


@ressources.delete("/absences/imports/<uuid:lot_id>")
@exige(TRAITER)
@ressources.response(200, ImportAnnule)
def annuler_un_import(lot_id: UUID) -> dict[str, int]:
    """Annule un import, sauf ce qu'une personne a traité depuis."""
    dossiers.exiger_l_etablissement(portee_courante())
    annulees, gardees = actes_absences.annuler_import(
        session_courante(), contexte_courant(), horloge_courante(), lot_id
    )
    return {"annulees": annulees, "gardees": gardees}
