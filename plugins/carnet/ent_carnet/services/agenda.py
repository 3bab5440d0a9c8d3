"""Les rendez-vous d'un élève et ceux d'un personnel : retenues, auditions, conseils, entretiens.

L'agenda d'un téléphone part chez l'hébergeur de ce téléphone : rien n'y dit de quoi il s'agit, ni pour qui.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from ent_core.brique import FUSEAU, Contexte, Portee
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Contact, Etape, Punition, Retenue, SanctionEleve
from ent_carnet.nomenclatures import CanalContact, EtatRetenue, EtatSanction
from ent_carnet.services.delai import lisible
from ent_carnet.services.dossier import AUDITION, CONSEIL, au_dossier

__all__ = ["Page", "RendezVous", "de_l_eleve", "du_personnel"]

_PASSES = timedelta(days=28)
"""Ce qui est passé depuis peu reste : une annulation doit encore atteindre les agendas."""

_VIVANTES = (EtatRetenue.PREVUE, EtatRetenue.FAITE, EtatRetenue.MANQUEE)


class Page(StrEnum):
    """La page à laquelle un rendez-vous renvoie : elle seule dit ce que c'est."""

    CARNET = "carnet"
    RETENUES = "retenues"
    PROCEDURE = "procedure"
    ABSENCES = "absences"


@dataclass(frozen=True, slots=True)
class RendezVous:
    """Un rendez-vous, sans motif ni nom.

    :param cle: ce qui le reconnaît d'un téléchargement à l'autre, report compris.
    :param debut: instant ; ou jour, quand l'heure n'est pas connue.
    :param fin: de même ; d'un jour, le lendemain ; ``None``, quand nul ne sait à quelle heure il finit.
    :param revision: nombre de reports.
    :param objet: élève, procédure ou jour que la page montre.
    """

    cle: str
    debut: datetime | date
    fin: datetime | date | None
    page: Page
    objet: UUID | date
    lieu: str = ""
    revision: int = 0
    annule: bool = False


def de_l_eleve(session: Session, contexte: Contexte, eleve_id: UUID, instant: datetime) -> list[RendezVous]:
    """Rendez-vous d'un élève, annulés compris ; deux énoncés. La page a déjà borné l'élève.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param eleve_id: élève.
    :param instant: maintenant : une retenue encore en correction n'y est pas.
    """
    p, r = Punition, Retenue
    # Annulée avant d'avoir été lisible, elle n'a jamais été montrée : il n'y a rien à annuler.
    retenues = session.execute(
        select(p.id, p.annulee_le, r.debut, r.fin, r.lieu, r.etat)
        .join(r, (r.uai == p.uai) & (r.annee == p.annee) & (r.punition_id == p.id))
        .where(
            p.uai == contexte.uai, p.annee == contexte.annee, p.eleve_id == eleve_id,
            lisible(contexte.uai, func.coalesce(p.annulee_le, instant)),
        )
        .order_by(p.id, r.id)
    ).all()  # fmt: skip
    siens = []
    for punition_id, lot in groupby(retenues, key=lambda ligne: ligne.id):
        suite = list(lot)
        derniere = suite[-1]
        siens.append(
            RendezVous(
                f"retenue:{punition_id}", derniere.debut, derniere.fin, Page.CARNET, eleve_id, derniere.lieu,
                len(suite) - 1, derniere.annulee_le is not None or derniere.etat == EtatRetenue.LEVEE,
            )
        )  # fmt: skip
    s = SanctionEleve
    convocations = _convocations(session, contexte, s.eleve_id == eleve_id, s.annee == contexte.annee)
    siens += [_reunion(lot, Page.CARNET, eleve_id) for lot in convocations]
    return _recents(siens, contexte.jour)


def du_personnel(
    session: Session, contexte: Contexte, portee: Portee, *, instruit: bool, joint: bool
) -> list[RendezVous]:
    """Rendez-vous d'un personnel : les retenues qu'il suit, les conseils, les entretiens qu'il a notés.

    Un lieu et une heure font un seul rendez-vous, quel que soit le nombre d'élèves.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lit.
    :param portee: périmètre accordé ; l'établissement donne toutes les retenues, sinon celles qu'il donne.
    :param instruit: avec les auditions et les conseils de discipline.
    :param joint: avec les entretiens.
    """
    siens = list(_surveillances(session, contexte, portee))
    if instruit:
        siens += [_reunion(lot, Page.PROCEDURE, lot[0].id) for lot in _convocations(session, contexte)]
    if joint:
        siens += _entretiens(session, contexte)
    return _recents(siens, contexte.jour)


def _surveillances(session: Session, contexte: Contexte, portee: Portee) -> Iterator[RendezVous]:
    p, r = Punition, Retenue
    vivantes = func.count().filter(r.etat.in_(_VIVANTES), p.annulee_le.is_(None))
    enonce = (
        select(r.debut, r.fin, r.lieu, vivantes)
        .join(p, (p.uai == r.uai) & (p.annee == r.annee) & (p.id == r.punition_id))
        .where(
            r.uai == contexte.uai, r.annee == contexte.annee,
            r.debut >= datetime.combine(contexte.jour - _PASSES, time(), FUSEAU),
        )
        .group_by(r.debut, r.fin, r.lieu)
    )  # fmt: skip
    if portee is not Portee.ETABLISSEMENT:
        enonce = enonce.where(p.auteur_id == contexte.personne_id)
    for debut, fin, lieu, attendus in session.execute(enonce):
        jour = debut.astimezone(FUSEAU).date()
        yield RendezVous(
            f"surveillance:{debut.timestamp():.0f}:{fin.timestamp():.0f}:{lieu}", debut, fin, Page.RETENUES,
            jour, lieu, annule=not attendus,
        )  # fmt: skip


class _Convocation(NamedTuple):
    """Une convocation d'une procédure : pour quand, et où."""

    id: UUID
    etat: str
    conseil_le: date | None
    nature: str
    reunion_le: datetime | None
    reunion_lieu: str | None

    @property
    def devant(self) -> str:
        """Qui entend l'élève : une audition et un conseil sont deux rendez-vous."""
        return "audition" if self.nature in AUDITION else "conseil"


def _convocations(
    session: Session, contexte: Contexte, *criteres: ColumnElement[bool]
) -> list[list[_Convocation]]:
    """Les convocations, réunies par rendez-vous, de la première à la dernière ; un énoncé."""
    s, e = SanctionEleve, Etape
    lignes = session.execute(
        select(s.id, s.etat, s.conseil_le, e.nature, e.reunion_le, e.reunion_lieu)
        .join(e, (e.uai == s.uai) & (e.sanction_id == s.id) & e.nature.in_((*AUDITION, *CONSEIL)))
        .where(s.uai == contexte.uai, s.etat != EtatSanction.OUVERTE, au_dossier(contexte), *criteres)
        .order_by(e.le, e.id)
    )  # fmt: skip
    reunies: dict[tuple[UUID, str], list[_Convocation]] = {}
    for ligne in lignes:
        une = _Convocation(*ligne)
        reunies.setdefault((une.id, une.devant), []).append(une)
    return list(reunies.values())


def _reunion(lot: Sequence[_Convocation], page: Page, objet: UUID) -> RendezVous:
    derniere = lot[-1]
    debut = derniere.reunion_le or derniere.conseil_le
    assert debut is not None  # noqa: S101 - une convocation d'avant l'heure et le lieu a au moins son jour
    fin = None if isinstance(debut, datetime) else debut + timedelta(days=1)
    return RendezVous(
        f"{derniere.devant}:{derniere.id}", debut, fin, page, objet, derniere.reunion_lieu or "",
        len(lot) - 1, derniere.etat == EtatSanction.CLASSEE,
    )  # fmt: skip


def _entretiens(session: Session, contexte: Contexte) -> list[RendezVous]:
    c = Contact
    notes = session.execute(
        select(c.id, c.eleve_id, c.le).where(
            c.uai == contexte.uai, c.annee == contexte.annee, c.canal == CanalContact.ENTRETIEN,
            c.auteur_id == contexte.personne_id, c.le >= contexte.jour, c.retire_le.is_(None),
        )
    )  # fmt: skip
    return [
        RendezVous(f"entretien:{id_}", le, le + timedelta(days=1), Page.ABSENCES, eleve_id)
        for id_, eleve_id, le in notes
    ]


def _recents(trouves: Iterable[RendezVous], jour: date) -> list[RendezVous]:
    gardes = [rdv for rdv in trouves if _jour(rdv.debut) >= jour - _PASSES]
    return sorted(gardes, key=lambda rdv: (_jour(rdv.debut), rdv.cle))


def _jour(debut: datetime | date) -> date:
    return debut.astimezone(FUSEAU).date() if isinstance(debut, datetime) else debut
