"""Ce que la famille lit des décisions : autorisation à demander, signalement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ent_core.brique import (
    ANNEE,
    UAI,
    Contexte,
    lire,
)
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import DemandeAbsence, Signalement
from ent_carnet.services import signalements

__all__ = ["AUCUN_SUIVI", "DemandeLue", "SuiviFamille", "suivi_de_la_famille"]

_demande = DemandeAbsence.__table__.c
_DEMANDES = (
    select(
        _demande.debut, _demande.fin, _demande.recue_le, _demande.transmise_le, _demande.repondue_le,
        _demande.reponse, _demande.levee_le,
    )
    .where(_demande.uai == UAI, _demande.annee == ANNEE, _demande.eleve_id == bindparam("eleve"))
    .order_by(_demande.debut.desc(), _demande.id)
)  # fmt: skip


class DemandeLue(NamedTuple):
    """Une autorisation d'absence, et où elle en est ; qui y a invité ne se dit pas."""

    debut: datetime
    fin: datetime
    recue_le: date | None
    transmise_le: date | None
    repondue_le: date | None
    reponse: str | None
    levee_le: date | None


@dataclass(frozen=True, slots=True)
class SuiviFamille:
    """Des dates et des états ; jamais ce qu'un responsable a dit à l'établissement (FAM-04).

    :param signalements: ce qui a été dit aux responsables ; lu du seul élève majeur.
    """

    demandes_absence: Sequence[DemandeLue] = ()
    signalements: Sequence[Signalement] = ()


AUCUN_SUIVI = SuiviFamille()


def suivi_de_la_famille(session: Session, contexte: Contexte, eleve_id: UUID) -> SuiviFamille:
    """Un énoncé ; un de plus pour l'élève lui-même.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param eleve_id: élève, déjà atteint.
    """
    valeurs = {"uai": contexte.uai, "annee": contexte.annee, "eleve": eleve_id}
    return SuiviFamille(
        [DemandeLue(*ligne) for ligne in lire(session, _DEMANDES, valeurs)],
        signalements.decides(session, contexte) if eleve_id == contexte.personne_id else (),
    )
