"""Qui doit avoir un second facteur : les administrateurs toujours, les personnels à partir d'un jour dit.

Jamais un élève, qui n'a pas toujours de téléphone ; un responsable, s'il le veut (SDET-AUTH-07). Une école
peut l'exiger plus tôt que l'académie, jamais plus tard.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Role
from ent_core.donnees.intervalles import en_vigueur
from ent_core.donnees.session import base_de
from ent_core.identite.contextes import PERSONNELS, ContextePossible, role_local
from ent_core.identite.facteurs.inventaire import a_un_facteur
from ent_core.identite.journal import consigner
from ent_core.identite.lecture_session import DEUX_PREUVES, EN_ATTENTE, UNE_PREUVE
from ent_core.identite.modeles import ExigenceFacteur, Facteur, Rattachement
from ent_core.socle.calendrier import Horloge

__all__ = [
    "ADMINISTRATEURS",
    "DOUBLE",
    "Exigence",
    "Obligation",
    "equipes",
    "exigence",
    "exigence_de",
    "jour_de",
    "niveau_d_entree",
    "regler",
]

ADMINISTRATEURS = frozenset(
    {Role.ADMINISTRATEUR_FONCTIONNEL, Role.ADMINISTRATEUR_ACADEMIQUE, Role.ADMINISTRATEUR_TECHNIQUE}
)
"""Rôles dont le compte ouvre tous les autres."""


DOUBLE = "mfa"
"""Moyen (RFC 8176) d'une voie d'entrée qui a prouvé à elle seule deux facteurs."""


class CompteEntrant(Protocol):
    """Ce qu'il faut savoir d'un compte qui entre."""

    @property
    def id(self) -> UUID:
        """Compte."""
        ...

    @property
    def personne_id(self) -> UUID:
        """Sa personne."""
        ...


class Obligation(StrEnum):
    """Ce que la règle demande aujourd'hui."""

    LIBRE = "libre"
    BIENTOT = "bientot"
    EXIGEE = "exigee"


@dataclass(frozen=True, slots=True)
class Exigence:
    """La règle d'une personne.

    :param des_le: premier jour où le second facteur est exigé ; ``None`` s'il l'est depuis toujours, ou pas.
    """

    obligation: Obligation
    des_le: date | None = None


def exigence(administre: bool, dates: Collection[date | None], jour: date) -> Exigence:
    """Règle d'une personne.

    :param administre: elle a un rôle d'administrateur.
    :param dates: jour fixé par l'académie, et par chacune des écoles où elle travaille.
    :param jour: jour de la connexion.
    """
    if administre:
        return Exigence(Obligation.EXIGEE)
    fixees = [fixee for fixee in dates if fixee is not None]
    if not fixees:
        return Exigence(Obligation.LIBRE)
    des_le = min(fixees)
    return Exigence(Obligation.EXIGEE if des_le <= jour else Obligation.BIENTOT, des_le)


def exigence_de(
    session: Session, personne_id: UUID, contextes: Sequence[ContextePossible], jour: date
) -> Exigence:
    """Règle d'une personne, d'après tous ses titres du jour ; le plus exigeant l'emporte.

    :param session: session dont le portage nomme la personne.
    :param contextes: titres de la personne.
    :param jour: jour de la décision.
    """
    ecoles = {c.uai for c in contextes if c.profil in PERSONNELS}
    if not ecoles:
        return Exigence(Obligation.LIBRE)
    administre = session.scalar(
        select(func.count())
        .select_from(role_local)
        .where(
            role_local.c.personne_id == personne_id,
            role_local.c.role.in_(ADMINISTRATEURS),
            en_vigueur(role_local.c, jour),
        )
    )
    fixees = session.scalars(select(ExigenceFacteur.des_le).where(ExigenceFacteur.uai.in_(ecoles))).all()
    return exigence(bool(administre), [*fixees, base_de(session).facteurs_des_le], jour)


def niveau_d_entree(
    session: Session,
    horloge: Horloge,
    amr: Collection[str],
    compte: CompteEntrant,
    contextes: Sequence[ContextePossible],
) -> int:
    """Niveau d'une session neuve : en attente, si la personne a un second facteur ou doit en avoir un.

    :param amr: moyens que la voie d'entrée affirme (RFC 8176).
    :param compte: compte qui entre.
    :param contextes: ses titres du jour.
    """
    if DOUBLE in amr:
        return DEUX_PREUVES
    if a_un_facteur(session, compte.id):
        return EN_ATTENTE
    regle = exigence_de(session, compte.personne_id, contextes, horloge.aujourd_hui())
    return EN_ATTENTE if regle.obligation is Obligation.EXIGEE else UNE_PREUVE


def jour_de(session: Session, uai: str) -> date | None:
    """Jour fixé par un établissement.

    :param uai: établissement.
    """
    return session.scalar(select(ExigenceFacteur.des_le).where(ExigenceFacteur.uai == uai))


def regler(session: Session, horloge: Horloge, uai: str, des_le: date | None, acteur: UUID) -> None:
    """Fixe, ou efface, le jour à partir duquel les personnels d'un établissement ont un second facteur.

    :param uai: établissement.
    :param des_le: premier jour ; ``None`` pour ne rien exiger.
    :param acteur: personne qui décide.
    """
    if des_le is None:
        ancien = session.get(ExigenceFacteur, uai)
        if ancien is not None:
            session.delete(ancien)
    else:
        pose = insert(ExigenceFacteur).values(uai=uai, des_le=des_le)
        session.execute(pose.on_conflict_do_update(index_elements=["uai"], set_={"des_le": des_le}))
    consigner(
        session,
        horloge,
        "second_facteur.regle",
        uai=uai,
        acteur=acteur,
        details={"debut": des_le.isoformat() if des_le else None},
    )


def equipes(session: Session, uai: str, jour: date) -> tuple[int, int]:
    """Personnels d'un établissement : combien ont un second facteur, et combien ils sont.

    :param uai: établissement.
    :param jour: jour de référence.
    """
    personnels = (
        select(Rattachement.personne_id)
        .where(Rattachement.uai == uai, Rattachement.profil.in_(PERSONNELS), en_vigueur(Rattachement, jour))
        .distinct()
        .subquery()
    )
    equipe = Facteur.personne_id.in_(select(personnels.c.personne_id)) & Facteur.confirme_le.is_not(None)
    equipees, tous = session.execute(
        select(
            select(func.count(func.distinct(Facteur.personne_id))).where(equipe).scalar_subquery(),
            select(func.count()).select_from(personnels).scalar_subquery(),
        )
    ).one()
    return equipees, tous
