"""Les délégations du chef d'établissement : nommées, bornées, révocables, tracées (SDET-AUT-02)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte, Permission, Portee
from ent_core.contrat.roles import Profil
from ent_core.donnees.intervalles import en_vigueur
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Rattachement
from ent_core.roles.habilitations import RANGS
from ent_core.roles.modeles import Delegation
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide, Introuvable, OperationRefusee

__all__ = ["DUREE_MAXIMALE", "deleguer", "lister", "revoquer"]

DUREE_MAXIMALE = timedelta(days=366)
"""Une délégation ne dépasse pas une année scolaire."""


def deleguer(
    session: Session,
    horloge: Horloge,
    contexte: Contexte,
    permissions: Mapping[str, Permission],
    *,
    personne_id: UUID,
    permission: str,
    portee: Portee,
    motif: str,
    debut: date,
    fin: date,
) -> Delegation:
    """Confie une permission à une personne de l'établissement.

    :param session: session ouverte dans l'établissement.
    :param horloge: horloge injectée.
    :param contexte: chef d'établissement qui délègue.
    :param permissions: table figée des permissions.
    :param personne_id: personnel qui reçoit.
    :param permission: permission délégable, que le chef a lui-même.
    :param portee: périmètre, jamais plus large que l'établissement.
    :param motif: pourquoi, en quelques mots.
    :param debut: premier jour.
    :param fin: lendemain du dernier jour.
    :raises OperationRefusee: permission non délégable, ou personne hors de l'établissement.
    :raises DonneeInvalide: dates ou motif inacceptables.
    """
    declaree = permissions.get(permission)
    if declaree is None or not declaree.delegable:
        raise OperationRefusee(
            "cette permission ne peut pas être déléguée.",
            remede="choisir une permission de la liste.",
            lieu=permission,
        )
    if not any(role in declaree.roles for role in contexte.roles):
        raise OperationRefusee(
            "on ne délègue que ce que l'on a.", remede="demander au chef d'établissement.", lieu=permission
        )
    if RANGS.index(portee) > RANGS.index(Portee.ETABLISSEMENT):
        raise OperationRefusee(
            "une délégation ne dépasse pas l'établissement.", remede="choisir un périmètre plus étroit."
        )
    if not motif.strip():
        raise DonneeInvalide("le motif manque.", remede="dire en quelques mots pourquoi vous déléguez.")
    if not (horloge.aujourd_hui() <= debut < fin and fin - debut <= DUREE_MAXIMALE):
        raise DonneeInvalide(
            "les dates ne conviennent pas.",
            remede="commencer aujourd'hui ou plus tard, finir après le début, un an après au plus.",
        )
    if not _est_personnel(session, contexte, personne_id):
        raise OperationRefusee(
            "cette personne n'est pas un personnel de l'établissement.",
            remede="choisir une personne dans la liste des personnels.",
        )
    delegation = Delegation(
        uai=contexte.uai,
        personne_id=personne_id,
        permission=permission,
        portee=portee.value,
        motif=motif.strip(),
        accordee_par=contexte.personne_id,
        accordee_le=horloge.maintenant(),
        debut=debut,
        fin=fin,
    )
    session.add(delegation)
    session.flush()
    consigner(
        session,
        horloge,
        "delegation.accordee",
        uai=contexte.uai,
        acteur=contexte.personne_id,
        objet=str(delegation.id),
        details={"permission": permission, "fin": fin.isoformat()},
    )
    return delegation


def revoquer(session: Session, horloge: Horloge, contexte: Contexte, delegation_id: UUID) -> None:
    """Reprend une délégation, avec effet immédiat.

    :param session: session ouverte dans l'établissement.
    :param horloge: horloge injectée.
    :param contexte: chef d'établissement.
    :param delegation_id: délégation de cet établissement.
    :raises Introuvable: elle n'existe pas ici.
    """
    delegation = session.get(Delegation, (contexte.uai, delegation_id))
    if delegation is None:
        raise Introuvable("cette délégation n'existe pas.", remede="rafraîchir la liste.")
    if delegation.revoquee_le is None:
        delegation.revoquee_le = horloge.maintenant()
        consigner(
            session,
            horloge,
            "delegation.revoquee",
            uai=contexte.uai,
            acteur=contexte.personne_id,
            objet=str(delegation_id),
        )


def lister(session: Session, uai: str) -> list[Delegation]:
    """Délégations d'un établissement, les plus récentes d'abord.

    :param session: session ouverte dans l'établissement.
    :param uai: établissement.
    """
    return list(
        session.scalars(
            select(Delegation).where(Delegation.uai == uai).order_by(Delegation.accordee_le.desc())
        )
    )


def _est_personnel(session: Session, contexte: Contexte, personne_id: UUID) -> bool:
    return bool(
        session.scalar(
            select(Rattachement.id)
            .where(
                Rattachement.uai == contexte.uai,
                Rattachement.personne_id == personne_id,
                Rattachement.profil.not_in([Profil.ELEVE.value, Profil.RESPONSABLE.value]),
                en_vigueur(Rattachement, contexte.jour),
            )
            .limit(1)
        )
    )
