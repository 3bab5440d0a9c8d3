"""Qui peut demander pour qui : soi-même, ou l'enfant mineur dont on exerce l'autorité (RGPD-DRO-02)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.modeles import Personne, Rattachement, Responsabilite, Restriction
from ent_core.socle.calendrier import est_mineur
from ent_core.socle.erreurs import AccesRefuse

__all__ = ["Qualite", "ecoles_de", "est_mineur", "qualite_de", "responsables_de"]


class Qualite(StrEnum):
    """À quel titre quelqu'un demande."""

    SOI = "soi"
    ELEVE_MINEUR = "mineur"
    RESPONSABLE = "responsable"
    MANDATAIRE = "mandataire"


def qualite_de(session: Session, demandeur: UUID, personne: UUID, jour: date) -> Qualite:
    """À quel titre une personne peut demander pour une autre, ce jour.

    Chaque parent qui exerce l'autorité agit seul ; celui qu'un acte restreint ne peut pas. L'élève majeur
    agit seul. Sans date de naissance, la majorité ne se prouve pas ici : le secrétariat reçoit la demande.

    :param session: session de l'établissement, ou de l'académie.
    :param demandeur: qui demande.
    :param personne: qui la demande concerne.
    :raises AccesRefuse: il n'a pas qualité.
    """
    naissance = session.scalar(select(Personne.naissance).where(Personne.id == personne))
    mineur = est_mineur(naissance, jour)
    if demandeur == personne:
        eleve = session.scalar(
            select(
                exists().where(
                    Rattachement.personne_id == personne,
                    Rattachement.profil == Profil.ELEVE.value,
                    en_vigueur(Rattachement, jour),
                )
            )
        )
        return Qualite.ELEVE_MINEUR if eleve and mineur is not False else Qualite.SOI
    legal = session.scalar(
        select(Responsabilite.id).where(
            Responsabilite.responsable_id == demandeur,
            Responsabilite.eleve_id == personne,
            Responsabilite.legal > 0,
            en_vigueur(Responsabilite, jour),
            ~exists().where(
                Restriction.responsabilite_id == Responsabilite.id, en_vigueur(Restriction, jour)
            ),
        )
    )
    if legal is None:
        raise AccesRefuse(
            "vous n'exercez pas l'autorité parentale sur cette personne, d'après l'annuaire.",
            remede="apporter au secrétariat l'acte qui vous la donne.",
        )
    if mineur is None:
        raise AccesRefuse(
            "sa date de naissance n'est pas dans l'annuaire : on ne sait pas si cette personne est mineure.",
            remede="déposer la demande au secrétariat.",
        )
    if not mineur:
        raise AccesRefuse(
            "cette personne est majeure : elle seule exerce ses droits.",
            remede="lui demander de le faire depuis son compte.",
        )
    return Qualite.RESPONSABLE


def responsables_de(session: Session, eleve: UUID) -> list[UUID]:
    """Responsables d'un élève d'après l'annuaire, quelle que soit leur qualité.

    :param session: session de l'académie, ou de l'établissement.
    """
    return list(
        session.scalars(
            select(Responsabilite.responsable_id)
            .where(Responsabilite.eleve_id == eleve)
            .distinct()
            .order_by(Responsabilite.responsable_id)
        )
    )


def ecoles_de(session: Session, personne: UUID) -> list[str]:
    """Établissements où une personne est, ou a été, tant que l'annuaire le sait.

    :param session: session de l'académie.
    """
    return list(
        session.scalars(
            select(Rattachement.uai)
            .where(Rattachement.personne_id == personne)
            .distinct()
            .order_by(Rattachement.uai)
        )
    )
