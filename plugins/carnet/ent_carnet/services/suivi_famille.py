"""Ce que la famille lit des décisions : autorisation à demander, désaccord, signalement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from ent_core.brique import Contexte
from sqlalchemy.orm import Session

from ent_carnet.modeles import DemandeAbsence, Signalement
from ent_carnet.services import demandes_absence, desaccords, signalements

__all__ = ["AUCUN_SUIVI", "SuiviFamille", "suivi_de_la_famille"]


@dataclass(frozen=True, slots=True)
class SuiviFamille:
    """Des dates et des états ; jamais ce qu'un responsable a dit à l'établissement (FAM-04).

    :param desaccord: l'établissement sait que les responsables ne sont pas d'accord.
    :param signalements: ce qui a été dit aux responsables ; lu du seul élève majeur.
    """

    demandes_absence: Sequence[DemandeAbsence] = ()
    desaccord: bool = False
    signalements: Sequence[Signalement] = ()


AUCUN_SUIVI = SuiviFamille()


def suivi_de_la_famille(session: Session, contexte: Contexte, eleve_id: UUID) -> SuiviFamille:
    """Deux énoncés ; un de plus pour l'élève lui-même.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param eleve_id: élève, déjà atteint.
    """
    return SuiviFamille(
        demandes_absence.de_l_eleve(session, contexte, eleve_id),
        desaccords.ouvert(session, contexte, eleve_id) is not None,
        signalements.decides(session, contexte) if eleve_id == contexte.personne_id else (),
    )
