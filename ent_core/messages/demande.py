"""Prévenir : dans la transaction de l'appelant, un message par personne et le travail qui l'enverra."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session

from ent_core.contrat.interface import Contexte
from ent_core.donnees.base import Base
from ent_core.donnees.session import portage
from ent_core.donnees.sous_portillon import hors_portillon
from ent_core.identite.journal import consigner
from ent_core.messages.canaux import Canal, choisir, ouverts
from ent_core.messages.destinataires import Joignable, admis, joindre, prevenus
from ent_core.messages.garde import garder
from ent_core.messages.heures import Reglage, depart, ouvre_a
from ent_core.messages.modeles import Message
from ent_core.messages.poste import Poste, demander, poste_de
from ent_core.messages.reglages import reglage_de

__all__ = [
    "EnAttente",
    "annuler",
    "annuler_messages",
    "messages_en_attente",
    "prevenir",
    "prevenir_familles",
    "rectifier_messages",
]

PLUS_TARD = timedelta(days=30)
"""Attente la plus longue d'un message : le noyau ne le garde que deux mois."""

_MOTIF = "messages : prévenir"
_table = Base.metadata.tables[Message.__tablename__]
_c = _table.c


@dataclass(frozen=True, slots=True)
class EnAttente:
    """Ce qui n'est pas encore parti, et peut être annulé.

    :param canaux: nombre de messages par canal (``ent``, ``courriel``, ``sms``, ``papier``).
    :param retenus: parmi eux, ceux qu'un nombre anormal de destinataires retient.
    :param depart: premier départ prévu de ceux qui ne sont pas retenus.
    """

    canaux: Mapping[str, int]
    retenus: int = 0
    depart: datetime | None = None

    @property
    def total(self) -> int:
        """Nombre de messages."""
        return sum(self.canaux.values())


def prevenir(
    session: Session,
    contexte: Contexte | None,
    *,
    sujet: str,
    personnes: Iterable[UUID],
    lien: str,
    a_propos: UUID | None = None,
    pas_avant: datetime | None = None,
) -> int:
    """Prévient des personnes qu'une information est disponible ; le noyau choisit le canal et l'heure.

    Qui n'est rien dans l'établissement n'est pas prévenu. Avec ``a_propos``, un responsable sans autorité, ou
    qu'un acte restreint, ne l'est pas non plus.

    :param session: session de l'appelant ; annulée, elle emporte les messages.
    :param contexte: qui agit ; ``None`` pour un travail différé, dont la session dit l'établissement.
    :param sujet: clé d'un ``SujetDeMessage`` déclaré.
    :param personnes: à prévenir.
    :param lien: adresse de la page à ouvrir dans l'ENT, depuis « / » ; elle ne part jamais au-dehors.
    :param a_propos: élève dont il s'agit.
    :param pas_avant: instant à partir duquel l'information se lit ; rien ne s'en dit plus tôt.
    :returns: nombre de messages en attente.
    :raises ValueError: sujet inconnu, lien hors de l'ENT, départ trop lointain (faute de programmation).
    """
    poste, uai = poste_de(session), _ecole(session, contexte)
    _verifier(poste, sujet, lien, pas_avant)
    with hors_portillon(session, _MOTIF):
        joignables = joindre(session, poste, uai, sujet, personnes)
        voulus = set(joignables)
        if a_propos is not None and voulus:
            voulus &= admis(session, poste, uai, a_propos, joignables.values())
        return _deposer(
            session,
            poste,
            uai,
            contexte,
            sujet,
            [(joignables[qui], lien, a_propos) for qui in sorted(voulus)],
            pas_avant,
        )


def prevenir_familles(
    session: Session,
    contexte: Contexte | None,
    *,
    sujet: str,
    liens: Mapping[UUID, str],
    pas_avant: datetime | None = None,
) -> int:
    """Prévient, pour chaque élève, ceux qui doivent l'être : ses responsables, ou lui-même s'il est majeur.

    Le nombre d'énoncés ne dépend pas du nombre d'élèves.

    :param session: session de l'appelant.
    :param contexte: qui agit ; ``None`` pour un travail différé.
    :param sujet: clé d'un ``SujetDeMessage`` déclaré.
    :param liens: élève → adresse de la page à ouvrir dans l'ENT.
    :param pas_avant: instant à partir duquel l'information se lit ; rien ne s'en dit plus tôt.
    :returns: nombre de messages en attente.
    :raises ValueError: sujet inconnu, lien hors de l'ENT, départ trop lointain (faute de programmation).
    """
    poste, uai = poste_de(session), _ecole(session, contexte)
    for lien in set(liens.values()) or {"/"}:
        _verifier(poste, sujet, lien, pas_avant)
    with hors_portillon(session, _MOTIF):
        par_eleve = prevenus(session, poste, uai, liens)
        return _dire(session, poste, uai, contexte, sujet, liens, par_eleve, pas_avant)


def rectifier_messages(
    session: Session, contexte: Contexte, *, sujet: str, liens: Mapping[UUID, str], depuis: datetime
) -> int:
    """Une information annoncée à tort : elle ne part plus, et qui l'a reçue est appelé à relire.

    Chacun est jugé pour lui : de deux parents, celui dont le message attendait encore n'apprend rien, l'autre
    reçoit un second message. L'avoir ouvert dans l'ENT est l'avoir reçu.

    :param session: session de l'appelant.
    :param contexte: qui rectifie.
    :param sujet: clé du sujet annoncé à tort.
    :param liens: élève → adresse de la page à relire dans l'ENT.
    :param depuis: ce qui a été annoncé avant n'est pas en cause.
    :returns: nombre de rectificatifs en attente.
    :raises ValueError: sujet inconnu, lien hors de l'ENT (faute de programmation).
    """
    poste = poste_de(session)
    for lien in set(liens.values()) or {"/"}:
        _verifier(poste, sujet, lien, None)
    dits = (_c.sujet == sujet, _c.a_propos.in_(list(liens)), _c.cree_le >= depuis)
    with hors_portillon(session, _MOTIF):
        annuler(session, poste, contexte, *dits)
        arrives = select(_c.a_propos, _c.personne_id).where(
            _c.uai == contexte.uai, *dits, or_(_c.etat == "parti", _c.vu)
        )
        recus = {(eleve, qui) for eleve, qui in session.execute(arrives)}
        if not recus:
            return 0
        par_eleve = {
            eleve: frozenset(qui for qui in personnes if (eleve, qui) in recus)
            for eleve, personnes in prevenus(session, poste, contexte.uai, liens).items()
        }
        return _dire(session, poste, contexte.uai, contexte, sujet, liens, par_eleve, None)


def annuler_messages(
    session: Session,
    contexte: Contexte,
    *,
    sujet: str,
    a_propos: UUID | None = None,
    lien: str | None = None,
) -> int:
    """Annule ce qui n'est pas parti ; l'ENT ne le montre plus.

    :param session: session de l'appelant.
    :param contexte: qui agit.
    :param sujet: clé du sujet.
    :param a_propos: élève ; ``None``, tous.
    :param lien: page ; ``None``, toutes.
    :returns: nombre de messages annulés.
    """
    criteres = [_c.sujet == sujet]
    if a_propos is not None:
        criteres.append(_c.a_propos == a_propos)
    if lien is not None:
        criteres.append(_c.lien == lien)
    with hors_portillon(session, "messages : annuler"):
        return annuler(session, poste_de(session), contexte, *criteres)


def annuler(session: Session, poste: Poste, contexte: Contexte, *criteres: Any) -> int:
    """Annule les messages en attente qui répondent à des critères, et le consigne.

    :param session: session de l'établissement, hors du portillon.
    :param contexte: qui agit.
    :param criteres: conditions sur la table des messages.
    """
    enonce = update(_table).where(_c.uai == contexte.uai, _c.etat.in_(("attente", "retenu")), *criteres)
    nombre = len(
        session.execute(
            enonce.values(etat="annule", clos_le=poste.horloge.maintenant()).returning(_c.id)
        ).all()
    )
    if nombre:
        consigner(
            session, poste.horloge, "messages.annules", uai=contexte.uai, acteur=contexte.personne_id,
            details={"nombre": nombre},
        )  # fmt: skip
    return nombre


def messages_en_attente(session: Session, contexte: Contexte, *, sujets: Collection[str] = ()) -> EnAttente:
    """Ce qui va partir de l'établissement, par canal : « 4 SMS vont partir ».

    :param session: session de l'établissement.
    :param contexte: qui regarde.
    :param sujets: sujets voulus ; vide, tous.
    """
    criteres = [_c.uai == contexte.uai, _c.etat.in_(("attente", "retenu"))]
    if sujets:
        criteres.append(_c.sujet.in_(sujets))
    with hors_portillon(session, "messages : compter ce qui attend"):
        lignes = session.execute(
            select(_c.canal, _c.etat, func.count(), func.min(_c.prevu_le))
            .where(*criteres)
            .group_by(_c.canal, _c.etat)
        ).all()
    canaux: dict[str, int] = {}
    for canal, _, nombre, _ in lignes:
        canaux[canal] = canaux.get(canal, 0) + nombre
    departs = [depart for _, etat, _, depart in lignes if etat == "attente"]
    retenus = sum(nombre for _, etat, nombre, _ in lignes if etat == "retenu")
    return EnAttente(canaux, retenus, min(departs, default=None))


def _ecole(session: Session, contexte: Contexte | None) -> str:
    return contexte.uai if contexte is not None else portage(session).uai


def _verifier(poste: Poste, sujet: str, lien: str, pas_avant: datetime | None) -> None:
    if sujet not in poste.sujets:
        raise ValueError(f"« {sujet} » n'est pas un sujet déclaré : l'ajouter à ent_sujets_de_message")
    if not lien.startswith("/") or lien.startswith(("//", "/\\")) or len(lien) > 200:
        raise ValueError("un lien de message est une adresse de l'ENT, depuis « / » (200 caractères)")
    if pas_avant is not None and pas_avant > poste.horloge.maintenant() + PLUS_TARD:
        raise ValueError(f"un message part dans les {PLUS_TARD.days} jours : prévenir plus près du jour dit")


def _dire(
    session: Session,
    poste: Poste,
    uai: str,
    contexte: Contexte | None,
    sujet: str,
    liens: Mapping[UUID, str],
    par_eleve: Mapping[UUID, frozenset[UUID]],
    pas_avant: datetime | None,
) -> int:
    """Un message à chacun de ceux que l'on prévient de chaque élève, s'il peut être joint."""
    joignables = joindre(session, poste, uai, sujet, frozenset().union(*par_eleve.values()))
    voulus = [
        (joignables[qui], liens[eleve], eleve)
        for eleve, personnes in par_eleve.items()
        for qui in sorted(personnes)
        if qui in joignables
    ]
    return _deposer(session, poste, uai, contexte, sujet, voulus, pas_avant)


def _deposer(
    session: Session,
    poste: Poste,
    uai: str,
    contexte: Contexte | None,
    sujet: str,
    voulus: Sequence[tuple[Joignable, str, UUID | None]],
    pas_avant: datetime | None,
) -> int:
    if not voulus:
        return 0
    maintenant, reglage = poste.horloge.maintenant(), reglage_de(session, uai)
    urgent, canaux, lot = poste.sujets[sujet].urgent, ouverts(poste), uuid4()
    lignes = [
        {
            "uai": uai, "personne_id": qui.id, "a_propos": eleve, "lien": lien, "lot": lot, "sujet": sujet,
            "par": contexte.personne_id if contexte else None, "qualite": qui.qualite, "urgent": urgent,
            "cree_le": maintenant,
            "visible_le": depart(reglage, maintenant, urgent=True, pas_avant=pas_avant),
            **_par(choisir(qui, canaux, urgent=urgent), qui, reglage, maintenant, pas_avant, urgent=urgent),
        }
        for qui, lien, eleve in voulus
    ]  # fmt: skip
    session.execute(insert(_table), lignes)
    garder(session, poste, uai, sujet, reglage)
    demander(session, poste, uai, [ligne["prevu_le"] for ligne in lignes])
    reveilles = sum(ligne["prevu_le"] != ouvre_a(reglage, ligne["prevu_le"]) for ligne in lignes)
    if urgent and reveilles:
        consigner(
            session, poste.horloge, "messages.urgents", uai=uai, objet=sujet,
            acteur=contexte.personne_id if contexte else None, details={"nombre": reveilles},
        )  # fmt: skip
    return len(lignes)


def _par(
    canal: Canal, qui: Joignable, reglage: Reglage, maintenant: datetime, pas_avant: datetime | None, *,
    urgent: bool,
) -> dict[str, Any]:  # fmt: skip
    """Dans l'ENT et sur papier, rien ne dérange personne : seul compte le délai d'annulation."""
    dehors = canal in (Canal.COURRIEL, Canal.SMS)
    quand = depart(
        reglage, maintenant, urgent=urgent or not dehors, resume=dehors and qui.resume, pas_avant=pas_avant
    )
    return {"canal": canal.value, "prevu_le": quand}
