"""Les punitions et les sanctions d'un élève, telles que lui et ses responsables les lisent.

L'affichage ne dure que l'année scolaire, et suit le choix de la famille : opposée, elle les lit sur papier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from ent_core.brique import Contexte
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import InterdictionConservatoire, Punition, Retenue, SanctionEleve
from ent_carnet.nomenclatures import EtatSanction
from ent_carnet.services.delai import lisible
from ent_carnet.services.dossier import Dossier, au_dossier, charger
from ent_carnet.services.lecture_famille import sur_papier

__all__ = ["DisciplineLue", "PunitionLue", "lire", "montree"]

_DECISION = (
    "sanction", "motivation", "prononcee_le", "jours", "heures", "du", "au", "sursis_jusqu_au", "efface_le",
)  # fmt: skip


class RetenueMontree(NamedTuple):
    """Une retenue : quand, où, et ce qu'elle est devenue."""

    debut: datetime
    fin: datetime
    lieu: str
    etat: str


@dataclass(frozen=True, slots=True)
class PunitionLue:
    """Une punition, telle que la famille la lit : ni les circonstances, ni qui l'a donnée."""

    id: UUID
    nature: str
    motif: str
    jour: date
    travail: str | None
    accueil: str | None
    retenues: tuple[RetenueMontree, ...]


@dataclass(frozen=True, slots=True)
class DisciplineLue:
    """Ce que la famille lit.

    :param opposee: elle n'emploie pas le service à l'écran : rien ne s'y montre.
    :param dossiers: procédures en cours et sanctions de l'année, avec leurs étapes.
    :param interdictions: interdictions d'accès, premier et dernier jour.
    """

    opposee: bool
    punitions: Sequence[PunitionLue] = ()
    dossiers: Sequence[Dossier] = ()
    interdictions: Sequence[tuple[date, date]] = ()


def lire(session: Session, contexte: Contexte, eleve_id: UUID, instant: datetime) -> DisciplineLue:
    """Ce que la famille lit aujourd'hui d'un élève ; la page a déjà borné l'élève.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param eleve_id: élève.
    :param instant: maintenant : une punition encore en correction n'est pas montrée.
    """
    if sur_papier(session, contexte, eleve_id):
        return DisciplineLue(opposee=True)
    s = SanctionEleve
    # Ouverte, la procédure n'est pas encore dite : les faits se notifient d'abord.
    suivies = session.scalars(
        select(s.id)
        .where(
            s.uai == contexte.uai, s.eleve_id == eleve_id, s.annee == contexte.annee,
            s.etat != EtatSanction.OUVERTE, au_dossier(contexte),
        )
        .order_by(s.id.desc())
    ).all()  # fmt: skip
    i = InterdictionConservatoire
    interdictions = session.execute(
        select(i.du, i.au).where(
            i.uai == contexte.uai, i.annee == contexte.annee, i.eleve_id == eleve_id, i.levee_le.is_(None),
            i.au >= contexte.jour,
        )
    ).all()  # fmt: skip
    return DisciplineLue(
        opposee=False,
        punitions=_punitions(session, contexte, eleve_id, instant),
        dossiers=[charger(session, contexte, suivie) for suivie in suivies],
        interdictions=[(du, au) for du, au in interdictions],
    )


def montree(dossier: Dossier) -> dict[str, Any]:
    """Une procédure, telle que la famille la lit : prononcée et non notifiée, rien n'est dit de la décision.

    :param dossier: procédure dont les faits sont notifiés.
    """
    s = dossier.sanction
    dite: dict[str, Any] = {"id": s.id, "etat": s.etat, "etapes": dossier.etapes}
    if s.etat == EtatSanction.PRONONCEE:
        return dite
    dite |= {nom: getattr(s, nom) for nom in ("motif", "faits", "faits_le", "defense_jusqu_au", "conseil_le")}
    return dite | {nom: getattr(s, nom) for nom in _DECISION if s.sanction is not None}


def _punitions(session: Session, contexte: Contexte, eleve_id: UUID, instant: datetime) -> list[PunitionLue]:
    p, r = Punition, Retenue
    lignes = session.execute(
        select(p.id, p.nature, p.motif, p.jour, p.travail, p.accueil)
        .where(
            p.uai == contexte.uai, p.annee == contexte.annee, p.eleve_id == eleve_id,
            p.annulee_le.is_(None), lisible(contexte.uai, instant),
        )
        .order_by(p.jour.desc(), p.id.desc())
    ).all()  # fmt: skip
    retenues = session.execute(
        select(r.debut, r.fin, r.lieu, r.etat, r.punition_id)
        .where(
            r.uai == contexte.uai, r.annee == contexte.annee, r.punition_id.in_([li.id for li in lignes])
        )
        .order_by(r.id)
    ).all()  # fmt: skip
    return [
        PunitionLue(
            li.id, li.nature, li.motif, li.jour, li.travail, li.accueil,
            tuple(RetenueMontree(*une[:4]) for une in retenues if une.punition_id == li.id),
        )
        for li in lignes
    ]  # fmt: skip
