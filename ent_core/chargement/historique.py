"""L'histoire des bascules d'une brique : qui a décidé quoi, où, quand, pour quelles dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ent_core.chargement.modeles import Bascule
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.modeles import Etablissement, Personne

__all__ = ["BasculeEcrite", "lire", "lire_plusieurs", "ouvertes_a_part"]


@dataclass(frozen=True, slots=True)
class BasculeEcrite:
    """Une décision enregistrée en base.

    :param etablissement: nom de l'établissement ; vide pour toute l'académie.
    :param auteur: nom de qui a décidé, si la page ou l'API l'a su.
    """

    id: UUID
    brique: str
    uai: str | None
    etablissement: str
    ouverte: bool
    debut: date
    fin: date | None
    origine: str
    auteur: str
    auteur_id: UUID | None
    posee_le: datetime
    retiree_le: datetime | None

    @property
    def dernier_jour(self) -> date | None:
        """Dernier jour, compris, tel qu'on le dit aux personnes ; ``None`` sans fin."""
        return None if self.fin is None else self.fin - timedelta(days=1)


def lire(session: Session, brique: str, uai: str | None, *, limite: int = 50) -> list[BasculeEcrite]:
    """Décisions sur une brique, la plus récente d'abord.

    :param session: session de l'établissement, ou de l'académie.
    :param brique: identifiant de brique.
    :param uai: établissement (et décisions de l'académie) ; ``None`` pour toutes.
    :param limite: nombre de décisions.
    """
    enonce = _ENONCE.where(Bascule.brique == brique).order_by(Bascule.posee_le.desc(), Bascule.id.desc())
    if uai is not None:
        enonce = enonce.where(or_(Bascule.uai == uai, Bascule.uai.is_(None)))
    return [_ecrite(*ligne) for ligne in session.execute(enonce.limit(limite)).all()]


def lire_plusieurs(session: Session, identifiants: Iterable[UUID]) -> list[BasculeEcrite]:
    """Décisions encore en place parmi celles-ci, dans l'ordre des établissements.

    :param session: session de l'établissement, ou de l'académie.
    :param identifiants: décisions.
    """
    enonce = _ENONCE.where(Bascule.id.in_(list(identifiants)), Bascule.retiree_le.is_(None))
    return [_ecrite(*ligne) for ligne in session.execute(enonce.order_by(Etablissement.nom)).all()]


def ouvertes_a_part(session: Session, jour: date) -> dict[str, int]:
    """Nombre d'établissements où chaque brique est ouverte par leur propre décision.

    :param session: session de l'académie.
    :param jour: le jour.
    """
    dernieres = (
        select(Bascule.brique, Bascule.ouverte)
        .ext(distinct_on(Bascule.brique, Bascule.uai))
        .where(
            Bascule.uai.is_not(None),
            Bascule.retiree_le.is_(None),
            en_vigueur(Bascule, jour),
        )
        .order_by(Bascule.brique, Bascule.uai, Bascule.posee_le.desc())
        .subquery()
    )
    enonce = select(dernieres.c.brique, func.count()).where(dernieres.c.ouverte).group_by(dernieres.c.brique)
    return {brique: nombre for brique, nombre in session.execute(enonce)}


_ENONCE = (
    select(Bascule, Etablissement.nom, Personne.prenom, Personne.nom)
    .outerjoin(Etablissement, Etablissement.uai == Bascule.uai)
    .outerjoin(Personne, Personne.id == Bascule.posee_par)
)


def _ecrite(b: Bascule, etablissement: str | None, prenom: str | None, nom: str | None) -> BasculeEcrite:
    return BasculeEcrite(
        id=b.id,
        brique=b.brique,
        uai=b.uai,
        etablissement=etablissement or "",
        ouverte=b.ouverte,
        debut=b.debut,
        fin=b.fin,
        origine=b.origine,
        auteur=f"{prenom or ''} {nom or ''}".strip(),
        auteur_id=b.posee_par,
        posee_le=b.posee_le,
        retiree_le=b.retiree_le,
    )
