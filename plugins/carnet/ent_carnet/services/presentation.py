"""Les lettres qui présentent le carnet aux familles : une par foyer (CARNET-06)."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import Contexte, divisions, expediteur, foyers, inscrits_du_jour
from sqlalchemy.orm import Session

from ent_carnet.services.lettres import ElevePrecise, Lettre, imprimer_lettres
from ent_carnet.services.lettres_suivi import presentation

__all__ = ["lettres", "modele"]


def lettres(session: Session, contexte: Contexte, division_id: UUID | None = None) -> tuple[bytes, int]:
    """Lettres d'une classe ou de toutes, et leur nombre ; vide s'il n'y en a aucune.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param division_id: division voulue ; par défaut, toutes.
    """
    ecole = expediteur(session, contexte.uai)
    inscrits = inscrits_du_jour(session, contexte.uai, contexte.annee, contexte.jour)
    eleves = [
        (eleve, division.libelle)
        for division in divisions(session, contexte.uai, contexte.annee)
        if division_id in (None, division.id)
        for eleve in inscrits.get(division.id, [])
    ]
    par_eleve = foyers(session, contexte, [eleve.id for eleve, _ in eleves])
    courriers = [
        (presentation(ElevePrecise(eleve.libelle, libelle), etablissement=ecole.nom), par_eleve[eleve.id])
        for eleve, libelle in eleves
        if eleve.id in par_eleve
    ]
    if not courriers:
        return b"", 0
    nombre = sum(len(foyers_) for _, foyers_ in courriers)
    return imprimer_lettres(ecole, contexte.jour, courriers), nombre


def modele(etablissement: str) -> Lettre:
    """La lettre, sans l'élève ni l'adresse, à lire avant de l'imprimer.

    :param etablissement: nom de l'établissement.
    """
    return presentation(ElevePrecise("", ""), etablissement=etablissement)
