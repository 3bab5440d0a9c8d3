"""Ce qu'une brique lit de l'annuaire : structures, élèves, séances, noms. Un énoncé par lecture, borné.

Rien n'est accordé ici : la brique borne ce qu'elle montre par le périmètre de la permission.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, bindparam, collate, func, literal, null, or_, select, union
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
    Service,
)
from ent_core.socle.calendrier import FUSEAU
from ent_core.socle.matieres import matiere_lisible

__all__ = [
    "PLAFOND",
    "SEANCES",
    "PersonneNommee",
    "SeanceLue",
    "Structure",
    "divisions",
    "eleves_inscrits",
    "groupes",
    "lue",
    "nommer",
    "seance",
    "seances_du_jour",
    "seances_enseignees",
    "structures_enseignees",
]

PLAFOND = 1000
"""Lignes qu'une lecture rend au plus : une page qui en montre davantage se tourne."""

_tables = Base.metadata.tables
_creneau = _tables[Creneau.__tablename__]
_enseigne = _tables[CreneauEnseignant.__tablename__]
_division = _tables[Division.__tablename__]
_groupe = _tables[Groupe.__tablename__]
_inscription = _tables[Inscription.__tablename__].c
_matiere = _tables[Matiere.__tablename__]
_personne = _tables[Personne.__tablename__].c
_service = _tables[Service.__tablename__].c
_ID: Any = bindparam("id")


@dataclass(frozen=True, slots=True)
class Structure:
    """Une division ou un groupe.

    :param genre: ``division`` ou ``groupe``.
    :param code: code de structure de l'établissement.
    """

    id: UUID
    genre: str
    code: str
    libelle: str


@dataclass(frozen=True, slots=True)
class PersonneNommee:
    """De quoi nommer une personne à l'écran, et rien de plus."""

    id: UUID
    nom: str
    prenom: str

    @property
    def libelle(self) -> str:
        """« Camille Durand »."""
        return f"{self.prenom} {self.nom}".strip()


@dataclass(frozen=True, slots=True)
class SeanceLue:
    """Une séance de l'emploi du temps.

    :param matiere: libellé lisible : « Mathématiques », là où le fichier national écrit « MATHEMATIQUES ».
    :param division_id: division, si la séance est d'une division.
    :param groupe_id: groupe, si elle est d'un groupe.
    :param structure: libellé de la division ou du groupe.
    :param etat: ``prevue``, ``annulee`` ou ``deplacee``.
    :param enseignants: un, ou plusieurs en co-intervention.
    """

    id: UUID
    debut: datetime
    fin: datetime
    matiere: str
    division_id: UUID | None
    groupe_id: UUID | None
    structure: str
    salle: str
    etat: str
    enseignants: tuple[UUID, ...]


def _structures(table: Any, genre: str) -> Select[Any]:
    return select(table.c.id, literal(genre).label("genre"), table.c.code, table.c.libelle)


def _ouvertes(table: Any, genre: str) -> Select[Any]:
    return (
        _structures(table, genre)
        .where(table.c.uai == UAI, table.c.annee == ANNEE, table.c.ferme_le.is_(None))
        .order_by(table.c.libelle, table.c.id)
        .limit(PLAFOND)
    )


def _enseignees(table: Any, genre: str, servie: Any) -> Select[Any]:
    return _structures(table, genre).where(
        table.c.uai == _service.uai,
        table.c.annee == _service.annee,
        table.c.id == servie,
        _service.uai == UAI,
        _service.annee == ANNEE,
        _service.personne_id == _ID,
        en_vigueur(_service, JOUR),
    )


_DIVISIONS = _ouvertes(_division, "division")
_GROUPES = _ouvertes(_groupe, "groupe")
_ENSEIGNEES = union(
    _enseignees(_division, "division", _service.division_id),
    _enseignees(_groupe, "groupe", _service.groupe_id),
).order_by("genre", "libelle")
_NOMS = select(_personne.id, _personne.nom, func.coalesce(_personne.prenom, "")).where(
    _personne.id == liste_liee("personnes")
)
_ELEVES = (
    select(_personne.id, _personne.nom, func.coalesce(_personne.prenom, ""))
    .where(
        _personne.id.in_(
            select(_inscription.personne_id).where(
                _inscription.uai == UAI,
                _inscription.annee == ANNEE,
                or_(_inscription.division_id == _ID, _inscription.groupe_id == _ID),
                en_vigueur(_inscription, JOUR),
            )
        )
    )
    .order_by(collate(_personne.recherche, "C"), _personne.id)
    .limit(PLAFOND)
)
_DE_LA_SEANCE = and_(
    _enseigne.c.uai == _creneau.c.uai,
    _enseigne.c.annee == _creneau.c.annee,
    _enseigne.c.creneau_id == _creneau.c.id,
)
SEANCES = (
    select(
        _creneau.c.id,
        _creneau.c.debut,
        _creneau.c.fin,
        func.coalesce(_matiere.c.libelle, _creneau.c.matiere, "Séance").label("matiere"),
        _creneau.c.division_id,
        _creneau.c.groupe_id,
        func.coalesce(_division.c.libelle, _groupe.c.libelle, "").label("structure"),
        func.coalesce(_creneau.c.salle, "").label("salle"),
        _creneau.c.etat,
        select(func.array_agg(_enseigne.c.personne_id, type_=ARRAY(Uuid)))
        .where(_DE_LA_SEANCE)
        .correlate(_creneau)
        .scalar_subquery()
        .label("enseignants"),
    )
    .select_from(_creneau)
    .outerjoin(_matiere, _matiere.c.code == _creneau.c.matiere)
    .outerjoin(
        _division,
        and_(
            _division.c.uai == _creneau.c.uai,
            _division.c.annee == _creneau.c.annee,
            _division.c.id == _creneau.c.division_id,
        ),
    )
    .outerjoin(
        _groupe,
        and_(
            _groupe.c.uai == _creneau.c.uai,
            _groupe.c.annee == _creneau.c.annee,
            _groupe.c.id == _creneau.c.groupe_id,
        ),
    )
    .where(_creneau.c.uai == UAI, _creneau.c.annee == ANNEE)
)
"""Séances d'un établissement, une année, telles que ``lue`` les rend."""
_UNE_SEANCE = SEANCES.where(_creneau.c.id == _ID)
_DU_JOUR = and_(_creneau.c.debut >= bindparam("debut"), _creneau.c.debut < bindparam("fin"))
_STRUCTURES: Any = liste_liee("structures")
_TOUTES_LES_SEANCES = (
    SEANCES.where(_DU_JOUR).order_by(_creneau.c.debut, "structure", _creneau.c.id).limit(PLAFOND)
)
_SEANCES_DES_STRUCTURES = _TOUTES_LES_SEANCES.where(
    or_(_creneau.c.division_id == _STRUCTURES, _creneau.c.groupe_id == _STRUCTURES)
)
_MES_SEANCES = (
    SEANCES.where(
        _DU_JOUR,
        select(null()).where(_DE_LA_SEANCE, _enseigne.c.personne_id == _ID).correlate(_creneau).exists(),
    )
    .order_by(_creneau.c.debut, _creneau.c.id)
    .limit(PLAFOND)
)


def divisions(session: Session, uai: str, annee: int) -> list[Structure]:
    """Divisions ouvertes d'un établissement, dans l'ordre de leur libellé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    return [Structure(*ligne) for ligne in lire(session, _DIVISIONS, {"uai": uai, "annee": annee})]


def groupes(session: Session, uai: str, annee: int) -> list[Structure]:
    """Groupes ouverts d'un établissement, dans l'ordre de leur libellé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    return [Structure(*ligne) for ligne in lire(session, _GROUPES, {"uai": uai, "annee": annee})]


def structures_enseignees(
    session: Session, uai: str, annee: int, personne_id: UUID, jour: date
) -> list[Structure]:
    """Divisions, puis groupes, où une personne enseigne un jour.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param personne_id: enseignant.
    :param jour: le jour.
    """
    valeurs = {"uai": uai, "annee": annee, "id": personne_id, "jour": jour}
    return [Structure(*ligne) for ligne in lire(session, _ENSEIGNEES, valeurs)]


def eleves_inscrits(
    session: Session, uai: str, annee: int, structure_id: UUID, jour: date
) -> list[PersonneNommee]:
    """Élèves d'une division ou d'un groupe un jour, dans l'ordre des noms.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param structure_id: division ou groupe.
    :param jour: le jour ; qui est parti n'y est plus, qui arrive n'y est pas encore.
    """
    valeurs = {"uai": uai, "annee": annee, "id": structure_id, "jour": jour}
    return [PersonneNommee(*ligne) for ligne in lire(session, _ELEVES, valeurs)]


def nommer(session: Session, personnes: Iterable[UUID]) -> dict[UUID, PersonneNommee]:
    """Noms de personnes dont la brique tient déjà l'identifiant ; une personne disparue n'y est pas.

    :param session: session ouverte.
    :param personnes: identifiants, ``PLAFOND`` au plus.
    :raises ValueError: trop d'identifiants (faute de programmation : tourner la page d'abord).
    """
    voulues = list(set(personnes))
    if len(voulues) > PLAFOND:
        raise ValueError(f"nommer {len(voulues)} personnes à la fois : {PLAFOND} au plus")
    if not voulues:
        return {}
    return {ligne[0]: PersonneNommee(*ligne) for ligne in lire(session, _NOMS, {"personnes": voulues})}


def seances_enseignees(
    session: Session, uai: str, annee: int, personne_id: UUID, jour: date
) -> list[SeanceLue]:
    """Séances d'un enseignant un jour, dans l'ordre de l'horaire ; annulées comprises.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param personne_id: enseignant.
    :param jour: le jour, à l'heure de Paris.
    """
    valeurs = {"uai": uai, "annee": annee, "id": personne_id, **_bornes(jour)}
    return [lue(ligne) for ligne in lire(session, _MES_SEANCES, valeurs)]


def seances_du_jour(
    session: Session, uai: str, annee: int, jour: date, structures: Iterable[UUID] | None = None
) -> list[SeanceLue]:
    """Séances d'un jour dans l'établissement, dans l'ordre de l'horaire ; annulées comprises.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param jour: le jour, à l'heure de Paris.
    :param structures: divisions et groupes voulus ; par défaut, tous.
    """
    valeurs: dict[str, Any] = {"uai": uai, "annee": annee, **_bornes(jour)}
    if structures is None:
        return [lue(ligne) for ligne in lire(session, _TOUTES_LES_SEANCES, valeurs)]
    valeurs["structures"] = list(structures)
    return [lue(ligne) for ligne in lire(session, _SEANCES_DES_STRUCTURES, valeurs)]


def seance(session: Session, uai: str, annee: int, seance_id: UUID) -> SeanceLue | None:
    """Une séance, ou ``None`` si elle n'est pas de cet établissement, cette année.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param seance_id: séance.
    """
    ligne = lire(session, _UNE_SEANCE, {"uai": uai, "annee": annee, "id": seance_id}).one_or_none()
    return None if ligne is None else lue(ligne)


def _bornes(jour: date) -> dict[str, datetime]:
    return {
        "debut": datetime.combine(jour, time(), FUSEAU),
        "fin": datetime.combine(jour + timedelta(days=1), time(), FUSEAU),
    }


def lue(ligne: Any) -> SeanceLue:
    """La séance d'une ligne de ``SEANCES``.

    :param ligne: ligne.
    """
    valeurs: dict[str, Any] = {**ligne._mapping}
    dites = {
        "matiere": matiere_lisible(valeurs["matiere"]),
        "enseignants": tuple(valeurs["enseignants"] or ()),
    }
    return SeanceLue(**valeurs | dites)
