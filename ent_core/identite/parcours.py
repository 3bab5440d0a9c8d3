"""Le parcours d'élèves dans une année : inscriptions datées, séances de leurs structures, périodes.

Une brique en tire ce à quoi chaque élève était attendu, à sa date : qui change de division en cours d'année
n'est attendu que dans celle du jour.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, or_, select
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.session import lire
from ent_core.identite.autorite import ecarte
from ent_core.identite.lectures import PersonneNommee
from ent_core.identite.modeles import Creneau, Inscription, Periode, Personne, Responsabilite
from ent_core.socle.calendrier import FUSEAU

__all__ = [
    "InscriptionLue",
    "PeriodeLue",
    "SeancePrevue",
    "inscriptions",
    "periodes",
    "responsables",
    "seances_prevues",
]

_tables = Base.metadata.tables
_creneau = _tables[Creneau.__tablename__].c
_inscription = _tables[Inscription.__tablename__].c
_periode = _tables[Periode.__tablename__].c
_personne = _tables[Personne.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_UAI: Any = bindparam("uai")
_ANNEE: Any = bindparam("annee")
_DEBUT: Any = bindparam("debut")
_FIN: Any = bindparam("fin")
_JOUR: Any = bindparam("jour")


def _parmi(nom: str) -> Any:
    return func.any(bindparam(nom, type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True)
class InscriptionLue:
    """Un élève dans une division ou un groupe, du premier jour à la fin, exclue ou à venir."""

    eleve_id: UUID
    structure_id: UUID
    debut: date
    fin: date | None


@dataclass(frozen=True, slots=True)
class SeancePrevue:
    """Une séance non annulée de l'emploi du temps : de quoi savoir qui y était attendu."""

    id: UUID
    structure_id: UUID
    debut: datetime
    fin: datetime


@dataclass(frozen=True, slots=True)
class PeriodeLue:
    """Un trimestre ou un semestre.

    :param fin: lendemain du dernier jour.
    """

    rang: int
    libelle: str
    debut: date
    fin: date


_structure = func.coalesce(_inscription.division_id, _inscription.groupe_id)
_INSCRIPTIONS = select(
    _inscription.personne_id, _structure, _inscription.debut, _inscription.fin
).where(
    _inscription.uai == _UAI,
    _inscription.annee == _ANNEE,
    _inscription.debut < _FIN,
    or_(_inscription.fin.is_(None), _inscription.fin > _DEBUT),
)  # fmt: skip
_INSCRIPTIONS_D_ELEVES = _INSCRIPTIONS.where(_inscription.personne_id == _parmi("eleves"))
_SEANCES = (
    select(
        _creneau.id,
        func.coalesce(_creneau.division_id, _creneau.groupe_id),
        _creneau.debut,
        _creneau.fin,
    )
    .where(
        _creneau.uai == _UAI,
        _creneau.annee == _ANNEE,
        _creneau.debut >= _DEBUT,
        _creneau.debut < _FIN,
        _creneau.etat != "annulee",
        or_(_creneau.division_id == _parmi("structures"), _creneau.groupe_id == _parmi("structures")),
    )
    .order_by(_creneau.debut, _creneau.id)
)
_PERIODES = (
    select(_periode.rang, _periode.libelle, _periode.debut, _periode.fin)
    .where(_periode.uai == _UAI, _periode.annee == _ANNEE)
    .order_by(_periode.rang)
)
_RESPONSABLES = (
    select(_personne.id, _personne.nom, func.coalesce(_personne.prenom, ""))
    .where(
        _lien.eleve_id == bindparam("eleve"),
        _lien.responsable_id == _personne.id,
        _lien.legal > 0,
        en_vigueur(_lien, _JOUR),
        ~ecarte(_lien, _JOUR),
    )
    .order_by(_lien.legal, _personne.nom, _personne.id)
)


def inscriptions(
    session: Session, uai: str, annee: int, du: date, au: date, eleves: Iterable[UUID] | None = None
) -> list[InscriptionLue]:
    """Inscriptions en vigueur un jour au moins d'un intervalle.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param du: premier jour.
    :param au: lendemain du dernier jour.
    :param eleves: élèves voulus ; par défaut, tous ceux de l'établissement.
    """
    valeurs: dict[str, Any] = {"uai": uai, "annee": annee, "debut": du, "fin": au}
    if eleves is None:
        return [InscriptionLue(*ligne) for ligne in lire(session, _INSCRIPTIONS, valeurs)]
    valeurs["eleves"] = list(eleves)
    return [InscriptionLue(*ligne) for ligne in lire(session, _INSCRIPTIONS_D_ELEVES, valeurs)]


def seances_prevues(
    session: Session, uai: str, annee: int, du: date, au: date, structures: Iterable[UUID]
) -> list[SeancePrevue]:
    """Séances non annulées de divisions et de groupes, dans l'ordre de l'horaire.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param du: premier jour, à l'heure de Paris.
    :param au: lendemain du dernier jour.
    :param structures: divisions et groupes.
    """
    valeurs = {
        "uai": uai,
        "annee": annee,
        "debut": datetime.combine(du, time(), FUSEAU),
        "fin": datetime.combine(au, time(), FUSEAU),
        "structures": list(structures),
    }
    return [SeancePrevue(*ligne) for ligne in lire(session, _SEANCES, valeurs)]


def periodes(session: Session, uai: str, annee: int) -> list[PeriodeLue]:
    """Trimestres ou semestres d'une année, dans l'ordre.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    """
    return [PeriodeLue(*ligne) for ligne in lire(session, _PERIODES, {"uai": uai, "annee": annee})]


def responsables(session: Session, eleve_id: UUID, jour: date) -> list[PersonneNommee]:
    """Responsables légaux d'un élève un jour, sans ceux qu'un acte de justice écarte ; leurs noms seulement.

    :param session: session ouverte dans l'établissement.
    :param eleve_id: élève, déjà atteint par qui demande.
    :param jour: le jour.
    """
    lignes = lire(session, _RESPONSABLES, {"eleve": eleve_id, "jour": jour})
    return [PersonneNommee(*ligne) for ligne in lignes]
