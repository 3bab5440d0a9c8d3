"""L'emploi du temps d'un jour, pour un élève ou un enseignant : énoncés bâtis une fois."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

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

__all__ = ["Seance", "seances_des_eleves", "seances_enseignant"]


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


_UAI: Any = bindparam("uai")
_ANNEE: Any = bindparam("annee")
_DEBUT: Any = bindparam("debut")
_FIN: Any = bindparam("fin")
_JOUR: Any = bindparam("jour")
_PERSONNES: Any = bindparam("personnes", type_=ARRAY(Uuid))

_ENSEIGNANTS = (
    select(func.string_agg(func.concat_ws(" ", Personne.civilite, Personne.nom), ", "))
    .select_from(CreneauEnseignant)
    .join(Personne, Personne.id == CreneauEnseignant.personne_id)
    .where(
        CreneauEnseignant.uai == Creneau.uai,
        CreneauEnseignant.annee == Creneau.annee,
        CreneauEnseignant.creneau_id == Creneau.id,
    )
    .correlate(Creneau)
    .scalar_subquery()
)


def _seances(personne: Any, enseignants: Any) -> Select[Any]:
    return (
        select(
            personne.label("personne_id"),
            Creneau.debut,
            Creneau.fin,
            func.coalesce(Matiere.libelle, Creneau.matiere, "Séance").label("matiere"),
            func.coalesce(Division.libelle, Groupe.libelle, "").label("structure"),
            func.coalesce(enseignants, "").label("enseignants"),
            func.coalesce(Creneau.salle, "").label("salle"),
            Creneau.etat,
        )
        .select_from(Creneau)
        .outerjoin(Matiere, Matiere.code == Creneau.matiere)
        .outerjoin(
            Division,
            and_(
                Division.uai == Creneau.uai,
                Division.annee == Creneau.annee,
                Division.id == Creneau.division_id,
            ),
        )
        .outerjoin(
            Groupe,
            and_(Groupe.uai == Creneau.uai, Groupe.annee == Creneau.annee, Groupe.id == Creneau.groupe_id),
        )
        .where(
            Creneau.uai == _UAI,
            Creneau.annee == _ANNEE,
            Creneau.debut >= _DEBUT,
            Creneau.debut < _FIN,
        )
    )


def _par_inscription(structure_inscrite: Any, structure_servie: Any) -> Select[Any]:
    return _seances(Inscription.personne_id, _ENSEIGNANTS).join(
        Inscription,
        and_(
            Inscription.uai == Creneau.uai,
            Inscription.annee == Creneau.annee,
            structure_inscrite == structure_servie,
            Inscription.personne_id == func.any(_PERSONNES),
            Inscription.debut <= _JOUR,
            or_(Inscription.fin.is_(None), Inscription.fin > _JOUR),
        ),
    )


_ELEVES = union_all(
    _par_inscription(Inscription.division_id, Creneau.division_id),
    _par_inscription(Inscription.groupe_id, Creneau.groupe_id),
)
_ENSEIGNANT = _seances(CreneauEnseignant.personne_id, literal("")).join(
    CreneauEnseignant,
    and_(
        CreneauEnseignant.uai == Creneau.uai,
        CreneauEnseignant.annee == Creneau.annee,
        CreneauEnseignant.creneau_id == Creneau.id,
        CreneauEnseignant.personne_id == func.any(_PERSONNES),
    ),
)


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
    lignes = session.execute(
        enonce,
        {
            "uai": uai,
            "annee": annee,
            "personnes": list(personnes),
            "jour": jour,
            "debut": debut,
            "fin": datetime.combine(jour + timedelta(days=1), time(), FUSEAU),
        },
    ).all()
    return sorted((Seance(*ligne) for ligne in lignes), key=lambda s: (s.debut, s.structure))
