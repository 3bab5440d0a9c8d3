"""Ce que la brique sait faire. La session vient en premier ; l'appelant valide, jamais le service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from ent_core.brique import Contexte, EtatVignette, Introuvable, LigneVignette, Vignette
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_annonces import permissions
from ent_annonces.modeles import Mot

__all__ = ["MotAffiche", "afficher", "affiches", "retablir", "retirer", "vignette"]

_LIGNES = 5


@dataclass(frozen=True, slots=True)
class MotAffiche:
    """Un mot, tel qu'on le montre."""

    id: UUID
    texte: str
    dernier_jour: date


def affiches(session: Session, jour: date, limite: int | None = None) -> list[MotAffiche]:
    """Mots affichés un jour, du plus récent au plus ancien.

    :param session: session ouverte dans l'établissement.
    :param jour: le jour.
    :param limite: nombre de mots voulus ; par défaut, tous.
    """
    mots = session.scalars(
        select(Mot).where(Mot.fin > jour, Mot.retire_le.is_(None)).order_by(Mot.id.desc()).limit(limite)
    )
    return [_montrer(mot) for mot in mots]


def afficher(session: Session, contexte: Contexte, texte: str, dernier_jour: date) -> MotAffiche:
    """Affiche un mot.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui l'écrit.
    :param texte: le mot.
    :param dernier_jour: dernier jour d'affichage.
    """
    mot = Mot(
        uai=contexte.uai,
        auteur_id=contexte.personne_id,
        texte=texte,
        fin=dernier_jour + timedelta(days=1),
    )
    session.add(mot)
    session.flush()
    return _montrer(mot)


def retirer(session: Session, contexte: Contexte, mot_id: UUID, instant: datetime) -> None:
    """Retire un mot avant sa fin.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui le retire.
    :param mot_id: le mot.
    :param instant: quand.
    :raises Introuvable: aucun mot de ce nom dans l'établissement.
    """
    _trouver(session, contexte, mot_id).retire_le = instant


def retablir(session: Session, contexte: Contexte, mot_id: UUID) -> None:
    """Affiche de nouveau un mot retiré.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui le rétablit.
    :param mot_id: le mot.
    :raises Introuvable: aucun mot de ce nom dans l'établissement.
    """
    _trouver(session, contexte, mot_id).retire_le = None


def vignette(session: Session, contexte: Contexte) -> Vignette:
    """Les derniers mots, pour l'accueil.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    """
    lignes = tuple(
        LigneVignette(mot.texte, f"jusqu'au {mot.dernier_jour:%d/%m/%Y}")
        for mot in affiches(session, contexte.jour, _LIGNES)
    )
    return Vignette(
        "annonces.mots",
        "Annonces",
        lignes,
        permission=permissions.LIRE,
        etat=EtatVignette.NORMAL if lignes else EtatVignette.VIDE,
        vide="Aucune annonce aujourd'hui.",
        point="annonces.accueil",
    )


def _trouver(session: Session, contexte: Contexte, mot_id: UUID) -> Mot:
    mot = session.get(Mot, (contexte.uai, mot_id))
    if mot is None:
        raise Introuvable("ce mot n'existe pas.", remede="revenir à la liste des mots.")
    return mot


def _montrer(mot: Mot) -> MotAffiche:
    return MotAffiche(mot.id, mot.texte, mot.fin - timedelta(days=1))
