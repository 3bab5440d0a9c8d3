"""Les rôles locaux : ce que ni le profil ni la fonction ne disent, attribué ici, pour un temps.

Nul n'attribue un rôle plus haut que le sien : un établissement désigne ses administrateurs et ses
délégués ; l'académie seule désigne ceux qui voient plus d'un établissement.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import LIBELLES_ROLES, Profil, Role
from ent_core.donnees.intervalles import en_vigueur, pas_fini
from ent_core.identite.contextes import PERSONNELS
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Rattachement
from ent_core.roles.modeles import RoleLocal
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import AccesRefuse, DonneeInvalide, Introuvable, OperationRefusee

__all__ = [
    "ROLES_ACADEMIE",
    "ROLES_CHEF",
    "ROLES_ETABLISSEMENT",
    "attribuables",
    "attribuer_role",
    "exiger_administrateur",
    "exiger_compte_a_portee",
    "hors_de_portee",
    "lister",
    "retirer_role",
]

ROLES_ETABLISSEMENT: tuple[Role, ...] = (
    Role.ADMINISTRATEUR_FONCTIONNEL,
    Role.DELEGUE_ELEVES,
    Role.DELEGUE_PARENTS,
)
"""Rôles qu'un chef d'établissement attribue."""

ROLES_CHEF: tuple[Role, ...] = (Role.DIRECTION_ADJOINTE,)
"""Rôles que le chef, et lui seul ici, attribue : l'adjoint perd ce qui n'est qu'au chef (R. 511-14)."""

ROLES_ACADEMIE: tuple[Role, ...] = (
    Role.INSPECTION,
    Role.COLLECTIVITE,
    Role.DPD,
    Role.ARCHIVISTE,
    Role.ADMINISTRATEUR_TECHNIQUE,
    Role.ADMINISTRATEUR_ACADEMIQUE,
)
"""Rôles que l'académie seule attribue."""

_ATTRIBUENT = frozenset({Role.DIRECTION, Role.ADMINISTRATEUR_FONCTIONNEL, Role.ADMINISTRATEUR_ACADEMIQUE})
_PROFILS_DU_ROLE: dict[str, frozenset[str]] = {
    Role.DIRECTION_ADJOINTE: frozenset({Profil.DIRECTION.value}),
    Role.DELEGUE_ELEVES: frozenset({Profil.ELEVE.value}),
    Role.DELEGUE_PARENTS: frozenset({Profil.RESPONSABLE.value}),
}


def exiger_administrateur(contexte: Contexte) -> None:
    """Refuse qui n'a le droit que par délégation : il pourrait s'en donner d'autres.

    :param contexte: qui agit.
    :raises AccesRefuse: ni chef d'établissement, ni administrateur.
    """
    if not contexte.roles & _ATTRIBUENT:
        raise AccesRefuse(
            "cet acte revient au chef d'établissement ou à un administrateur.",
            remede="le demander au chef d'établissement.",
        )


def attribuables(contexte: Contexte) -> tuple[Role, ...]:
    """Rôles que cette personne peut attribuer.

    :param contexte: qui agit.
    """
    if Role.ADMINISTRATEUR_ACADEMIQUE in contexte.roles:
        return ROLES_ETABLISSEMENT + ROLES_CHEF + ROLES_ACADEMIE
    if Role.DIRECTION in contexte.roles:
        return ROLES_ETABLISSEMENT + ROLES_CHEF
    return ROLES_ETABLISSEMENT if contexte.roles & _ATTRIBUENT else ()


def lister(session: Session, personne_id: UUID, uai: str | None, jour: date) -> list[RoleLocal]:
    """Rôles locaux présents et à venir d'une personne.

    :param session: session de l'établissement, ou de l'académie.
    :param personne_id: personne.
    :param uai: établissement ; ``None`` pour tous.
    :param jour: jour de référence.
    """
    enonce = (
        select(RoleLocal)
        .where(RoleLocal.personne_id == personne_id, pas_fini(RoleLocal, jour))
        .order_by(RoleLocal.debut)
    )
    return list(session.scalars(enonce if uai is None else enonce.where(RoleLocal.uai == uai)))


def attribuer_role(
    session: Session,
    horloge: Horloge,
    contexte: Contexte,
    *,
    uai: str,
    personne_id: UUID,
    role: str,
    debut: date,
    fin: date | None,
) -> RoleLocal:
    """Attribue un rôle local dans un établissement.

    :param session: session de l'établissement, ou de l'académie.
    :param contexte: qui agit.
    :param uai: établissement où le rôle vaut.
    :param personne_id: personne qui le reçoit.
    :param role: l'un des rôles que la personne peut attribuer.
    :param debut: premier jour.
    :param fin: lendemain du dernier jour ; ``None`` jusqu'à nouvel ordre.
    :raises AccesRefuse: droit reçu par délégation, ou rôle plus haut que le sien.
    :raises DonneeInvalide: dates à l'envers.
    :raises OperationRefusee: la personne n'a pas le profil que ce rôle demande.
    """
    exiger_administrateur(contexte)
    if role not in attribuables(contexte):
        raise AccesRefuse(
            "vous ne pouvez pas attribuer ce rôle.", remede="le demander à l'administrateur de l'académie."
        )
    if fin is not None and fin <= debut:
        raise DonneeInvalide("la fin précède le début.", remede="choisir une fin après le début.")
    if role not in ROLES_ACADEMIE:
        _exiger_profil(session, uai, personne_id, role, horloge.aujourd_hui())
    local = RoleLocal(
        uai=uai,
        personne_id=personne_id,
        role=role,
        attribue_par=contexte.personne_id,
        debut=debut,
        fin=fin,
    )
    session.add(local)
    session.flush()
    consigner(
        session,
        horloge,
        "role.attribue",
        uai=uai,
        acteur=contexte.personne_id,
        objet=str(local.id),
        details={"role": role, "debut": debut.isoformat(), "fin": fin.isoformat() if fin else None},
    )
    return local


def retirer_role(session: Session, horloge: Horloge, contexte: Contexte, uai: str, role_id: UUID) -> None:
    """Retire un rôle local aujourd'hui ; celui qui n'a pas commencé ne commencera pas.

    :param session: session de l'établissement, ou de l'académie.
    :param contexte: qui agit.
    :param uai: établissement où le rôle vaut.
    :param role_id: rôle attribué.
    :raises AccesRefuse: rôle plus haut que ceux que la personne attribue.
    :raises Introuvable: il n'existe pas ici.
    """
    exiger_administrateur(contexte)
    local = session.get(RoleLocal, (uai, role_id))
    if local is None:
        raise Introuvable("ce rôle n'existe pas ici.", remede="rafraîchir la fiche.")
    if local.role not in attribuables(contexte):
        raise AccesRefuse(
            "vous ne pouvez pas retirer ce rôle.", remede="le demander à l'administrateur de l'académie."
        )
    local.fin = max(local.debut, horloge.aujourd_hui())
    consigner(
        session,
        horloge,
        "role.retire",
        uai=uai,
        acteur=contexte.personne_id,
        objet=str(role_id),
        details={"role": local.role},
    )


def exiger_compte_a_portee(session: Session, contexte: Contexte, personne_id: UUID, jour: date) -> None:
    """Refuse qu'un établissement prenne la main sur le compte de qui administre l'académie.

    Donner un nouveau code, c'est pouvoir entrer à la place de la personne.

    :param session: session de l'académie : un rôle attribué ailleurs compte aussi.
    :param contexte: qui agit.
    :param personne_id: titulaire du compte.
    :param jour: jour de référence.
    :raises AccesRefuse: le compte porte un rôle que la personne ne peut pas attribuer.
    """
    portes = {local.role for local in lister(session, personne_id, None, jour)}
    hauts = (portes & {Role.ADMINISTRATEUR_FONCTIONNEL, *ROLES_ACADEMIE}) - set(attribuables(contexte))
    direction = select(Rattachement.id).where(
        Rattachement.personne_id == personne_id,
        Rattachement.profil == Profil.DIRECTION.value,
        en_vigueur(Rattachement, jour),
    )
    est_direction = session.scalar(select(direction.exists()))
    if hauts or (est_direction and not contexte.roles & _ATTRIBUENT):
        raise AccesRefuse(
            "ce compte a plus de droits que le vôtre.",
            remede="demander l'acte à l'administrateur de l'académie.",
        )


def hors_de_portee(session: Session, contexte: Contexte, jour: date) -> frozenset[UUID]:
    """Personnes dont ``exiger_compte_a_portee`` refuserait le compte, en un énoncé, pour un acte en nombre.

    :param session: session de l'académie : un rôle attribué ailleurs compte aussi.
    :param contexte: qui agit.
    :param jour: jour de référence.
    """
    hauts = {Role.ADMINISTRATEUR_FONCTIONNEL, *ROLES_ACADEMIE} - set(attribuables(contexte))
    portes = select(RoleLocal.personne_id).where(RoleLocal.role.in_(hauts), pas_fini(RoleLocal, jour))
    if contexte.roles & _ATTRIBUENT:
        return frozenset(session.scalars(portes))
    directions = select(Rattachement.personne_id).where(
        Rattachement.profil == Profil.DIRECTION.value, en_vigueur(Rattachement, jour)
    )
    return frozenset(session.scalars(portes.union(directions)))


def _exiger_profil(session: Session, uai: str, personne_id: UUID, role: str, jour: date) -> None:
    profils = _PROFILS_DU_ROLE.get(role, PERSONNELS)
    trouve = session.scalar(
        select(Rattachement.id)
        .where(
            Rattachement.uai == uai,
            Rattachement.personne_id == personne_id,
            Rattachement.profil.in_(sorted(profils)),
            en_vigueur(Rattachement, jour),
        )
        .limit(1)
    )
    if trouve is None:
        raise OperationRefusee(
            f"cette personne n'a pas, dans cet établissement, le profil d'un {LIBELLES_ROLES[role]}.",
            remede="choisir un autre rôle, ou vérifier ses rattachements.",
        )
