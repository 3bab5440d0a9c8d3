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

from sqlalchemy import Date, Select, and_, bindparam, cast, func, or_, select
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import ANNEE, JOUR, UAI, liste_liee
from ent_core.donnees.session import lire
from ent_core.identite.autorite import ecarte
from ent_core.identite.lectures import SEANCES, PersonneNommee, SeanceLue, lue
from ent_core.identite.modeles import Creneau, Inscription, Periode, Personne, Responsabilite
from ent_core.socle.calendrier import FUSEAU

__all__ = [
    "InscriptionLue",
    "PeriodeLue",
    "SeancePrevue",
    "inscriptions",
    "periodes",
    "responsables",
    "seances_de_l_eleve",
    "seances_prevues",
    "structures_suivies",
]

_tables = Base.metadata.tables
_creneau = _tables[Creneau.__tablename__].c
_inscription = _tables[Inscription.__tablename__].c
_periode = _tables[Periode.__tablename__].c
_personne = _tables[Personne.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_DEBUT: Any = bindparam("debut")
_FIN: Any = bindparam("fin")


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
    _inscription.uai == UAI,
    _inscription.annee == ANNEE,
    _inscription.debut < _FIN,
    or_(_inscription.fin.is_(None), _inscription.fin > _DEBUT),
)  # fmt: skip
_INSCRIPTIONS_D_ELEVES = _INSCRIPTIONS.where(_inscription.personne_id == liste_liee("eleves"))
_SEANCES = (
    select(
        _creneau.id,
        func.coalesce(_creneau.division_id, _creneau.groupe_id),
        _creneau.debut,
        _creneau.fin,
    )
    .where(
        _creneau.uai == UAI,
        _creneau.annee == ANNEE,
        _creneau.debut >= _DEBUT,
        _creneau.debut < _FIN,
        _creneau.etat != "annulee",
        or_(_creneau.division_id == liste_liee("structures"), _creneau.groupe_id == liste_liee("structures")),
    )
    .order_by(_creneau.debut, _creneau.id)
)
_PERIODES = (
    select(_periode.rang, _periode.libelle, _periode.debut, _periode.fin)
    .where(_periode.uai == UAI, _periode.annee == ANNEE)
    .order_by(_periode.rang)
)
_RESPONSABLES = (
    select(_personne.id, _personne.nom, func.coalesce(_personne.prenom, ""))
    .where(
        _lien.eleve_id == bindparam("eleve"),
        _lien.responsable_id == _personne.id,
        _lien.legal > 0,
        en_vigueur(_lien, JOUR),
        ~ecarte(_lien, JOUR),
    )
    .order_by(_lien.legal, _personne.nom, _personne.id)
)

# Les séances d'un élève, à sa date : qui change de division suit celles du jour.
_a_paris = cast(func.timezone(str(FUSEAU), _creneau.debut), Date)
_siennes = (
    select(_creneau.id, _creneau.etat, _a_paris.label("jour"))
    .join(
        _inscription.uai.table,
        and_(
            _inscription.uai == _creneau.uai,
            _inscription.annee == _creneau.annee,
            or_(
                _inscription.division_id == _creneau.division_id,
                _inscription.groupe_id == _creneau.groupe_id,
            ),
            en_vigueur(_inscription, _a_paris),
        ),
    )
    .where(
        _creneau.uai == UAI, _creneau.annee == ANNEE, _inscription.personne_id == bindparam("eleve"),
        _creneau.debut >= _DEBUT, _creneau.debut < _FIN,
    )
    .distinct()
    .cte("siennes")
)  # fmt: skip
_prochain = select(func.min(_siennes.c.jour)).where(_siennes.c.jour > JOUR, _siennes.c.etat != "annulee")
_CE_JOUR_ET_LE_PROCHAIN = (
    SEANCES.join(_siennes, _siennes.c.id == _creneau.id)
    .where(or_(_siennes.c.jour == JOUR, _siennes.c.jour == _prochain.scalar_subquery()))
    .order_by(_creneau.debut, "structure", _creneau.id)
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


def structures_suivies(uai: Any, annee: Any, eleve: Any, jour: Any) -> Select[UUID]:
    """Énoncé des divisions et des groupes d'un élève un jour.

    :param uai: établissement, ou le paramètre qui le portera ; ainsi des autres.
    :param annee: année scolaire.
    :param eleve: élève, déjà atteint.
    :param jour: le jour.
    """
    return select(_structure).where(
        _inscription.uai == uai,
        _inscription.annee == annee,
        _inscription.personne_id == eleve,
        en_vigueur(_inscription, jour),
    )


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
        "debut": _minuit(du),
        "fin": _minuit(au),
        "structures": list(structures),
    }
    return [SeancePrevue(*ligne) for ligne in lire(session, _SEANCES, valeurs)]


def seances_de_l_eleve(
    session: Session, uai: str, annee: int, eleve_id: UUID, jour: date, avant: date
) -> list[SeanceLue]:
    """Séances d'un élève un jour, puis celles de son prochain jour de cours ; annulées comprises.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param annee: année scolaire.
    :param eleve_id: élève, déjà atteint.
    :param jour: le jour, à l'heure de Paris.
    :param avant: jour où l'on cesse de chercher le prochain, qui a une séance non annulée.
    """
    valeurs = {
        "uai": uai, "annee": annee, "eleve": eleve_id, "jour": jour,
        "debut": _minuit(jour), "fin": _minuit(avant),
    }  # fmt: skip
    return [lue(ligne) for ligne in lire(session, _CE_JOUR_ET_LE_PROCHAIN, valeurs)]


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


def _minuit(jour: date) -> datetime:
    return datetime.combine(jour, time(), FUSEAU)
