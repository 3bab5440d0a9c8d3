"""Les rappels : à un jour, à six heures, puis à l'échéance, une fois chacun."""

from __future__ import annotations

import logging
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.socle.calendrier import Horloge
from ent_core.vie_privee.violations.delai import compteur
from ent_core.vie_privee.violations.etapes import inscrire, numero
from ent_core.vie_privee.violations.modeles import Violation, ViolationEtape

__all__ = ["PALIERS", "a_notifier", "rappeler"]

PALIERS = (24, 6, 0)
"""Heures restantes auxquelles on rappelle."""

_journal = logging.getLogger("ent.violations")


def a_notifier(violation: Violation) -> bool:
    """Vrai tant que le délai court : ouverte, non notifiée, et non dispensée par une décision.

    :param violation: violation.
    """
    return violation.close_le is None and violation.notifiee_le is None and violation.cnil != "non"


def rappeler(session: Session, horloge: Horloge) -> list[tuple[Violation, int]]:
    """Note les rappels atteints et non encore faits ; le plus pressant seul, si plusieurs le sont.

    :param session: session de l'académie.
    :returns: violations rappelées, et leur palier.
    """
    ouvertes = session.scalars(
        select(Violation)
        .where(Violation.close_le.is_(None), Violation.notifiee_le.is_(None), Violation.cnil != "non")
        .order_by(Violation.connue_le)
    ).all()
    faits: list[tuple[Violation, int]] = []
    for violation in ouvertes:
        reste = compteur(violation.connue_le, horloge.maintenant()).reste
        atteints = [palier for palier in PALIERS if reste <= timedelta(hours=palier)]
        if not atteints or min(atteints) in _deja(session, violation):
            continue
        palier = min(atteints)
        inscrire(session, horloge, violation, "rappel", None, valeurs={"palier": palier})
        _journal.warning("violation_echeance", extra={"violation": numero(violation), "reste_h": palier})
        faits.append((violation, palier))
    return faits


def _deja(session: Session, violation: Violation) -> set[int]:
    etape = ViolationEtape
    enonce = select(etape.valeurs).where(etape.violation_id == violation.id, etape.acte == "rappel")
    # Une prise de connaissance corrigée déplace l'échéance : les rappels d'avant ne valent plus.
    corrigee = session.scalar(
        select(etape.instant)
        .where(etape.violation_id == violation.id, etape.valeurs.has_key("connue_le"))
        .order_by(etape.instant.desc())
        .limit(1)
    )
    if corrigee is not None:
        enonce = enonce.where(etape.instant >= corrigee)
    return {int(valeurs["palier"]) for valeurs in session.scalars(enonce)}
