"""Le recompte de la nuit : un seuil que rien n'a réveillé la veille est juste le lendemain matin.

Les seuils se recomptent quand une absence s'ouvre ou se traite ; mais l'appel qui constate une absence déjà
annoncée n'en ouvre aucune, un emploi du temps change, une correction se défait.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from dateutil.relativedelta import relativedelta
from ent_core.brique import FUSEAU, Horloge, TacheParEtablissement, annee_scolaire
from sqlalchemy import select, union
from sqlalchemy.orm import Session

from ent_carnet.modeles import Absence, Alerte, Fait
from ent_carnet.services import seuils
from ent_carnet.services.motifs import reglage

__all__ = ["TACHES", "recompter"]


def recompter(session: Session, uai: str, horloge: Horloge) -> int:
    """Recompte, ce jour compris, les élèves qu'une absence, un fait ou une alerte concerne.

    Rejoué, il ne change rien.

    Au mois civil, le mois en cours et le précédent suffisent ; un mois glissant se compte depuis la rentrée.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param horloge: horloge de l'instance.
    :returns: alertes ouvertes.
    """
    jour = horloge.aujourd_hui()
    annee, demain = annee_scolaire(jour), jour + timedelta(days=1)
    du = date(annee, 8, 1)
    if not reglage(session, uai).mois_glissant:
        du = max(du, jour.replace(day=1) - relativedelta(months=1))
    eleves = _concernes(session, uai, annee, du, demain)
    return len(seuils.evaluer(session, uai, annee, du, demain, eleves)) if eleves else 0


def _concernes(session: Session, uai: str, annee: int, du: date, au: date) -> set[UUID]:
    debut, fin = (datetime.combine(le, time(), FUSEAU) for le in (du, au))
    enonces: list[Any] = [
        select(table.eleve_id).where(table.uai == uai, table.annee == annee, *criteres)
        for table, criteres in (
            (Absence, (Absence.debut < fin, Absence.fin > debut, Absence.annulee_le.is_(None))),
            (Fait, (Fait.debut >= debut, Fait.debut < fin, Fait.retire_le.is_(None))),
            (Alerte, (Alerte.au >= du, Alerte.suite.is_(None))),
        )
    ]
    return set(session.scalars(union(*enonces)))


TACHES = (
    TacheParEtablissement(
        "carnet.recompter_seuils",
        recompter,
        periode="40 4 * * *",
        libelle="Recompter les absences qui atteignent un seuil",
    ),
)
"""Avant l'aube, quand les imports de la nuit sont passés."""
