"""Les périmètres : quels élèves une personne peut atteindre, par quelle relation, ce jour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte, Portee
from ent_core.contrat.roles import Profil
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.session import lire
from ent_core.identite.autorite import ecarte
from ent_core.identite.modeles import (
    Inscription,
    Personne,
    ProfesseurPrincipal,
    Rattachement,
    Responsabilite,
    Service,
)

__all__ = ["Enfant", "eleves", "enfants_de", "peut_atteindre"]

_tables = Base.metadata.tables
_p = _tables[Personne.__tablename__].c
_lien = _tables[Responsabilite.__tablename__].c
_titre = _tables[Rattachement.__tablename__].c
_JOUR: Any = bindparam("jour")

_ENFANTS = (
    select(_p.id, _p.prenom, _p.nom)
    .join(_tables[Responsabilite.__tablename__], _lien.eleve_id == _p.id)
    .where(
        _lien.responsable_id == bindparam("personne"),
        _lien.legal > 0,
        en_vigueur(_lien, _JOUR),
        ~ecarte(_lien, _JOUR),
        exists().where(
            _titre.uai == bindparam("uai"),
            _titre.personne_id == _p.id,
            _titre.profil == Profil.ELEVE.value,
            en_vigueur(_titre, _JOUR),
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
    scolarises = select(Rattachement.personne_id).where(
        Rattachement.uai == contexte.uai,
        Rattachement.profil == Profil.ELEVE.value,
        en_vigueur(Rattachement, contexte.jour),
    )
    if portee in (Portee.ETABLISSEMENT, Portee.ACADEMIE):
        return scolarises
    return scolarises.where(Rattachement.personne_id.in_(_relation(contexte, portee)))


def peut_atteindre(session: Session, contexte: Contexte, portee: Portee, eleve_id: UUID) -> bool:
    """Vrai si l'élève est dans le périmètre.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui agit.
    :param portee: périmètre accordé.
    :param eleve_id: élève visé.
    """
    enonce = eleves(contexte, portee).where(Rattachement.personne_id == eleve_id)
    return bool(session.scalar(select(enonce.exists())))


def _relation(contexte: Contexte, portee: Portee) -> Select[UUID]:
    match portee:
        case Portee.MOI:
            return select(Rattachement.personne_id).where(Rattachement.personne_id == contexte.personne_id)
        case Portee.MES_ENFANTS:
            return _enfants(contexte)
        case Portee.MA_CLASSE_PRINCIPALE:
            return _inscrits(contexte, ProfesseurPrincipal, Inscription.division_id)
        case _:
            return _inscrits(contexte, Service, Inscription.division_id, Inscription.groupe_id)


def _enfants(contexte: Contexte) -> Select[UUID]:
    """Enfants dont la personne est responsable légale, sans acte qui l'en écarte (ENT-10)."""
    return select(Responsabilite.eleve_id).where(
        Responsabilite.responsable_id == contexte.personne_id,
        Responsabilite.legal > 0,
        en_vigueur(Responsabilite, contexte.jour),
        ~ecarte(Responsabilite, contexte.jour),
    )


def _inscrits(contexte: Contexte, lien: Any, *structures: Any) -> Select[UUID]:
    """Élèves des divisions ou des groupes d'une personne, ce jour (ENT-11)."""
    colonnes = {Inscription.division_id: lien.division_id}
    if Inscription.groupe_id in structures:
        colonnes[Inscription.groupe_id] = lien.groupe_id
    return (
        select(Inscription.personne_id)
        .join(
            lien,
            and_(
                lien.uai == Inscription.uai,
                lien.annee == Inscription.annee,
                or_(*(inscrit == servi for inscrit, servi in colonnes.items())),
            ),
        )
        .where(
            Inscription.uai == contexte.uai,
            Inscription.annee == contexte.annee,
            en_vigueur(Inscription, contexte.jour),
            lien.personne_id == contexte.personne_id,
            en_vigueur(lien, contexte.jour),
        )
    )
