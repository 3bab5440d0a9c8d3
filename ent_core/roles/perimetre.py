"""Les périmètres : quels élèves une personne peut atteindre, par quelle relation, ce jour."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte, Portee
from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR, UAI
from ent_core.donnees.session import lire
from ent_core.identite.autorite import ecarte
from ent_core.identite.lectures import PersonneNommee
from ent_core.identite.modeles import (
    Inscription,
    Personne,
    ProfesseurPrincipal,
    Rattachement,
    Responsabilite,
    Service,
)

__all__ = ["Enfant", "eleves", "eleves_nommes", "enfants_de", "peut_atteindre"]

_tables = Base.metadata.tables
_inscrit = _tables[Inscription.__tablename__].c
_p = _tables[Personne.__tablename__].c
_principal = _tables[ProfesseurPrincipal.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_service = _tables[Service.__tablename__].c
_titre = _tables[Rattachement.__tablename__].c

_ENFANTS = (
    select(_p.id, _p.prenom, _p.nom)
    .join(_tables[Responsabilite.__tablename__], _lien.eleve_id == _p.id)
    .where(
        _lien.responsable_id == bindparam("personne"),
        _lien.legal > 0,
        en_vigueur(_lien, JOUR),
        ~ecarte(_lien, JOUR),
        exists().where(
            _titre.uai == UAI,
            _titre.personne_id == _p.id,
            _titre.profil == Profil.ELEVE.value,
            en_vigueur(_titre, JOUR),
        ),
    )
    .order_by(_p.naissance, _p.prenom)
)


@dataclass(frozen=True, slots=True)
class Enfant:
    """Un enfant atteint par son responsable."""

    id: UUID
    prenom: str
    nom: str


def enfants_de(session: Session, contexte: Contexte) -> list[Enfant]:
    """Enfants d'un responsable dans l'établissement en vigueur, du plus âgé au plus jeune.

    Même règle que ``eleves`` pour ``Portee.MES_ENFANTS``, en un énoncé bâti une fois.

    :param session: session ouverte dans l'établissement.
    :param contexte: responsable qui agit.
    """
    lignes = lire(
        session, _ENFANTS, {"personne": contexte.personne_id, "uai": contexte.uai, "jour": contexte.jour}
    )
    return [Enfant(*ligne) for ligne in lignes]


def eleves(contexte: Contexte, portee: Portee) -> Select[UUID]:
    """Énoncé des élèves atteints, toujours limité à l'établissement en vigueur.

    :param contexte: qui agit.
    :param portee: périmètre accordé.
    """
    scolarises = select(_titre.personne_id).where(
        _titre.uai == contexte.uai,
        _titre.profil == Profil.ELEVE.value,
        en_vigueur(_titre, contexte.jour),
    )
    if portee in (Portee.ETABLISSEMENT, Portee.ACADEMIE):
        return scolarises
    return scolarises.where(_titre.personne_id.in_(_relation(contexte, portee)))


def eleves_nommes(session: Session, contexte: Contexte, portee: Portee) -> list[PersonneNommee]:
    """Élèves atteints, dans l'ordre des prénoms ; ceux de ``eleves``, en un énoncé bâti une fois.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param portee: périmètre accordé.
    """
    lus = [PersonneNommee(*ligne) for ligne in lire(session, _NOMMES[portee], _valeurs(contexte))]
    return sorted(lus, key=lambda eleve: (eleve.prenom, eleve.nom, eleve.id))


def peut_atteindre(session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID) -> bool:
    """Vrai si l'élève est dans le périmètre.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param portee: périmètre accordé.
    :param eleve_id: élève visé.
    """
    valeurs = {**_valeurs(contexte), "eleve": eleve_id}
    return bool(lire(session, _PEUT[portee], valeurs).scalar_one())


def _valeurs(contexte: Contexte) -> dict[str, Any]:
    return {nom: getattr(contexte, nom) for nom in _QUI}


def _relation(contexte: Contexte, portee: Portee) -> Select[UUID]:
    match portee:
        case Portee.MOI:
            return select(_titre.personne_id).where(_titre.personne_id == contexte.personne_id)
        case Portee.MES_ENFANTS:
            return _enfants(contexte)
        case Portee.MA_CLASSE_PRINCIPALE:
            return _inscrits(contexte, _principal, "division_id")
        case _:
            return _inscrits(contexte, _service, "division_id", "groupe_id")


def _enfants(contexte: Contexte) -> Select[UUID]:
    """Enfants dont la personne est responsable légale, sans acte qui l'en écarte (ENT-10)."""
    return select(_lien.eleve_id).where(
        _lien.responsable_id == contexte.personne_id,
        _lien.legal > 0,
        en_vigueur(_lien, contexte.jour),
        ~ecarte(_lien, contexte.jour),
    )


def _inscrits(contexte: Contexte, lien: Any, *structures: str) -> Select[UUID]:
    """Élèves des divisions ou des groupes d'une personne, ce jour (ENT-11)."""
    return (
        select(_inscrit.personne_id)
        .join(
            lien.uai.table,
            and_(
                lien.uai == _inscrit.uai,
                lien.annee == _inscrit.annee,
                or_(*(_inscrit[structure] == lien[structure] for structure in structures)),
            ),
        )
        .where(
            _inscrit.uai == contexte.uai,
            _inscrit.annee == contexte.annee,
            en_vigueur(_inscrit, contexte.jour),
            lien.personne_id == contexte.personne_id,
            en_vigueur(lien, contexte.jour),
        )
    )


_QUI = ("uai", "annee", "personne_id", "jour")
_LIE: Any = SimpleNamespace(**{nom: bindparam(nom) for nom in _QUI})
"""Qui agit, en valeurs liées : chaque périmètre se bâtit une fois."""
_NOMMES = {
    portee: select(_p.id, _p.nom, func.coalesce(_p.prenom, "")).where(_p.id.in_(eleves(_LIE, portee)))
    for portee in Portee
}
_PEUT = {
    portee: select(eleves(_LIE, portee).where(_titre.personne_id == bindparam("eleve")).exists())
    for portee in Portee
}
