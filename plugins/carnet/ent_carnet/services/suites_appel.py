"""Ce qu'un appel terminé entraîne : les absences à traiter, et les familles prévenues aussitôt (ABS-02).

Rien avant que l'appel soit terminé : un absent qui arrive une minute après n'alerte personne.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from ent_core.brique import Contexte, annuler_messages
from sqlalchemy.orm import Session

from ent_carnet.nomenclatures import NatureFait
from ent_carnet.services.appel import faits_du_jour
from ent_carnet.services.rapprochement import rapprocher
from ent_carnet.services.suites_absences import ABSENCE_A_LIRE, recompter, rectifier, signaler

__all__ = ["donner_suite"]

_A_SIGNALER = (NatureFait.ABSENT, NatureFait.RETARD)


def donner_suite(
    session: Session, contexte: Contexte, eleves: Collection[UUID], jour: date, instant: datetime
) -> None:
    """Accorde les absences avec l'appel, prévient les familles, et retient ce qui n'a plus lieu d'être dit.

    :param session: session de qui note l'appel.
    :param contexte: qui note.
    :param eleves: élèves notés ou corrigés.
    :param jour: jour de l'appel.
    :param instant: maintenant.
    """
    if not eleves:
        return
    accord = rapprocher(session, contexte.uai, contexte.annee, eleves, jour, instant)
    ouverts = {absence.eleve_id for absence in accord.ouvertes}
    recompter(session, contexte, ouverts, jour)
    if accord.annulees:
        encore = {f.eleve_id for f in faits_du_jour(session, contexte.uai, jour) if f.nature in _A_SIGNALER}
        rectifier(session, contexte, accord.corriges - encore - ouverts, jour)
        # L'absent devenu retardataire est redit, une fois : ce qui attendait de partir est remplacé.
        for eleve in ouverts:
            annuler_messages(session, contexte, sujet=ABSENCE_A_LIRE.cle, a_propos=eleve)
    signaler(session, contexte, accord.ouvertes)
