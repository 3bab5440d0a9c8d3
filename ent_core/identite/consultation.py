"""La consultation du journal des actes : filtrer, tourner les pages.

Dans un établissement, les connexions n'y sont pas : la direction n'a pas à savoir qui se connecte, ni quand
(SURV-01). Chacun voit les siennes dans « Mon compte » ; l'académie les garde pour la sécurité.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.identite.modeles import ActeJournal, Compte, Etablissement, Personne
from ent_core.socle.calendrier import FUSEAU

__all__ = ["CONNEXIONS", "ActeLu", "FiltreJournal", "consulter"]

CONNEXIONS = ("session", "sessions", "contexte")
"""Familles d'actes qui disent l'activité en ligne d'une personne."""

_IDENTIFIANT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOM = func.trim(func.coalesce(Personne.prenom, "") + " " + func.coalesce(Personne.nom, ""))


@dataclass(frozen=True, slots=True)
class FiltreJournal:
    """Ce que l'on cherche dans le journal.

    :param uai: établissement, sans les connexions ; ``None`` pour toute l'académie.
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
    """Une ligne du journal ; les noms viennent de l'annuaire, le journal n'en garde aucun.

    :param etablissement_nom: nom de l'établissement, s'il existe encore.
    :param concerne_nom: titulaire du compte sur lequel l'acte porte.
    """

    id: UUID
    instant: datetime
    acte: str
    uai: str | None
    etablissement_nom: str
    acteur_id: UUID | None
    acteur_nom: str
    concerne_nom: str
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
        select(ActeJournal, _NOM, func.coalesce(Etablissement.nom, ""))
        .outerjoin(Personne, Personne.id == ActeJournal.acteur_id)
        .outerjoin(Etablissement, Etablissement.uai == ActeJournal.uai)
        .order_by(ActeJournal.instant.desc(), ActeJournal.id.desc())
        .limit(limite + 1)
        .offset((max(page, 1) - 1) * limite)
    )
    if filtre.uai is not None:
        enonce = enonce.where(
            ActeJournal.uai == filtre.uai, func.split_part(ActeJournal.acte, ".", 1).not_in(CONNEXIONS)
        )
    if filtre.acte:
        enonce = enonce.where(ActeJournal.acte.startswith(filtre.acte, autoescape=True))
    if filtre.du:
        enonce = enonce.where(ActeJournal.instant >= _minuit(filtre.du))
    if filtre.au and filtre.au < date.max:
        enonce = enonce.where(ActeJournal.instant < _minuit(filtre.au + timedelta(days=1)))
    if filtre.acteur:
        enonce = enonce.where(ActeJournal.acteur_id == filtre.acteur)
    lignes = session.execute(enonce).all()
    titulaires = _titulaires(session, [acte for acte, *_ in lignes])
    return [
        ActeLu(
            id=acte.id,
            instant=acte.instant,
            acte=acte.acte,
            uai=acte.uai,
            etablissement_nom=etablissement,
            acteur_id=acte.acteur_id,
            acteur_nom=nom,
            concerne_nom=titulaires.get(acte.objet or "", ""),
            objet=acte.objet,
            details=acte.details,
            reseau=acte.reseau,
        )
        for acte, nom, etablissement in lignes
    ]


def _titulaires(session: Session, actes: Sequence[ActeJournal]) -> dict[str, str]:
    """Nom de la personne de chaque compte cité ; qui regarde n'apprend que les noms qu'il peut lire."""
    comptes = {acte.objet for acte in actes if acte.acte.startswith("compte.")}
    identifiants = [UUID(compte) for compte in comptes if compte and _IDENTIFIANT.fullmatch(compte)]
    if not identifiants:
        return {}
    enonce = (
        select(Compte.id, _NOM)
        .join(Personne, Personne.id == Compte.personne_id)
        .where(Compte.id == func.any(identifiants))
    )
    return {str(compte): nom for compte, nom in session.execute(enonce).all()}


def _minuit(jour: date) -> datetime:
    return datetime.combine(jour, time(), FUSEAU)
