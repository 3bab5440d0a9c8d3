"""Ce que l'établissement suit : ce qui va partir, est retenu, a échoué, est à imprimer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, distinct, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from ent_core.contrat.interface import Contexte
from ent_core.donnees.base import Base
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Personne
from ent_core.messages.canaux import Canal
from ent_core.messages.demande import annuler
from ent_core.messages.garde import confirmable
from ent_core.messages.modeles import Message
from ent_core.messages.poste import Poste, demander
from ent_core.socle.erreurs import Introuvable

__all__ = [
    "PLAFOND",
    "APorter",
    "Comptes",
    "Echec",
    "Lot",
    "Retenu",
    "annuler_lot",
    "annuler_retenus",
    "bordereaux",
    "comptes",
    "echecs",
    "lots",
    "relancer",
    "remis",
    "retenus",
    "vers_le_papier",
]

PLAFOND = 200
_table = Base.metadata.tables[Message.__tablename__]
_c = _table.c
_personne = Base.metadata.tables[Personne.__tablename__]
_p = _personne.c
_DEHORS = (Canal.COURRIEL.value, Canal.SMS.value)


@dataclass(frozen=True, slots=True)
class Lot:
    """Un envoi demandé d'un coup, qui peut encore s'annuler.

    :param par: personne qui l'a demandé, si elle est encore dans l'annuaire.
    """

    lot: UUID
    sujet: str
    canal: str
    nombre: int
    depart: datetime
    par: UUID | None


@dataclass(frozen=True, slots=True)
class Retenu:
    """Ce qui est retenu d'un sujet.

    :param personnes: personnes que l'envoi toucherait.
    :param confirmables: parmi elles, celles dont une autre personne que qui regarde a demandé l'envoi.
    """

    sujet: str
    personnes: int
    confirmables: int


@dataclass(frozen=True, slots=True)
class Echec:
    """Un message qui n'est pas parti : quelqu'un doit corriger une coordonnée, ou le remettre."""

    id: UUID
    personne_id: UUID
    nom: str
    prenom: str
    canal: str
    echec: str
    clos_le: datetime


@dataclass(frozen=True, slots=True)
class APorter:
    """Une personne à qui remettre un bordereau, et combien d'informations l'attendent."""

    personne_id: UUID
    nom: str
    prenom: str
    messages: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Comptes:
    """Messages d'un établissement, par état."""

    uai: str
    attente: int
    retenus: int
    partis: int
    annules: int
    echecs: int


def lots(session: Session, uai: str) -> list[Lot]:
    """Envois en attente hors de l'ENT, le premier à partir d'abord.

    :param session: session de l'établissement.
    :param uai: établissement.
    """
    depart = func.min(_c.prevu_le)
    lignes = session.execute(
        select(_c.lot, _c.sujet, _c.canal, func.count(), depart, _c.par)
        .where(_c.uai == uai, _c.etat == "attente", _c.canal.in_(_DEHORS))
        .group_by(_c.lot, _c.sujet, _c.canal, _c.par)
        .order_by(depart, _c.lot, _c.canal)
        .limit(PLAFOND)
    )
    return [Lot(*ligne) for ligne in lignes]


def annuler_lot(session: Session, poste: Poste, contexte: Contexte, lot: UUID, canal: str) -> int:
    """Annule ce qui n'est pas parti d'un envoi.

    :param session: session de l'établissement.
    :param contexte: qui agit.
    :param lot: envoi.
    :param canal: canal dont les messages sont annulés.
    :raises Introuvable: tout est déjà parti, ou annulé.
    """
    nombre = annuler(session, poste, contexte, _c.lot == lot, _c.canal == canal)
    if not nombre:
        raise Introuvable("cet envoi est déjà parti, ou annulé.", remede="rafraîchir la page.")
    return nombre


def retenus(session: Session, contexte: Contexte) -> list[Retenu]:
    """Ce qui est retenu, par sujet, et ce que la personne peut en confirmer.

    :param session: session de l'établissement.
    :param contexte: qui regarde.
    """
    personnes = func.count(distinct(_c.personne_id))
    lignes = session.execute(
        select(_c.sujet, personnes, personnes.filter(confirmable(session, contexte)))
        .where(_c.uai == contexte.uai, _c.etat == "retenu")
        .group_by(_c.sujet)
        .order_by(_c.sujet)
    )
    return [Retenu(*ligne) for ligne in lignes]


def annuler_retenus(session: Session, poste: Poste, contexte: Contexte, sujet: str) -> int:
    """Renonce à ce qui était retenu d'un sujet.

    :param session: session de l'établissement.
    :param contexte: qui agit.
    :param sujet: clé du sujet.
    """
    return annuler(session, poste, contexte, _c.sujet == sujet, _c.etat == "retenu")


def echecs(session: Session, uai: str) -> list[Echec]:
    """Messages qui ne sont pas partis, le plus récent d'abord.

    :param session: session de l'établissement.
    :param uai: établissement.
    """
    lignes = session.execute(
        select(_c.id, _c.personne_id, _p.nom, func.coalesce(_p.prenom, ""), _c.canal, _c.echec, _c.clos_le)
        .join(_personne, _p.id == _c.personne_id)
        .where(_c.uai == uai, _c.etat == "echec")
        .order_by(_c.clos_le.desc(), _c.id)
        .limit(PLAFOND)
    )
    return [Echec(*ligne) for ligne in lignes]


def relancer(
    session: Session, poste: Poste, uai: str, messages: Collection[UUID] | None, par: UUID | None
) -> int:
    """Remet à l'envoi des messages en échec, une fois la coordonnée corrigée ou le service rétabli.

    :param session: session de l'établissement.
    :param uai: établissement.
    :param messages: messages ; ``None``, tous.
    :param par: personne qui agit ; ``None`` pour une commande.
    """
    return _reprendre(session, poste, uai, messages, par, "messages.relances", {})


def vers_le_papier(
    session: Session, poste: Poste, uai: str, messages: Collection[UUID], par: UUID | None
) -> int:
    """Remet sur papier des messages en échec.

    :param session: session de l'établissement.
    :param uai: établissement.
    :param messages: messages.
    :param par: personne qui agit.
    """
    papier = {"canal": Canal.PAPIER.value}
    return _reprendre(session, poste, uai, messages, par, "messages.mis_sur_papier", papier)


def bordereaux(session: Session, poste: Poste, uai: str) -> list[APorter]:
    """Personnes à qui remettre un bordereau, dans l'ordre des noms.

    :param session: session de l'établissement.
    :param uai: établissement.
    """
    lignes = session.execute(
        select(_c.personne_id, _p.nom, func.coalesce(_p.prenom, ""), func.array_agg(_c.id, type_=ARRAY(Uuid)))
        .join(_personne, _p.id == _c.personne_id)
        .where(*_a_imprimer(session, poste, uai))
        .group_by(_c.personne_id, _p.nom, _p.prenom, _p.recherche)
        .order_by(_p.recherche, _c.personne_id)
        .limit(PLAFOND)
    )
    return [APorter(qui, nom, prenom, tuple(messages)) for qui, nom, prenom, messages in lignes]


def remis(
    session: Session, poste: Poste, contexte: Contexte, personnes: Collection[UUID], vus: datetime
) -> int:
    """Tient des bordereaux pour imprimés et remis.

    :param session: session de l'établissement.
    :param contexte: qui agit.
    :param personnes: personnes dont le bordereau est imprimé.
    :param vus: instant de l'impression ; ce qui est arrivé depuis reste à imprimer.
    :returns: nombre de messages.
    """
    nombre = len(
        session.execute(
            update(_table)
            .where(
                *_a_imprimer(session, poste, contexte.uai),
                _c.prevu_le <= vus,
                _c.personne_id.in_(personnes),
            )
            .values(etat="parti", clos_le=poste.horloge.maintenant())
            .returning(_c.id)
        ).all()
    )
    if nombre:
        consigner(
            session, poste.horloge, "messages.remis", uai=contexte.uai, acteur=contexte.personne_id,
            details={"nombre": nombre},
        )  # fmt: skip
    return nombre


def comptes(session: Session, uai: str | None = None) -> list[Comptes]:
    """Messages par établissement et par état.

    :param session: session de l'académie, ou de l'établissement.
    :param uai: établissement ; ``None``, tous.
    """
    etats = ("attente", "retenu", "parti", "annule", "echec")
    enonce = select(_c.uai, *(func.count().filter(_c.etat == etat) for etat in etats))
    if uai is not None:
        enonce = enonce.where(_c.uai == uai)
    return [Comptes(*ligne) for ligne in session.execute(enonce.group_by(_c.uai).order_by(_c.uai))]


def _a_imprimer(session: Session, poste: Poste, uai: str) -> Sequence[ColumnElement[bool]]:
    return (
        _c.uai == uai, _c.etat == "attente", _c.canal == Canal.PAPIER.value,
        _c.prevu_le <= poste.horloge.maintenant(), _c.sujet.in_(poste.servis(session, uai)),
    )  # fmt: skip


def _reprendre(
    session: Session, poste: Poste, uai: str, messages: Collection[UUID] | None, par: UUID | None, acte: str,
    valeurs: dict[str, str],
) -> int:  # fmt: skip
    criteres = [_c.uai == uai, _c.etat == "echec"]
    if messages is not None:
        criteres.append(_c.id.in_(messages))
    maintenant = poste.horloge.maintenant()
    nombre = len(
        session.execute(
            update(_table)
            .where(*criteres)
            .values(etat="attente", clos_le=None, echec=None, essais=0, prevu_le=maintenant, **valeurs)
            .returning(_c.id)
        ).all()
    )
    if nombre:
        demander(session, poste, uai, [maintenant])
        consigner(session, poste.horloge, acte, uai=uai, acteur=par, details={"nombre": nombre})
    return nombre
