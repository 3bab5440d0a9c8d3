"""Le règlement intérieur : son adresse, montrée partout où l'on y renvoie (ABS-13)."""

from __future__ import annotations

from ent_core.brique import (
    UAI,
    Contexte,
    Horloge,
    consigner,
    lire,
)
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Reglage
from ent_carnet.services.motifs import reglage

__all__ = ["ADRESSE", "adresse", "changer"]

_reglage = Reglage.__table__.c
ADRESSE = select(_reglage.reglement).where(_reglage.uai == UAI)
"""L'adresse d'un établissement, à lire seule ou avec le reste d'une page."""


def adresse(session: Session, uai: str) -> str:
    """Où le lire ; vide, l'établissement ne l'a pas encore dit.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    """
    return lire(session, ADRESSE, {"uai": uai}).scalar() or ""


def changer(session: Session, contexte: Contexte, horloge: Horloge, nouvelle: str) -> None:
    """Dit où lire le règlement intérieur.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui règle.
    :param horloge: horloge.
    :param nouvelle: adresse https ; vide, elle est ôtée.
    """
    reglage(session, contexte.uai).reglement = nouvelle or None
    consigner(
        session, horloge, "carnet.reglement_change", uai=contexte.uai, acteur=contexte.personne_id,
        details={"donnee": bool(nouvelle)},
    )  # fmt: skip
