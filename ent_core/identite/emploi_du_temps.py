"""L'emploi du temps d'un jour, pour un élève ou un enseignant : énoncés bâtis une fois."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Select, and_, bindparam, func, literal, select, union_all
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import ANNEE, JOUR, UAI, liste_liee
from ent_core.donnees.session import lire
from ent_core.identite.modeles import (
    Creneau,
    CreneauEnseignant,
    Division,
    Groupe,
    Inscription,
    Matiere,
    Personne,
)
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.matieres import matiere_lisible

__all__ = ["Seance", "prochain_jour", "seances_des_eleves", "seances_enseignant"]


@dataclass(frozen=True, slots=True)
class Seance:
    """Une séance, prête à montrer."""

    personne_id: UUID
    debut: datetime
    fin: datetime
    matiere: str
    structure: str
    enseignants: str
    salle: str
    etat: str


_tables = Base.metadata.tables
_creneau = _tables[Creneau.__tablename__]
_enseignant = _tables[CreneauEnseignant.__tablename__]
_division = _tables[Division.__tablename__]
_groupe = _tables[Groupe.__tablename__]
_inscription = _tables[Inscription.__tablename__]
_matiere = _tables[Matiere.__tablename__]
_personne = _tables[Personne.__tablename__]

_DEBUT: Any = bindparam("debut")
_FIN: Any = bindparam("fin")
_PERSONNES: Any = liste_liee("personnes")

_DU_JOUR = and_(
    _creneau.c.uai == UAI, _creneau.c.annee == ANNEE, _creneau.c.debut >= _DEBUT, _creneau.c.debut < _FIN
)


def _par_inscription(structure_inscrite: Any, structure_servie: Any) -> Select[Any]:
    return (
        select(_inscription.c.personne_id, _creneau)
        .select_from(_inscription)
        .join(
            _creneau,
            and_(
                _creneau.c.uai == _inscription.c.uai,
                _creneau.c.annee == _inscription.c.annee,
                structure_servie == structure_inscrite,
            ),
        )
        .where(
            _DU_JOUR,
            _inscription.c.personne_id == _PERSONNES,
            en_vigueur(_inscription.c, JOUR),
        )
    )


def _montrer(seances: FromClause, enseignants: Callable[[FromClause], Any]) -> Select[Any]:
    """Les libellés ne sont joints qu'aux séances trouvées."""
    c = seances.c
    ici = and_(_division.c.uai == c.uai, _division.c.annee == c.annee, _division.c.id == c.division_id)
    la = and_(_groupe.c.uai == c.uai, _groupe.c.annee == c.annee, _groupe.c.id == c.groupe_id)
    return (
        select(
            c.personne_id,
            c.debut,
            c.fin,
            func.coalesce(_matiere.c.libelle, c.matiere, "Séance").label("matiere"),
            func.coalesce(_division.c.libelle, _groupe.c.libelle, "").label("structure"),
            enseignants(seances).label("enseignants"),
            func.coalesce(c.salle, "").label("salle"),
            c.etat,
        )
        .select_from(seances)
        .outerjoin(_matiere, _matiere.c.code == c.matiere)
        .outerjoin(_division, ici)
        .outerjoin(_groupe, la)
    )


def _enseignants(seances: FromClause) -> Any:
    noms = (
        select(func.string_agg(func.concat_ws(" ", _personne.c.civilite, _personne.c.nom), ", "))
        .select_from(_enseignant)
        .join(_personne, _personne.c.id == _enseignant.c.personne_id)
        .where(
            _enseignant.c.uai == seances.c.uai,
            _enseignant.c.annee == seances.c.annee,
            _enseignant.c.creneau_id == seances.c.id,
        )
        .correlate(seances)
        .scalar_subquery()
    )
    return func.coalesce(noms, "")


_ELEVES = _montrer(
    union_all(
        _par_inscription(_inscription.c.division_id, _creneau.c.division_id),
        _par_inscription(_inscription.c.groupe_id, _creneau.c.groupe_id),
    ).subquery("seance"),
    _enseignants,
)
_ENSEIGNANT = _montrer(
    select(_enseignant.c.personne_id, _creneau)
    .join(
        _creneau,
        and_(
            _creneau.c.uai == _enseignant.c.uai,
            _creneau.c.annee == _enseignant.c.annee,
            _creneau.c.id == _enseignant.c.creneau_id,
        ),
    )
    .where(_DU_JOUR, _enseignant.c.personne_id == _PERSONNES)
    .subquery("seance"),
    lambda _seances: literal(""),
)


_PROCHAINE = select(func.min(_creneau.c.debut)).where(_DU_JOUR)
_HORIZON = timedelta(days=21)


def prochain_jour(session: Session, uai: str, annee: int, apres: date) -> date | None:
    """Prochain jour de cours de l'établissement, trois semaines au plus après un jour.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param apres: jour exclu.
    """
    debut = datetime.combine(apres + timedelta(days=1), time(), FUSEAU)
    prochaine = lire(
        session, _PROCHAINE, {"uai": uai, "annee": annee, "debut": debut, "fin": debut + _HORIZON}
    ).scalar()
    return None if prochaine is None else prochaine.astimezone(FUSEAU).date()


def seances_des_eleves(
    session: Session, uai: str, annee: int, eleves: Sequence[UUID], jour: date
) -> list[Seance]:
    """Séances d'un jour pour des élèves, dans l'ordre de l'horaire ; un seul énoncé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleves: élèves.
    :param jour: le jour.
    """
    return _lire(session, _ELEVES, uai, annee, eleves, jour)


def seances_enseignant(session: Session, uai: str, annee: int, personne_id: UUID, jour: date) -> list[Seance]:
    """Séances d'un jour pour un enseignant, dans l'ordre de l'horaire ; un seul énoncé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param personne_id: enseignant.
    :param jour: le jour.
    """
    return _lire(session, _ENSEIGNANT, uai, annee, [personne_id], jour)


def _lire(
    session: Session, enonce: Any, uai: str, annee: int, personnes: Sequence[UUID], jour: date
) -> list[Seance]:
    debut = datetime.combine(jour, time(), FUSEAU)
    lignes = lire(
        session,
        enonce,
        {
            "uai": uai,
            "annee": annee,
            "personnes": list(personnes),
            "jour": jour,
            "debut": debut,
            "fin": datetime.combine(jour + timedelta(days=1), time(), FUSEAU),
        },
    )
    lues = (Seance(**{**ligne._mapping, "matiere": matiere_lisible(ligne.matiere)}) for ligne in lignes)
    return sorted(lues, key=lambda s: (s.debut, s.structure))
