"""Les rôles du jour, tirés des affectations : qui n'est plus affecté n'a plus rien (SDET-AUT-03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, and_, bindparam, literal, null, or_, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Profil, Role, role_de
from ent_core.identite.modeles import ProfesseurPrincipal, Rattachement, Service
from ent_core.roles.modeles import Delegation, RoleLocal

__all__ = ["Attribution", "attribuer", "en_vigueur"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Rôles et délégations d'une personne, à un titre, un jour.

    :param autres_titres: la personne a un autre rattachement du jour, ici ou ailleurs.
    """

    roles: frozenset[str]
    delegations: Mapping[str, Portee]
    autres_titres: bool = False


def en_vigueur(modele: type, jour: ColumnElement[date] | date) -> ColumnElement[bool]:
    """Condition « en vigueur ce jour » d'un intervalle semi-ouvert.

    :param modele: table à colonnes ``debut`` et ``fin``.
    :param jour: le jour.
    """
    debut: ColumnElement[date] = modele.debut  # type: ignore[attr-defined] # colonnes des tables datées
    fin: ColumnElement[date | None] = modele.fin  # type: ignore[attr-defined] # colonnes des tables datées
    return and_(debut <= jour, or_(fin.is_(None), fin > jour))


_UAI: Any = bindparam("uai")
_PERSONNE: Any = bindparam("personne")
_PROFIL: Any = bindparam("profil")
_JOUR: Any = bindparam("jour")

_ENONCE: CompoundSelect[Any] = union_all(
    select(
        literal("rattachement").label("genre"),
        Rattachement.profil.label("valeur"),
        Rattachement.fonction.label("complement"),
    ).where(
        Rattachement.uai == _UAI,
        Rattachement.personne_id == _PERSONNE,
        Rattachement.profil == _PROFIL,
        en_vigueur(Rattachement, _JOUR),
    ),
    select(literal("autre"), literal(""), null()).where(
        Rattachement.personne_id == _PERSONNE,
        or_(Rattachement.uai != _UAI, Rattachement.profil != _PROFIL),
        en_vigueur(Rattachement, _JOUR),
    ),
    select(literal("local"), RoleLocal.role, null()).where(
        RoleLocal.uai == _UAI, RoleLocal.personne_id == _PERSONNE, en_vigueur(RoleLocal, _JOUR)
    ),
    select(literal("principal"), literal(""), null()).where(
        ProfesseurPrincipal.uai == _UAI,
        ProfesseurPrincipal.personne_id == _PERSONNE,
        en_vigueur(ProfesseurPrincipal, _JOUR),
    ),
    select(literal("service"), Service.nature, null()).where(
        Service.uai == _UAI,
        Service.personne_id == _PERSONNE,
        Service.nature == "suppleant",
        en_vigueur(Service, _JOUR),
    ),
    select(literal("delegation"), Delegation.permission, Delegation.portee).where(
        Delegation.uai == _UAI,
        Delegation.personne_id == _PERSONNE,
        Delegation.revoquee_le.is_(None),
        en_vigueur(Delegation, _JOUR),
    ),
)

_MANDATS = frozenset({Role.DELEGUE_ELEVES, Role.DELEGUE_PARENTS})
_PERSONNELS = frozenset(profil.value for profil in Profil) - {Profil.ELEVE, Profil.RESPONSABLE}


def attribuer(session: Session, uai: str, personne_id: UUID, profil: str, jour: date) -> Attribution:
    """Rôles et délégations d'une personne pour le profil en vigueur ; un seul énoncé.

    Les droits sont ceux du profil choisi, et d'aucun autre : un enseignant entré comme parent
    n'a que les droits d'un parent. Sans rattachement ni rôle local du jour, rien n'est accordé.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    :param personne_id: personne.
    :param profil: profil national en vigueur.
    :param jour: jour de la décision.
    """
    lignes = session.execute(
        _ENONCE, {"uai": uai, "personne": personne_id, "profil": profil, "jour": jour}
    ).all()
    roles: set[str] = set()
    delegations: dict[str, Portee] = {}
    personnel = profil in _PERSONNELS
    for genre, valeur, complement in lignes:
        if genre == "rattachement" and (role := role_de(valeur, complement)):
            roles.add(role)
        elif genre == "local" and (personnel or valeur in _MANDATS):
            roles.add(valeur)
        elif genre == "principal" and personnel:
            roles.add(Role.PROFESSEUR_PRINCIPAL)
        elif genre == "service" and personnel:
            roles.add(Role.SUPPLEANT)
        elif genre == "delegation" and personnel:
            delegations[valeur] = Portee(complement)
    return Attribution(frozenset(roles), delegations, any(genre == "autre" for genre, _, _ in lignes))
