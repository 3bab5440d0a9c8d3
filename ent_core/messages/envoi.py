"""La tournée : relire qui peut encore être prévenu, grouper par personne, porter, retenir ce qui a échoué.

Chaque personne a sa transaction : une coupure au pire répète un message, elle n'en perd aucun.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.session import BaseDeDonnees
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Etablissement
from ent_core.messages.canaux import Canal, choisir, ouverts
from ent_core.messages.destinataires import Joignable, joindre, prevenus
from ent_core.messages.heures import ouvre_a
from ent_core.messages.modeles import Message
from ent_core.messages.poste import Poste, demander, poste_de
from ent_core.messages.reglages import reglage_de
from ent_core.messages.transports import Issue, PanneDuCanal, Porteur, porteur

__all__ = ["ESSAIS", "PEREMPTION", "Tournee", "ecoles_a_servir", "envoyer"]

ESSAIS = 5
"""Essais avant qu'un service qui ne répond pas devienne l'affaire d'une personne."""

PEREMPTION = timedelta(days=7)
"""Au-delà, prévenir d'une information que l'on n'a pas pu ouvrir n'a plus de sens."""

_MOTIF = "messages : envoyer"
_TOURNEE = 5000
_ATTENTE = timedelta(minutes=5)
_table = Base.metadata.tables[Message.__tablename__]
_c = _table.c


@dataclass(slots=True)
class Tournee:
    """Ce qu'une tournée a fait, en nombre de messages."""

    partis: int = 0
    echecs: int = 0
    reportes: int = 0
    ecartes: int = 0


@dataclass(slots=True)
class _Pli:
    """Ce qui part ensemble : une personne, un canal."""

    adresse: str
    messages: list[UUID] = field(default_factory=list)


_Plis = dict[tuple[Canal, UUID], _Pli]


def ecoles_a_servir(session: Session, maintenant: datetime) -> Sequence[str]:
    """Établissements où un départ est échu.

    :param session: session de l'académie.
    :param maintenant: instant présent.
    """
    return session.scalars(
        select(_c.uai)
        .where(_c.etat == "attente", _c.canal != Canal.PAPIER.value, _c.prevu_le <= maintenant)
        .distinct()
        .order_by(_c.uai)
    ).all()


def envoyer(base: BaseDeDonnees, uai: str) -> Tournee:
    """Envoie ce qui est dû dans un établissement ; peut être rejoué sans effet.

    :param base: base de l'instance, son poste posé.
    :param uai: établissement.
    """
    tournee = Tournee()
    with base.ecole(uai, _MOTIF) as session:
        poste = poste_de(session)
        ecole = session.scalar(select(Etablissement.nom).where(Etablissement.uai == uai)) or uai
        plis = _trier(session, poste, uai, tournee)
    for canal in (Canal.COURRIEL, Canal.SMS):
        siens = [pli for (voulu, _), pli in plis.items() if voulu is canal]
        if siens:
            _tourner(base, poste, uai, canal, ecole, siens, tournee)
    return tournee


def _trier(session: Session, poste: Poste, uai: str, tournee: Tournee) -> _Plis:
    """Range ce qui est dû ; qui n'a plus à être prévenu ne l'est pas, qui a changé d'avis est suivi."""
    maintenant = poste.horloge.maintenant()
    dus: tuple[Any, ...] = (_c.uai == uai, _c.etat == "attente", _c.prevu_le <= maintenant)
    servis = poste.servis(session, uai)
    tournee.ecartes += _tenir(session, poste, uai, servis, *dus)
    dus = (*dus, _c.sujet.in_(servis))
    tournee.partis += _clore(session, maintenant, "parti", *dus, _c.canal == Canal.ENT.value)
    _laisser_dormir(session, poste, uai, *dus)
    lignes = session.execute(
        select(_c.id, _c.personne_id, _c.a_propos, _c.sujet, _c.canal, _c.qualite, _c.urgent)
        .where(*dus, _c.canal.in_((Canal.COURRIEL.value, Canal.SMS.value)))
        .order_by(_c.prevu_le, _c.id)
        .limit(_TOURNEE)
        .with_for_update(skip_locked=True)
    ).all()
    joignables = {
        sujet: joindre(session, poste, uai, sujet, {e.personne_id for e in lignes if e.sujet == sujet})
        for sujet in {ligne.sujet for ligne in lignes}
    }
    admises = prevenus(session, poste, uai, {e.a_propos for e in lignes if e.a_propos})
    canaux = ouverts(poste)
    plis: _Plis = {}
    autres: dict[Canal, list[UUID]] = {}
    ecartes: list[UUID] = []
    for ligne in lignes:
        qui = joignables[ligne.sujet].get(ligne.personne_id)
        if qui is None or not _encore(ligne, admises):
            ecartes.append(ligne.id)
            continue
        canal = choisir(qui, canaux, urgent=ligne.urgent)
        if canal.value == ligne.canal:
            plis.setdefault((canal, qui.id), _Pli(_adresse(qui, canal))).messages.append(ligne.id)
        else:
            autres.setdefault(canal, []).append(ligne.id)
    tournee.ecartes += _clore(session, maintenant, "annule", _c.uai == uai, _c.id.in_(ecartes))
    for canal, messages in autres.items():
        session.execute(update(_table).where(_c.uai == uai, _c.id.in_(messages)).values(canal=canal.value))
    if autres:
        demander(session, poste, uai, [maintenant])
    return plis


def _tenir(session: Session, poste: Poste, uai: str, servis: Sequence[str], *dus: Any) -> int:
    """Garde les messages d'une brique qui n'est pas servie ici, puis renonce à ce qui a trop attendu."""
    maintenant = poste.horloge.maintenant()
    tus = update(_table).where(*dus, _c.sujet.not_in(servis), _c.tenu_le.is_(None)).values(tenu_le=maintenant)
    for sujet, nombre in Counter(session.scalars(tus.returning(_c.sujet))).items():
        _dire(session, poste, uai, "messages.tenus", sujet, nombre)
    perimes = (*dus, _c.tenu_le.is_not(None), _c.prevu_le <= maintenant - PEREMPTION)
    annuler = update(_table).where(*perimes).values(etat="annule", clos_le=maintenant)
    ecartes = Counter(session.scalars(annuler.returning(_c.sujet)))
    for sujet, nombre in ecartes.items():
        _dire(session, poste, uai, "messages.perimes", sujet, nombre)
    return ecartes.total()


def _dire(session: Session, poste: Poste, uai: str, acte: str, sujet: str, nombre: int) -> None:
    consigner(session, poste.horloge, acte, uai=uai, objet=sujet, details={"nombre": nombre})


def _laisser_dormir(session: Session, poste: Poste, uai: str, *dus: Any) -> None:
    """Un ouvrier arrêté puis relancé la nuit ne réveille personne."""
    maintenant = poste.horloge.maintenant()
    matin = ouvre_a(reglage_de(session, uai), maintenant)
    if matin == maintenant:
        return
    dehors = _c.canal.in_((Canal.COURRIEL.value, Canal.SMS.value))
    if session.scalars(
        update(_table).where(*dus, dehors, ~_c.urgent).values(prevu_le=matin).returning(_c.id)
    ).all():
        demander(session, poste, uai, [matin])


def _encore(ligne: Any, admises: dict[UUID, frozenset[UUID]]) -> bool:
    """Une décision de justice, un départ, une majorité ont pu survenir depuis la demande."""
    if ligne.a_propos is None or ligne.qualite == "personnel" or ligne.a_propos == ligne.personne_id:
        return True
    return ligne.personne_id in admises.get(ligne.a_propos, frozenset())


def _adresse(qui: Joignable, canal: Canal) -> str:
    return qui.courriel if canal is Canal.COURRIEL else qui.mobile


def _tourner(
    base: BaseDeDonnees, poste: Poste, uai: str, canal: Canal, ecole: str, plis: Iterable[_Pli],
    tournee: Tournee,
) -> None:  # fmt: skip
    try:
        with porteur(poste, canal, ecole) as porter:
            for pli in plis:
                _porter(base, poste, uai, canal, porter, pli, tournee)
    except PanneDuCanal:
        # Le service ne répond pas : tout ce qui reste attend, sans que chacun l'éprouve à son tour.
        with base.ecole(uai, _MOTIF) as session:
            _reporter(session, poste, uai, [m for pli in plis for m in pli.messages], tournee)


def _porter(
    base: BaseDeDonnees, poste: Poste, uai: str, canal: Canal, porter: Porteur, pli: _Pli, tournee: Tournee
) -> None:
    with base.ecole(uai, _MOTIF) as session:
        # Annulé, retenu ou pris par une autre tournée entre-temps, un message n'est plus de celle-ci.
        siens = session.scalars(
            select(_c.id)
            .where(_c.uai == uai, _c.id.in_(pli.messages), _c.etat == "attente", _c.canal == canal.value)
            .with_for_update(skip_locked=True)
        ).all()
        if not siens:
            return
        issue = porter(pli.adresse, len(siens))
        ceux_ci = (_c.uai == uai, _c.id.in_(siens))
        maintenant = poste.horloge.maintenant()
        if issue is Issue.PARTI:
            tournee.partis += _clore(session, maintenant, "parti", *ceux_ci)
        elif issue is Issue.INDISPONIBLE:
            _reporter(session, poste, uai, siens, tournee)
        else:
            tournee.echecs += _clore(session, maintenant, "echec", *ceux_ci, echec=issue.value)


def _reporter(session: Session, poste: Poste, uai: str, messages: Sequence[UUID], tournee: Tournee) -> None:
    """Réessayer plus tard, de plus en plus tard ; après le dernier essai, c'est à une personne de voir."""
    maintenant = poste.horloge.maintenant()
    en_attente = (_c.uai == uai, _c.id.in_(messages), _c.etat == "attente")
    tournee.echecs += _clore(
        session, maintenant, "echec", *en_attente, _c.essais >= ESSAIS - 1, echec=Issue.INDISPONIBLE.value
    )
    departs = session.scalars(
        update(_table)
        .where(*en_attente)
        .values(essais=_c.essais + 1, prevu_le=maintenant + _ATTENTE * func.power(2, _c.essais))
        .returning(_c.prevu_le)
    ).all()
    tournee.reportes += len(departs)
    demander(session, poste, uai, departs)


def _clore(
    session: Session, maintenant: datetime, etat: str, *criteres: Any, echec: str | None = None
) -> int:
    valeurs = {"etat": etat, "clos_le": maintenant, "echec": echec}
    enonce = update(_table).where(*criteres).values(valeurs).returning(_c.id)
    return len(session.execute(enonce).all())
