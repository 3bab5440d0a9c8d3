"""Fermer un service éteint aussitôt les jetons qu'il tient."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.federation.fournisseur_oidc.modeles import JetonOidc
from ent_core.socle.calendrier import Horloge

__all__ = ["eteindre_service"]

_table = Base.metadata.tables[JetonOidc.__tablename__]
_j = _table.c


def eteindre_service(session: Session, horloge: Horloge, service: str, uai: str | None = None) -> None:
    """Éteint les jetons d'un service.

    :param service: identifiant du service.
    :param uai: seulement ceux donnés dans cet établissement.
    """
    eteints = update(_table).where(_j.service == service, _j.retire_le.is_(None))
    if uai is not None:
        eteints = eteints.where(_j.uai == uai)
    session.execute(eteints.values(retire_le=horloge.maintenant()))
