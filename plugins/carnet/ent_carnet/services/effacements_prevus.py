"""Ce qui quittera les dossiers disciplinaires, et quand (DISC-22) : ni élève, ni faits."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import SanctionEleve
from ent_carnet.nomenclatures import EtatSanction, Sanction

__all__ = ["EffacementPrevu", "lister"]


class EffacementPrevu(NamedTuple):
    """Une procédure ou une sanction, et son terme.

    :param annee: année scolaire des faits.
    :param sanction: ``None`` d'une procédure sans sanction.
    :param efface_le: ``None``, au terme de la scolarité du second degré.
    """

    id: UUID
    annee: int
    etat: EtatSanction
    sanction: Sanction | None
    efface_le: date | None
    a_la_demande: bool


def lister(session: Session, uai: str, avant: date | None = None) -> list[EffacementPrevu]:
    """Échéances d'un établissement, la plus proche d'abord, celles sans date à la fin.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param avant: seulement ce qui s'efface avant ce jour ; par défaut, tout.
    """
    s = SanctionEleve
    enonce = select(
        s.id, s.annee, s.etat, s.sanction, s.efface_le, s.effacement_demande_le.is_not(None)
    ).where(s.uai == uai)
    if avant is not None:
        enonce = enonce.where(s.efface_le < avant)
    return [
        EffacementPrevu(id_, annee, EtatSanction(etat), Sanction(sanction) if sanction else None, le, demande)
        for id_, annee, etat, sanction, le, demande in session.execute(
            enonce.order_by(s.efface_le.nulls_last(), s.id)
        )
    ]
