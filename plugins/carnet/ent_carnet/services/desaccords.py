"""Le désaccord connu entre responsables : la direction le signale, et le lève (FAM-05)."""

from __future__ import annotations

from uuid import UUID

from ent_core.brique import Contexte, Horloge, OperationRefusee, Portee, consigner
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from ent_carnet.modeles import Desaccord
from ent_carnet.services.atteinte import exiger_atteint
from ent_carnet.services.examen import contredits

__all__ = ["contraires", "lever", "ouvert", "signaler"]


def ouvert(session: Session, contexte: Contexte, eleve_id: UUID, *, auteur: bool = False) -> Desaccord | None:
    """Le désaccord en vigueur au sujet d'un élève déjà atteint.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param eleve_id: élève.
    :param auteur: lire aussi qui l'a signalé ; ce n'est pas pour la famille, qui passe aussi par ici.
    """
    d = Desaccord
    return session.scalars(
        select(d)
        .options(*(() if auteur else (defer(d.auteur_id),)))
        .where(d.uai == contexte.uai, d.annee == contexte.annee, d.eleve_id == eleve_id, d.leve_le.is_(None))
    ).one_or_none()


def contraires(session: Session, contexte: Contexte, eleve_id: UUID) -> frozenset[UUID]:
    """Motifs contredits au sujet d'un élève déjà atteint.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui regarde.
    :param eleve_id: élève.
    """
    return frozenset(contredits(session, contexte.uai, contexte.annee, [eleve_id]))


def signaler(
    session: Session, contexte: Contexte, portee: Portee, horloge: Horloge, eleve_id: UUID
) -> Desaccord:
    """Signale un désaccord : dès lors, chaque motif s'examine avant d'être retenu.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui signale.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param eleve_id: élève.
    :raises OperationRefusee: il est déjà signalé.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    if ouvert(session, contexte, eleve_id) is not None:
        raise OperationRefusee("ce désaccord est déjà signalé.", remede="rafraîchir la page.")
    desaccord = Desaccord(
        uai=contexte.uai, annee=contexte.annee, eleve_id=eleve_id, signale_le=contexte.jour,
        auteur_id=contexte.personne_id,
    )  # fmt: skip
    session.add(desaccord)
    session.flush()
    _inscrire(session, contexte, horloge, desaccord.id, "signaler")
    return desaccord


def lever(session: Session, contexte: Contexte, portee: Portee, horloge: Horloge, eleve_id: UUID) -> None:
    """Lève le désaccord en vigueur ; sans lui, rien ne change.

    :param session: session ouverte dans l'établissement.
    :param contexte: qui lève.
    :param portee: périmètre accordé.
    :param horloge: horloge.
    :param eleve_id: élève.
    """
    exiger_atteint(session, contexte, portee, eleve_id)
    desaccord = ouvert(session, contexte, eleve_id)
    if desaccord is not None:
        desaccord.leve_le = contexte.jour
        _inscrire(session, contexte, horloge, desaccord.id, "lever")


def _inscrire(session: Session, contexte: Contexte, horloge: Horloge, desaccord_id: UUID, acte: str) -> None:
    consigner(
        session, horloge, "carnet.desaccord", uai=contexte.uai, acteur=contexte.personne_id,
        objet=str(desaccord_id), details={"acte": acte},
    )  # fmt: skip
