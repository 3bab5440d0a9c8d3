"""« Qui a vu mes données » : le journal des lectures sensibles, rendu à la personne qu'elles concernent.

Il dit le jour, la fonction et le traitement, sans nommer l'agent : c'est ce que le droit d'accès ouvre, et le
journal n'est pas un outil de surveillance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.donnees.audiences import AUDIENCE
from ent_core.vie_privee.registre import Registre
from ent_core.vie_privee.traces.modeles import TraceLecture

__all__ = ["Consultation", "consultations"]


@dataclass(frozen=True, slots=True)
class Consultation:
    """Des lectures d'un même jour, d'une même fonction.

    :param personnes: nombre de personnes de cette fonction.
    """

    jour: date
    fonction: str
    traitement: str
    personnes: int


def consultations(
    session: Session, registre: Registre, personne: UUID, uai: str | None, *, limite: int = 50
) -> list[Consultation]:
    """Lectures de données sensibles d'une personne, les plus récentes d'abord.

    :param session: session de l'académie : elle seule lit ce journal.
    :param uai: établissement ; ``None``, tous.
    :param limite: nombre maximal de lignes.
    """
    trace = TraceLecture
    groupe = (trace.jour, trace.role, trace.traitement)
    enonce = (
        select(*groupe, func.count(trace.lecteur_id.distinct()))
        .where(
            trace.sujet_id == personne,
            or_(trace.lecteur_id.is_(None), trace.lecteur_id != personne),
        )
        .group_by(*groupe)
        .order_by(trace.jour.desc(), trace.role, trace.traitement)
        .limit(limite)
    )
    if uai is not None:
        enonce = enonce.where(or_(trace.uai == uai, trace.uai.is_(None)))
    return [
        Consultation(jour, _fonction(role), _intitule(registre, cle), max(nombre, 1))
        for jour, role, cle, nombre in session.execute(enonce)
    ]


def _fonction(role: str) -> str:
    return LIBELLES_ROLES.get(role.removeprefix(f"{AUDIENCE}_"), "service de l'ENT")


def _intitule(registre: Registre, cle: str) -> str:
    traitement = registre.traitements.get(cle)
    return traitement.intitule if traitement else cle
