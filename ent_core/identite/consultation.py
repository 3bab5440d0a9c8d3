"""La consultation du journal des actes : filtrer, tourner les pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite.modeles import ActeJournal, Personne
from ent_core.socle.calendrier import FUSEAU

__all__ = ["ActeLu", "FiltreJournal", "consulter"]


@dataclass(frozen=True, slots=True)
class FiltreJournal:
    """Ce que l'on cherche dans le journal.

    :param uai: établissement ; ``None`` pour toute l'académie.
    :param acte: début du nom de l'acte (« compte », « brique.ouverte »).
    :param du: premier jour, à l'heure de Paris.
    :param au: dernier jour, compris.
    :param acteur: personne qui a agi.
    """

    uai: str | None
    acte: str = ""
    du: date | None = None
    au: date | None = None
    acteur: UUID | None = None


@dataclass(frozen=True, slots=True)
class ActeLu:
    """Une ligne du journal ; le nom de l'acteur vient de l'annuaire, le journal n'en garde aucun."""

    id: UUID
    instant: datetime
    acte: str
    uai: str | None
    acteur_id: UUID | None
    acteur_nom: str
    objet: str | None
    details: dict[str, Any]
    reseau: str | None


def consulter(session: Session, filtre: FiltreJournal, *, limite: int, page: int = 1) -> Sequence[ActeLu]:
    """Actes du journal, le plus récent d'abord ; une ligne de plus que ``limite`` dit qu'il y a une suite.

    :param session: session de l'établissement, ou de l'académie.
    :param filtre: ce que l'on cherche.
    :param limite: lignes par page.
    :param page: numéro de page, à partir de 1.
    """
    enonce = (
        select(ActeJournal, Personne.prenom, Personne.nom)
        .outerjoin(Personne, Personne.id == ActeJournal.acteur_id)
        .order_by(ActeJournal.instant.desc(), ActeJournal.id.desc())
        .limit(limite + 1)
        .offset((max(page, 1) - 1) * limite)
    )
    if filtre.uai is not None:
        enonce = enonce.where(ActeJournal.uai == filtre.uai)
    if filtre.acte:
        enonce = enonce.where(ActeJournal.acte.startswith(filtre.acte, autoescape=True))
    if filtre.du:
        enonce = enonce.where(ActeJournal.instant >= _minuit(filtre.du))
    if filtre.au:
        enonce = enonce.where(ActeJournal.instant < _minuit(filtre.au + timedelta(days=1)))
    if filtre.acteur:
        enonce = enonce.where(ActeJournal.acteur_id == filtre.acteur)
    return [
        ActeLu(
            a.id,
            a.instant,
            a.acte,
            a.uai,
            a.acteur_id,
            f"{prenom or ''} {nom or ''}".strip(),
            a.objet,
            a.details,
            a.reseau,
        )
        for a, prenom, nom in session.execute(enonce).all()
    ]


def _minuit(jour: date) -> datetime:
    return datetime.combine(jour, time(), FUSEAU)
