"""L'appel par l'API : la page elle-même s'en sert pour enregistrer chaque constat aussitôt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ent_core.brique import (
    Portee,
    contexte_courant,
    exige,
    horloge_courante,
    portee_courante,
    session_courante,
)

from ent_carnet.api.ressources import ressources
from ent_carnet.permissions import APPEL
from ent_carnet.regles.appel import Constat
from ent_carnet.regles.finesse import du_jour
from ent_carnet.schemas.appel import (
    AppelAttenduLu,
    AppelEcrit,
    AppelSaisi,
    ChoixDuJour,
    ChoixHeure,
    FeuilleLue,
)
from ent_carnet.services.appel import Attendu, attendus_de, attendus_du_jour
from ent_carnet.services.feuille import Ligne, ouvrir, page
from ent_carnet.services.saisie_appel import Enregistrement, Saisie, enregistrer

__all__ = ["ecrire_appel", "lire_appel", "lister_appels"]


@ressources.get("/appels")
@exige(APPEL)
@ressources.arguments(ChoixDuJour, location="query")
@ressources.response(200, AppelAttenduLu(many=True))
def lister_appels(choix: dict[str, Any]) -> list[dict[str, Any]]:
    """Appels d'un jour : les siens, ou ceux de l'établissement selon le périmètre."""
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    jour = choix["jour"] or contexte.jour
    if portee_courante() is Portee.ETABLISSEMENT:
        trouves: Sequence[Attendu] = attendus_du_jour(session, contexte.uai, jour, instant)
    else:
        trouves = attendus_de(session, contexte, jour, instant)[1]
    return [_attendu(attendu) for attendu in trouves]


@ressources.get("/appels/<uuid:seance_id>")
@exige(APPEL)
@ressources.arguments(ChoixHeure, location="query")
@ressources.response(200, FeuilleLue)
def lire_appel(choix: dict[str, Any], seance_id: UUID) -> dict[str, Any]:
    """Feuille d'appel d'une séance."""
    session, contexte, instant = session_courante(), contexte_courant(), horloge_courante().maintenant()
    ouverte = ouvrir(session, contexte, portee_courante(), seance_id, choix["heure"] - 1)
    montree = page(session, contexte, ouverte, instant)
    appel = ouverte.appel
    return {
        **_seance(ouverte.seance.id, ouverte.seance.structure, ouverte.seance.matiere),
        "heure": ouverte.rang + 1,
        "debut": ouverte.heure.debut,
        "fin": ouverte.heure.fin,
        "etat": montree.etat,
        "termine_le": du_jour(appel.termine_le, contexte.jour) if appel else None,
        "version": appel.version if appel else None,
        "heures": len(ouverte.heures),
        "ouverte": montree.ouverte,
        "eleves": [_eleve(ligne) for ligne in montree.lignes],
    }


@ressources.put("/appels/<uuid:seance_id>")
@exige(APPEL)
@ressources.arguments(ChoixHeure, location="query")
@ressources.arguments(AppelSaisi)
@ressources.response(200, AppelEcrit)
def ecrire_appel(choix: dict[str, Any], saisie: Saisie, seance_id: UUID) -> dict[str, Any]:
    """Note des élèves, ou termine l'appel. Un envoi répété ne change rien de plus."""
    return _ecrit(
        enregistrer(
            session_courante(),
            contexte_courant(),
            portee_courante(),
            horloge_courante().maintenant(),
            (seance_id, choix["heure"] - 1),
            saisie,
        )
    )


def _ecrit(ecrit: Enregistrement) -> dict[str, Any]:
    appel, noms, jour = ecrit.appel, ecrit.noms, contexte_courant().jour
    return {
        "version": appel.version,
        "fait_le": du_jour(appel.fait_le, jour),
        "termine": appel.termine_le is not None,
        "termine_le": du_jour(appel.termine_le, jour),
        "conflits": ecrit.conflits,
        "constats": [
            {
                "eleve_id": eleve,
                "fait_id": connue.fait_id,
                **_constat(connue.constat),
                "par": noms[connue.par].libelle if connue.par in noms else None,
                "le": du_jour(connue.le, jour),
            }
            for eleve, connue in ecrit.connues.items()
        ],
    }


def _eleve(ligne: Ligne) -> dict[str, Any]:
    return {
        "eleve_id": ligne.eleve.id,
        "nom": ligne.eleve.nom,
        "prenom": ligne.eleve.prenom,
        **_constat(ligne.constat),
        "vu": ligne.vu,
        "mention": ligne.mention,
        "prevu": ligne.prevu,
    }


def _constat(constat: Constat) -> dict[str, Any]:
    return {
        "etat": constat.nature or "present",
        "minutes": constat.minutes,
        "ailleurs": constat.ailleurs,
    }


def _attendu(attendu: Attendu) -> dict[str, Any]:
    seance = attendu.seance
    return {
        **_seance(seance.id, seance.structure, seance.matiere),
        "heure": attendu.rang + 1,
        "debut": attendu.heure.debut,
        "fin": attendu.heure.fin,
        "etat": attendu.etat,
        "termine_le": du_jour(attendu.appel.termine_le, contexte_courant().jour) if attendu.appel else None,
    }


def _seance(seance_id: UUID, structure: str, matiere: str) -> dict[str, Any]:
    return {"seance_id": seance_id, "structure": structure, "matiere": matiere}
