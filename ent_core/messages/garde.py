"""L'arrêt : un envoi qui toucherait trop de familles attend qu'une autre personne le confirme."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, case, distinct, func, or_, select, true, update
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.contrat.roles import Role
from ent_core.donnees.base import Base
from ent_core.identite.jalons import personnels
from ent_core.identite.journal import consigner
from ent_core.messages.destinataires import nombre_de_familles
from ent_core.messages.heures import Reglage, ouvre_a
from ent_core.messages.modeles import Message
from ent_core.messages.poste import Poste, demander
from ent_core.messages.reglages import reglage_de
from ent_core.socle.erreurs import Introuvable, OperationRefusee

__all__ = ["FENETRE", "PLANCHER", "REPONDENT", "confirmable", "confirmer", "garder"]

FENETRE = timedelta(hours=1)
"""Durée sur laquelle les envois d'un même sujet s'additionnent : cent demandes d'une famille en font une."""

PLANCHER = 20
"""Sous ce nombre, rien n'est anormal : une classe, dans une petite école, est déjà une grande part."""

REPONDENT = (Role.DIRECTION, Role.DIRECTION_ADJOINTE, Role.CPE, Role.ADMINISTRATIF)
"""Qui suit les envois d'un établissement, et peut répondre du nombre à la place de qui les demande."""

_table = Base.metadata.tables[Message.__tablename__]
_c = _table.c


def garder(session: Session, poste: Poste, uai: str, sujet: str, reglage: Reglage) -> int:
    """Retient ce qui attend d'un sujet, si trop de familles sont touchées.

    :param session: session de l'établissement, hors du portillon.
    :param uai: établissement.
    :param sujet: sujet qui vient d'être déposé.
    :param reglage: réglages de l'établissement.
    :returns: nombre de messages retenus.
    """
    recents = (
        _c.uai == uai, _c.sujet == sujet, _c.qualite == "famille", _c.confirme.is_(False),
        _c.cree_le > poste.horloge.maintenant() - FENETRE,
    )  # fmt: skip
    touchees = session.scalar(
        select(func.count(distinct(_c.personne_id))).where(*recents, _c.etat != "annule")
    )
    if not touchees or touchees <= PLANCHER:
        return 0
    jour, assez = poste.horloge.aujourd_hui(), -(-touchees * 100 // reglage.seuil)
    # Un élève a souvent deux responsables : autant d'élèves suffisent presque toujours, sinon on compte tout.
    if nombre_de_familles(session, uai, jour, eleves=assez) >= assez:
        return 0
    familles = nombre_de_familles(session, uai, jour)
    if familles >= assez:
        return 0
    retenus = len(
        session.execute(
            update(_table).where(*recents, _c.etat == "attente").values(etat="retenu").returning(_c.id)
        ).all()
    )
    consigner(
        session, poste.horloge, "messages.retenus", uai=uai, objet=sujet,
        details={"familles": touchees, "sur": familles, "retenus": retenus},
    )  # fmt: skip
    return retenus


def confirmable(session: Session, contexte: Contexte) -> ColumnElement[bool]:
    """Condition sur les messages retenus : ceux qu'une autre personne a demandés.

    Là où personne d'autre ne suit les envois (une petite école), qui les demande en répond seul.

    :param session: session de l'établissement, hors du portillon.
    :param contexte: qui confirme.
    """
    autres = set(personnels(session, contexte.uai, REPONDENT, contexte.jour)) - {contexte.personne_id}
    return _c.par.is_distinct_from(contexte.personne_id) if autres else true()


def confirmer(session: Session, poste: Poste, contexte: Contexte, sujet: str) -> int:
    """Laisse partir ce qui était retenu d'un sujet : une autre personne que qui l'a demandé répond du nombre.

    :param session: session de l'établissement, hors du portillon.
    :param contexte: qui confirme.
    :param sujet: clé du sujet.
    :returns: nombre de messages rendus à l'envoi.
    :raises Introuvable: rien n'est retenu.
    :raises OperationRefusee: tout ce qui est retenu a été demandé par qui confirme.
    """
    retenus = (_c.uai == contexte.uai, _c.sujet == sujet, _c.etat == "retenu")
    maintenant, reglage = poste.horloge.maintenant(), reglage_de(session, contexte.uai)
    quand = case(
        (_c.prevu_le > maintenant, _c.prevu_le),
        (or_(_c.urgent, _c.canal.in_(("ent", "papier"))), maintenant),
        else_=ouvre_a(reglage, maintenant),
    )
    departs = session.scalars(
        update(_table)
        .where(*retenus, confirmable(session, contexte))
        .values(etat="attente", confirme=True, prevu_le=quand)
        .returning(_c.prevu_le)
    ).all()
    if not departs and session.scalar(select(func.count()).where(*retenus)):
        raise OperationRefusee(
            "vous avez demandé cet envoi : une autre personne doit le confirmer.",
            remede="le faire confirmer par la direction ou la vie scolaire, ou y renoncer.",
        )
    if not departs:
        raise Introuvable("rien n'est retenu pour ce sujet.", remede="rafraîchir la page.")
    demander(session, poste, contexte.uai, departs)
    consigner(
        session, poste.horloge, "messages.confirmes", uai=contexte.uai, acteur=contexte.personne_id,
        objet=sujet, details={"nombre": len(departs)},
    )  # fmt: skip
    return len(departs)
