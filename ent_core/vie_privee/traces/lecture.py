"""Lire les traces d'un accès ouvert, page à page, dans ses bornes ; et noter qu'on les a lues.

On cherche par la personne dont les données ont été touchées, ou par traitement : jamais par agent, et rien
n'est compté par agent (SURV-03).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.donnees.audiences import AUDIENCE
from ent_core.donnees.session import ROLE_ACADEMIE, ROLE_APPLICATION
from ent_core.identite.journal import consigner
from ent_core.socle.calendrier import FUSEAU, Horloge
from ent_core.vie_privee.traces.acces import exiger_ouvert
from ent_core.vie_privee.traces.modeles import TraceEcriture, TraceLecture
from ent_core.vie_privee.traces.modeles_acces import AccesTraces

__all__ = ["PAGE", "TraceLue", "lire"]

PAGE = 50
"""Traces montrées à la fois."""

_SERVICE = {ROLE_ACADEMIE: "service de l'académie", ROLE_APPLICATION: "service de l'ENT", AUDIENCE: "public"}


@dataclass(frozen=True, slots=True)
class TraceLue:
    """Une trace, dite.

    :param quand: jour d'une lecture, instant d'une écriture.
    :param acte: lecture, insert, update ou delete.
    :param colonnes: noms de colonnes ; vide pour un acte en nombre.
    """

    quand: date | datetime
    qui: UUID | None
    fonction: str
    traitement: str | None
    objet: str
    acte: str
    colonnes: tuple[str, ...]
    sujet: UUID | None
    lignes: int
    uai: str | None


def lire(
    session: Session, horloge: Horloge, acces: AccesTraces, lecteur: UUID, page: int = 1
) -> list[TraceLue]:
    """Une page de traces, les plus récentes d'abord ; une de plus que ``PAGE`` dit qu'il y a une suite.

    :param session: session de l'académie : elle seule lit les traces.
    :param acces: accès accordé.
    :param lecteur: personne qui lit.
    :param page: à partir de 1.
    :raises AccesRefuse: l'accès n'est pas le sien, ou n'est pas ouvert.
    """
    exiger_ouvert(horloge, acces, lecteur)
    enonce = _lectures(acces) if acces.journal == "lectures" else _ecritures(acces)
    lignes = session.execute(enonce.limit(PAGE + 1).offset((max(page, 1) - 1) * PAGE)).all()
    acces.lectures += 1
    consigner(
        session, horloge, "traces.lues", uai=acces.uai, acteur=lecteur, objet=str(acces.id),
        details={"journal": acces.journal, "nombre": min(len(lignes), PAGE), "page": page},
    )  # fmt: skip
    return [_dire(ligne) for ligne in lignes]


def _lectures(acces: AccesTraces) -> Select[*tuple[Any, ...]]:
    t = TraceLecture
    enonce = (
        select(
            t.jour.label("quand"),
            t.lecteur_id.label("qui"),
            t.role,
            t.traitement,
            t.colonnes,
            t.sujet_id,
            t.uai,
        )
        .where(t.jour >= acces.du, t.jour <= acces.au)
        .order_by(t.jour.desc(), t.id.desc())
    )
    return _borner(enonce, acces, t)


def _ecritures(acces: AccesTraces) -> Select[*tuple[Any, ...]]:
    t = TraceEcriture
    enonce = (
        select(
            t.instant.label("quand"), t.acteur_id.label("qui"), t.role, t.traitement, t.colonnes, t.sujet_id,
            t.uai, t.nom_table, t.operation, t.lignes,
        )
        .where(t.instant >= _minuit(acces.du), t.instant < _minuit(acces.au + timedelta(days=1)))
        .order_by(t.instant.desc(), t.id.desc())
    )  # fmt: skip
    return _borner(enonce, acces, t)


def _borner(enonce: Select[*tuple[Any, ...]], acces: AccesTraces, trace: Any) -> Select[*tuple[Any, ...]]:
    for colonne, valeur in (
        (trace.sujet_id, acces.sujet_id),
        (trace.traitement, acces.traitement),
        (trace.uai, acces.uai),
    ):
        if valeur is not None:
            enonce = enonce.where(colonne == valeur)
    return enonce


def _dire(ligne: Any) -> TraceLue:
    colonnes: Sequence[str] = ligne.colonnes or ()
    lecture = not hasattr(ligne, "operation")
    return TraceLue(
        quand=ligne.quand, qui=ligne.qui, fonction=_fonction(ligne.role), traitement=ligne.traitement,
        objet="" if lecture else ligne.nom_table, acte="lecture" if lecture else ligne.operation,
        colonnes=tuple(colonnes), sujet=ligne.sujet_id, lignes=1 if lecture else ligne.lignes, uai=ligne.uai,
    )  # fmt: skip


def _fonction(role: str) -> str:
    return _SERVICE.get(role) or LIBELLES_ROLES.get(role.removeprefix(f"{AUDIENCE}_"), "service de l'ENT")


def _minuit(jour: date) -> datetime:
    return datetime.combine(jour, time(), FUSEAU)
