"""Les motifs qu'une famille a envoyés, et où ils en sont ; qui les a envoyés ne se dit pas (FAM-04).

Deux responsables qui se contredisent l'apprennent, chacun, sans que l'un lise ce que l'autre a dit (FAM-05).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    FUSEAU,
    UAI,
    Base,
    Contexte,
    lire,
)
from sqlalchemy import Select, and_, bindparam, case, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Justification, Motif
from ent_carnet.nomenclatures import EtatJustification

__all__ = ["Envoi", "a_deja_envoye", "derniers_envois", "un_envoi"]

_MONTRES = 5
_tables = Base.metadata.tables


class Envoi(NamedTuple):
    """Un motif envoyé.

    :param motif: vide, s'il vient d'un autre responsable qui contredit la personne qui lit.
    :param sien: c'est la personne qui lit qui l'a envoyé : elle peut le retirer.
    :param contredit: un autre responsable a donné un motif contraire.
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
    genre: str
    contredit: bool

    @property
    def jour(self) -> date:
        """Jour où cela commence, à l'heure de Paris."""
        return self.debut.astimezone(FUSEAU).date()


def _envois() -> Select[Any]:
    j, m = _tables[Justification.__tablename__].c, _tables[Motif.__tablename__].c
    autre, du_meme_genre = j.id.table.alias("autre").c, m.id.table.alias("autre_motif").c
    sien = (j.declarant_id == bindparam("lecteur")).is_(True)
    contredit = (
        select(autre.id)
        .join_from(
            autre.id.table, du_meme_genre.id.table,
            and_(du_meme_genre.uai == autre.uai, du_meme_genre.id == autre.motif_id),
        )
        .where(
            autre.uai == j.uai, autre.annee == j.annee, autre.eleve_id == j.eleve_id,
            autre.etat != EtatJustification.RETIREE, autre.motif_id != j.motif_id,
            autre.declarant_id != j.declarant_id, du_meme_genre.genre == m.genre,
            autre.debut < j.fin, autre.fin > j.debut,
        )
        .exists()
    )  # fmt: skip
    colonnes: list[Any] = [
        j.id, j.eleve_id, j.debut, j.fin, case((contredit & ~sien, ""), else_=m.libelle), j.etat,
        j.recue_le, j.traitee_le, sien, m.genre, contredit,
    ]  # fmt: skip
    return (
        select(*colonnes)
        .join_from(j.id.table, m.id.table, and_(m.uai == j.uai, m.id == j.motif_id))
        .where(j.uai == UAI, j.annee == ANNEE)
    )


_envoi = _tables[Justification.__tablename__].c
_DERNIERS = (
    _envois()
    .where(_envoi.eleve_id == bindparam("eleve"))
    .order_by(_envoi.recue_le.desc(), _envoi.id.desc())
    .limit(_MONTRES)
)
_UN = _envois().where(_envoi.id == bindparam("envoi"))


def derniers_envois(session: Session, contexte: Contexte, eleve_id: UUID) -> list[Envoi]:
    """Les derniers motifs envoyés pour un élève, par qui que ce soit de la famille.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param eleve_id: élève, déjà atteint.
    """
    return [Envoi(*ligne) for ligne in lire(session, _DERNIERS, {**_ici(contexte), "eleve": eleve_id})]


def un_envoi(session: Session, contexte: Contexte, justification_id: UUID) -> Envoi | None:
    """Un motif envoyé, ou ``None`` ; l'élève est encore à borner par qui appelle.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param justification_id: motif envoyé.
    """
    ligne = lire(session, _UN, {**_ici(contexte), "envoi": justification_id}).one_or_none()
    return None if ligne is None else Envoi(*ligne)


def a_deja_envoye(
    session: Session, contexte: Contexte, eleve_id: UUID, debut: datetime, fin: datetime
) -> bool:
    """Vrai si la personne a elle-même un motif en attente sur ce moment.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui explique.
    :param eleve_id: élève, déjà atteint.
    :param debut: début.
    :param fin: fin.
    """
    j = Justification
    sien = select(j.id).where(
        j.uai == contexte.uai, j.annee == contexte.annee, j.eleve_id == eleve_id,
        j.declarant_id == contexte.personne_id, j.etat == EtatJustification.ENVOYEE,
        j.debut < fin, j.fin > debut,
    )  # fmt: skip
    return session.scalars(sien.limit(1)).first() is not None


def _ici(contexte: Contexte) -> dict[str, Any]:
    return {"uai": contexte.uai, "annee": contexte.annee, "lecteur": contexte.personne_id}
