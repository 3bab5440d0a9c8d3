"""Les punitions et les sanctions d'un élève, telles que lui et ses responsables les lisent.

L'affichage ne dure que l'année scolaire, et suit le choix de la famille : opposée, elle les lit sur papier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from ent_core.brique import Contexte
from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Affichage, InterdictionConservatoire, Punition, Retenue, SanctionEleve
from ent_carnet.nomenclatures import EtatSanction, NatureAffichage
from ent_carnet.services.dossier import Dossier, charger
from ent_carnet.services.lecture_famille import sur_papier

__all__ = ["DisciplineLue", "PunitionLue", "lire"]


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
            s.etat != EtatSanction.OUVERTE,
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


def _punitions(session: Session, contexte: Contexte, eleve_id: UUID, instant: datetime) -> list[PunitionLue]:
    p, r, a = Punition, Retenue, Affichage
    lignes = session.execute(
        select(p.id, p.nature, p.motif, p.jour, p.travail, p.accueil)
        .join(a, (a.uai == p.uai) & (a.annee == p.annee) & (a.objet_id == p.id))
        .where(
            p.uai == contexte.uai, p.annee == contexte.annee, p.eleve_id == eleve_id,
            p.annulee_le.is_(None), a.nature == NatureAffichage.PUNITION, a.retire_le.is_(None),
            a.visible_le <= instant,
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
