"""Ce qui s'imprime, pour la page, pour l'API et pour la commande : un document, son nom, son nombre."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ent_core.brique import Contexte, Introuvable, annee_scolaire, expediteur, imprimer
from sqlalchemy.orm import Session

from ent_carnet.services import feuilles_appel, lettres_du_dossier, pack_de_panne, semaine_papier
from ent_carnet.services import presentation as presentations
from ent_carnet.services.pack_de_panne import DivisionDuPack

__all__ = [
    "Edition",
    "Gabarits",
    "alerte",
    "appel",
    "carnets",
    "convocation",
    "demande_absence",
    "exiger",
    "feuilles_de_panne",
    "pack",
    "presentation",
    "procedure",
    "punition",
    "signalement",
]

Gabarits = tuple[Callable[[DivisionDuPack], str], Callable[[list[DivisionDuPack]], str]]
"""Comment s'écrivent la page d'une classe du pack, et celle qui mène aux autres."""


@dataclass(frozen=True, slots=True)
class Edition:
    """Un document imprimé.

    :param nom: nom du fichier, avec son extension.
    :param nombre: feuilles, lettres ou exemplaires ; zéro, il n'y a rien à imprimer.
    :param rien: pourquoi, en ce cas.
    """

    nom: str
    contenu: bytes = b""
    nombre: int = 0
    rien: str = ""


def exiger(edition: Edition) -> Edition:
    """Refuse un document vide.

    :param edition: ce qui était demandé.
    :raises Introuvable: il n'y a rien à imprimer.
    """
    if not edition.nombre:
        raise Introuvable(edition.rien, remede="changer le jour ou la division, puis redemander.")
    return edition


def appel(session: Session, contexte: Contexte, jour: date, division_id: UUID | None = None) -> Edition:
    """Feuilles d'appel d'un jour.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param jour: le jour.
    :param division_id: division voulue ; par défaut, toutes.
    """
    voulues = {division_id} if division_id else None
    lot = feuilles_appel.feuilles(session, contexte.uai, annee_scolaire(jour), jour, voulues)
    nom = f"appel_{jour}.pdf"
    if not lot:
        return Edition(
            nom, rien="Aucune classe n'est ouverte cette année-là : il n'y a pas de feuille à imprimer."
        )
    contenu = feuilles_appel.donnees(lot, contexte.etablissement_nom, contexte.jour)
    return Edition(nom, imprimer("ent_carnet/appel", contenu), len(lot))


def carnets(
    session: Session,
    contexte: Contexte,
    jour: date,
    instant: datetime,
    *,
    division_id: UUID | None = None,
    tous: bool = False,
) -> Edition:
    """Carnets de la semaine d'un jour, une feuille par élève et par foyer.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param jour: un jour de la semaine.
    :param instant: maintenant.
    :param division_id: division voulue ; par défaut, toutes.
    :param tous: toutes les familles, et non celles qui gardent le papier.
    """
    imprimee = semaine_papier.semaine(
        session, contexte, jour, instant, division_id=division_id, papier_seul=not tous
    )
    nom, nombre = f"carnets_{imprimee.lundi}.pdf", len(imprimee.exemplaires)
    if not nombre:
        return Edition(
            nom, rien="Aucune famille n'a gardé le papier ici. Pour imprimer quand même, demandez « Toutes »."
        )
    return Edition(
        nom, imprimer("ent_carnet/semaine", semaine_papier.donnees(imprimee, contexte.jour)), nombre
    )


def presentation(session: Session, contexte: Contexte, division_id: UUID | None = None) -> Edition:
    """Lettres qui présentent le carnet, une par foyer.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param division_id: division voulue ; par défaut, toutes.
    """
    document, nombre = presentations.lettres(session, contexte, division_id)
    rien = "Aucune famille n'est connue dans cette classe : il n'y a pas de lettre à imprimer."
    return Edition("presentation_du_carnet.pdf", document, nombre, rien)


def pack(session: Session, contexte: Contexte, jour: date, gabarits: Gabarits) -> Edition:
    """Le pack de panne : une archive qui s'ouvre serveur éteint.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param jour: premier jour.
    :param gabarits: comment ses pages s'écrivent.
    """
    page, sommaire = gabarits
    archive, nombre = pack_de_panne.composer(
        session, contexte.uai, annee_scolaire(jour), jour, page=page, sommaire=sommaire,
        etablissement=expediteur(session, contexte.uai).nom, etabli_le=contexte.jour,
    )  # fmt: skip
    return Edition(f"pack_de_panne_{jour}.zip", archive, nombre, "Aucune classe n'est ouverte ici.")


def feuilles_de_panne(session: Session, contexte: Contexte, jour: date) -> Edition:
    """Les feuilles d'appel du pack, toutes classes et tous jours, en un seul document à imprimer.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param jour: premier jour.
    """
    ouvertes = pack_de_panne.preparer(session, contexte.uai, annee_scolaire(jour), jour)
    lot = [feuille for division in ouvertes for feuille in division.feuilles]
    nom = f"feuilles_de_panne_{jour}.pdf"
    if not lot:
        return Edition(nom, rien="Aucune classe n'est ouverte cette année-là.")
    contenu = feuilles_appel.donnees(lot, contexte.etablissement_nom, contexte.jour)
    return Edition(nom, imprimer("ent_carnet/appel", contenu), len(lot))


def punition(session: Session, contexte: Contexte, punition_id: UUID) -> Edition:
    """La lettre d'une punition.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param punition_id: punition.
    """
    lettre = lettres_du_dossier.lettre_de_punition(session, contexte, punition_id)
    return Edition("lettre_punition.pdf", lettre, 1)


def procedure(session: Session, contexte: Contexte, sanction_id: UUID) -> Edition:
    """La lettre qu'appelle l'état d'une procédure.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param sanction_id: procédure.
    """
    lettre = lettres_du_dossier.lettre_de_procedure(session, contexte, sanction_id)
    return Edition("lettre_sanction.pdf", lettre, 1)


def convocation(session: Session, contexte: Contexte, sanction_id: UUID) -> Edition:
    """La lettre de la dernière convocation d'une procédure.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param sanction_id: procédure.
    """
    lettre = lettres_du_dossier.lettre_de_convocation(session, contexte, sanction_id)
    return Edition("lettre_convocation.pdf", lettre, 1)


def alerte(session: Session, contexte: Contexte, alerte_id: UUID) -> Edition:
    """La lettre qui propose une rencontre au sujet d'absences.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param alerte_id: alerte.
    """
    lettre = lettres_du_dossier.lettre_d_alerte(session, contexte, alerte_id)
    return Edition("lettre_absences.pdf", lettre, 1)


def demande_absence(session: Session, contexte: Contexte, demande_absence_id: UUID) -> Edition:
    """La lettre qui invite à demander une autorisation d'absence.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param demande_absence_id: demande.
    """
    lettre = lettres_du_dossier.lettre_de_demande_absence(session, contexte, demande_absence_id)
    return Edition("lettre_autorisation.pdf", lettre, 1)


def signalement(session: Session, contexte: Contexte, signalement_id: UUID) -> Edition:
    """Les lettres d'un signalement : aux responsables, et à l'élève.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui imprime.
    :param signalement_id: signalement décidé.
    """
    lettres = lettres_du_dossier.lettres_de_signalement(session, contexte, signalement_id)
    return Edition("lettres_signalement.pdf", lettres, 2)
