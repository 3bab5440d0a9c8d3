"""Les rôles du jour, tirés des affectations : qui n'est plus affecté n'a plus rien (SDET-AUT-03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, bindparam, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Portee
from ent_core.contrat.roles import Profil, Role, role_de
from ent_core.donnees.base import Base
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.liees import JOUR, UAI
from ent_core.donnees.session import lire
from ent_core.identite.modeles import ProfesseurPrincipal, Rattachement, Service
from ent_core.roles.modeles import Delegation, RoleLocal

__all__ = ["Attribution", "attribuer"]


@dataclass(frozen=True, slots=True)
class Attribution:
    """Rôles et délégations d'une personne, à un titre, un jour.

    :param autres_titres: la personne a un autre rattachement du jour, ici ou ailleurs.
    """

    roles: frozenset[str]
    delegations: Mapping[str, Portee]
    autres_titres: bool = False


# Les tables, et non les classes : un énoncé que l'ORM ne traverse pas coûte deux fois moins.
_tables = Base.metadata.tables
_rattachement = _tables[Rattachement.__tablename__]
_principal = _tables[ProfesseurPrincipal.__tablename__]
_service = _tables[Service.__tablename__]
_local = _tables[RoleLocal.__tablename__]
_delegation = _tables[Delegation.__tablename__]
_PERSONNE: Any = bindparam("personne")
_PROFIL: Any = bindparam("profil")

_ENONCE: CompoundSelect[Any] = union_all(
    select(
        literal("rattachement").label("genre"),
        _rattachement.c.profil.label("valeur"),
        _rattachement.c.fonction.label("complement"),
    ).where(
        _rattachement.c.uai == UAI,
        _rattachement.c.personne_id == _PERSONNE,
        _rattachement.c.profil == _PROFIL,
        en_vigueur(_rattachement.c, JOUR),
    ),
    select(literal("autre"), literal(""), null()).where(
        _rattachement.c.personne_id == _PERSONNE,
        or_(_rattachement.c.uai != UAI, _rattachement.c.profil != _PROFIL),
        en_vigueur(_rattachement.c, JOUR),
    ),
    select(literal("local"), _local.c.role, null()).where(
        _local.c.uai == UAI, _local.c.personne_id == _PERSONNE, en_vigueur(_local.c, JOUR)
    ),
    select(literal("principal"), literal(""), null()).where(
        _principal.c.uai == UAI,
        _principal.c.personne_id == _PERSONNE,
        en_vigueur(_principal.c, JOUR),
    ),
    select(literal("service"), _service.c.nature, null()).where(
        _service.c.uai == UAI,
        _service.c.personne_id == _PERSONNE,
        _service.c.nature == "suppleant",
        en_vigueur(_service.c, JOUR),
    ),
    select(literal("delegation"), _delegation.c.permission, _delegation.c.portee).where(
        _delegation.c.uai == UAI,
        _delegation.c.personne_id == _PERSONNE,
        _delegation.c.revoquee_le.is_(None),
        en_vigueur(_delegation.c, JOUR),
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
    lignes = lire(
        session, _ENONCE, {"uai": uai, "personne": personne_id, "profil": profil, "jour": jour}
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
    if Role.DIRECTION_ADJOINTE in roles:  # le profil national ne distingue pas l'adjoint du chef
        roles.discard(Role.DIRECTION)
    return Attribution(frozenset(roles), delegations, any(genre == "autre" for genre, _, _ in lignes))
