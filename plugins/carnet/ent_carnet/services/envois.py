"""Les motifs qu'une famille a envoyés, et où ils en sont ; qui les a envoyés ne se dit pas (FAM-04)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from ent_core.brique import Contexte
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Justification, Motif

__all__ = ["Envoi", "derniers_envois", "un_envoi"]

_MONTRES = 5


class Envoi(NamedTuple):
    """Un motif envoyé.

    :param sien: c'est la personne qui lit qui l'a envoyé : elle peut le retirer.
    """

    id: UUID
    eleve_id: UUID
    debut: datetime
    fin: datetime
    motif: str
    etat: str
    recue_le: date
    traitee_le: date | None
    sien: bool


def derniers_envois(session: Session, contexte: Contexte, eleve_id: UUID) -> list[Envoi]:
    """Les derniers motifs envoyés pour un élève, par qui que ce soit de la famille.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param eleve_id: élève, déjà atteint.
    """
    j = Justification
    enonce = _envois(contexte).where(j.eleve_id == eleve_id).order_by(j.recue_le.desc(), j.id.desc())
    return [Envoi(*ligne) for ligne in session.execute(enonce.limit(_MONTRES))]


def un_envoi(session: Session, contexte: Contexte, justification_id: UUID) -> Envoi | None:
    """Un motif envoyé, ou ``None`` ; l'élève est encore à borner par qui appelle.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param justification_id: motif envoyé.
    """
    ligne = session.execute(_envois(contexte).where(Justification.id == justification_id)).one_or_none()
    return None if ligne is None else Envoi(*ligne)


def _envois(contexte: Contexte) -> Select[Any]:
    j, m = Justification, Motif
    colonnes: list[Any] = [
        j.id, j.eleve_id, j.debut, j.fin, m.libelle, j.etat, j.recue_le, j.traitee_le,
        (j.declarant_id == contexte.personne_id).is_(True),
    ]  # fmt: skip
    return (
        select(*colonnes)
        .join(m, (m.uai == j.uai) & (m.id == j.motif_id))
        .where(j.uai == contexte.uai, j.annee == contexte.annee)
    )
