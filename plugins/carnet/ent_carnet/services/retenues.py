"""Les retenues : où, quand, avec quel travail ; faites, manquées, reportées avec leur histoire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from ent_core.brique import (
    FUSEAU,
    Contexte,
    DonneeInvalide,
    Introuvable,
    OperationRefusee,
    PersonneNommee,
    Portee,
    eleves,
    nommer,
)
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from ent_carnet.modeles import Punition, Retenue
from ent_carnet.nomenclatures import EtatRetenue, MotifDiscipline
from ent_carnet.services.atteinte import exiger_atteint

__all__ = [
    "Creneau",
    "Occupation",
    "RetenueLue",
    "constater",
    "de_la_punition",
    "du_jour",
    "occupation",
    "prevoir",
    "reporter",
]

_DE_LA_PUNITION = and_(
    Retenue.uai == Punition.uai, Retenue.annee == Punition.annee, Retenue.punition_id == Punition.id
)
SUITES: Mapping[EtatRetenue, frozenset[EtatRetenue]] = {
    EtatRetenue.PREVUE: frozenset({EtatRetenue.FAITE, EtatRetenue.MANQUEE, EtatRetenue.LEVEE}),
    # Une erreur de pointage se défait ; ce qui est reporté ne revient pas.
    EtatRetenue.FAITE: frozenset({EtatRetenue.PREVUE}),
    EtatRetenue.MANQUEE: frozenset({EtatRetenue.PREVUE, EtatRetenue.LEVEE}),
    EtatRetenue.LEVEE: frozenset({EtatRetenue.PREVUE}),
    EtatRetenue.REPORTEE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Creneau:
    """Quand et où."""

    jour: date
    heure: time
    minutes: int
    lieu: str

    @property
    def debut(self) -> datetime:
        """Début, à Paris."""
        return datetime.combine(self.jour, self.heure, FUSEAU)

    @property
    def fin(self) -> datetime:
        """Fin, à Paris."""
        return self.debut + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class RetenueLue:
    """Une retenue, telle que la liste du jour la montre."""

    id: UUID
    punition_id: UUID
    eleve: PersonneNommee
    debut: datetime
    fin: datetime
    lieu: str
    etat: EtatRetenue
    motif: MotifDiscipline
    travail: str | None


@dataclass(frozen=True, slots=True)
class Occupation:
    """Combien d'élèves sont attendus ensemble, en un lieu."""

    lieu: str
    debut: datetime
    fin: datetime
    attendus: int


def prevoir(session: Session, contexte: Contexte, punition_id: UUID, creneau: Creneau) -> Retenue:
    """Prévoit la retenue d'une punition.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui la prévoit.
    :param punition_id: punition de l'année.
    :param creneau: quand et où.
    :raises DonneeInvalide: ce moment est passé, ou finit après l'année.
    """
    if creneau.jour < contexte.jour:
        raise DonneeInvalide(
            "une retenue se prévoit pour aujourd'hui ou plus tard.", remede="changer le jour."
        )
    retenue = Retenue(
        uai=contexte.uai, annee=contexte.annee, punition_id=punition_id, debut=creneau.debut,
        fin=creneau.fin, lieu=creneau.lieu,
    )  # fmt: skip
    session.add(retenue)
    session.flush()
    return retenue


def reporter(
    session: Session, contexte: Contexte, portee: Portee, retenue_id: UUID, creneau: Creneau
) -> Retenue:
    """Reporte une retenue prévue ou manquée ; l'ancienne reste, avec ce qu'elle est devenue.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui reporte.
    :param portee: périmètre de la permission.
    :param retenue_id: retenue.
    :param creneau: nouveau moment.
    :raises OperationRefusee: elle est faite, levée ou déjà reportée.
    """
    retenue, _ = _trouver(session, contexte, portee, retenue_id)
    if retenue.etat not in (EtatRetenue.PREVUE, EtatRetenue.MANQUEE):
        raise OperationRefusee("cette retenue ne se reporte plus.", remede="revenir à la liste du jour.")
    if retenue.etat == EtatRetenue.PREVUE:
        retenue.etat = EtatRetenue.REPORTEE
        session.flush()
    elif any(r.etat == EtatRetenue.PREVUE for r in de_la_punition(session, retenue.punition_id, contexte)):
        raise OperationRefusee("elle est déjà reportée.", remede="reporter celle qui est prévue.")
    return prevoir(session, contexte, retenue.punition_id, creneau)


def constater(
    session: Session, contexte: Contexte, portee: Portee, retenue_id: UUID, etat: EtatRetenue
) -> Retenue:
    """Pointe une retenue : faite, manquée, levée ; ou défait ce pointage.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui surveille.
    :param portee: périmètre de la permission.
    :param retenue_id: retenue.
    :param etat: ce qu'elle devient.
    :raises OperationRefusee: elle ne peut pas le devenir, ou n'a pas encore commencé.
    """
    retenue, punition = _trouver(session, contexte, portee, retenue_id)
    if etat not in SUITES[EtatRetenue(retenue.etat)] or punition.annulee_le is not None:
        raise OperationRefusee("cette retenue n'en est plus là.", remede="revenir à la liste du jour.")
    if etat in (EtatRetenue.FAITE, EtatRetenue.MANQUEE) and _jour(retenue) > contexte.jour:
        raise OperationRefusee("cette retenue n'a pas encore eu lieu.", remede="la pointer ce jour-là.")
    retenues = de_la_punition(session, retenue.punition_id, contexte)
    if etat is EtatRetenue.PREVUE and any(r.etat == EtatRetenue.PREVUE for r in retenues):
        raise OperationRefusee("une autre est déjà prévue à sa place.", remede="agir sur celle-là.")
    retenue.etat = etat
    retenue.surveille_par = contexte.personne_id if etat in (EtatRetenue.FAITE, EtatRetenue.MANQUEE) else None
    session.flush()
    return retenue


def de_la_punition(session: Session, punition_id: UUID, contexte: Contexte) -> Sequence[Retenue]:
    """Retenues d'une punition, de la première prévue à la dernière.

    :param session: session ouverte dans l'établissement.
    :param punition_id: punition.
    :param contexte: qui regarde.
    """
    r = Retenue
    return session.scalars(
        select(r)
        .where(r.uai == contexte.uai, r.annee == contexte.annee, r.punition_id == punition_id)
        .order_by(r.id)
    ).all()


def du_jour(session: Session, contexte: Contexte, portee: Portee, jour: date) -> list[RetenueLue]:
    """Retenues d'un jour dans le périmètre, par heure, lieu et nom ; deux énoncés.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param portee: périmètre de la permission.
    :param jour: le jour, à Paris.
    """
    p, r = Punition, Retenue
    lignes = session.execute(
        select(r.id, r.punition_id, p.eleve_id, r.debut, r.fin, r.lieu, r.etat, p.motif, p.travail)
        .join(p, _DE_LA_PUNITION)
        .where(
            *_du(contexte, jour), p.annulee_le.is_(None), p.eleve_id.in_(eleves(contexte, portee)),
        )
        .limit(500)
    ).all()  # fmt: skip
    noms = nommer(session, {ligne.eleve_id for ligne in lignes})
    lues = [
        RetenueLue(
            li.id, li.punition_id, noms[li.eleve_id], li.debut.astimezone(FUSEAU), li.fin.astimezone(FUSEAU),
            li.lieu, EtatRetenue(li.etat), MotifDiscipline(li.motif), li.travail,
        )
        for li in lignes if li.eleve_id in noms
    ]  # fmt: skip
    return sorted(lues, key=lambda lue: (lue.debut, lue.lieu, lue.eleve.nom, lue.eleve.prenom))


def occupation(session: Session, contexte: Contexte, jour: date) -> list[Occupation]:
    """Élèves attendus en retenue un jour, par lieu et par moment qui se touchent ; sans aucun nom.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param jour: le jour, à Paris.
    """
    r = Retenue
    lignes = session.execute(
        select(r.lieu, r.debut, r.fin, func.count())
        .where(*_du(contexte, jour), r.etat == EtatRetenue.PREVUE)
        .group_by(r.lieu, r.debut, r.fin)
    ).all()
    ensemble: Counter[tuple[str, datetime, datetime]] = Counter()
    for lieu, debut, fin, _ in lignes:
        ensemble[lieu, debut, fin] = sum(
            nombre for autre, du, au, nombre in lignes if autre == lieu and du < fin and debut < au
        )
    return [
        Occupation(lieu, debut.astimezone(FUSEAU), fin.astimezone(FUSEAU), nombre)
        for (lieu, debut, fin), nombre in sorted(ensemble.items(), key=lambda e: (e[0][1], e[0][0]))
    ]


def _du(contexte: Contexte, jour: date) -> tuple[ColumnElement[bool], ...]:
    debut = datetime.combine(jour, time(), FUSEAU)
    return (
        Retenue.uai == contexte.uai,
        Retenue.annee == contexte.annee,
        Retenue.debut >= debut,
        Retenue.debut < datetime.combine(jour + timedelta(days=1), time(), FUSEAU),
        Retenue.etat != EtatRetenue.REPORTEE,
    )


def _jour(retenue: Retenue) -> date:
    return retenue.debut.astimezone(FUSEAU).date()


def _trouver(
    session: Session, contexte: Contexte, portee: Portee, retenue_id: UUID
) -> tuple[Retenue, Punition]:
    retenue = session.get(Retenue, (contexte.uai, contexte.annee, retenue_id))
    punition = session.get(Punition, (contexte.uai, contexte.annee, retenue.punition_id)) if retenue else None
    if retenue is None or punition is None:
        raise Introuvable("cette retenue n'existe pas.", remede="revenir à la liste du jour.")
    exiger_atteint(session, contexte, portee, punition.eleve_id)
    if punition.auteur_id != contexte.personne_id and portee is not Portee.ETABLISSEMENT:
        raise OperationRefusee(
            "une retenue se suit par qui l'a donnée, la vie scolaire ou la direction.",
            remede="le leur demander.",
        )
    return retenue, punition
