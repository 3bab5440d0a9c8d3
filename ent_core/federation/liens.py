"""Les liens d'une personne avec des fournisseurs : les voir, les retirer ; et ses sessions qu'ils ferment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from ent_core.identite import sessions
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import LienIdentite, SessionFederee, SessionWeb
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable

__all__ = [
    "Lien",
    "SessionChezLui",
    "chez_le_fournisseur",
    "fermer_les_sessions",
    "fermer_les_visees",
    "lister",
    "mene_a",
    "retirer",
]


@dataclass(frozen=True, slots=True)
class Lien:
    """Un fournisseur par qui une personne entre ; le nom qu'il lui donne n'est jamais montré.

    :param moyen: comment le lien a été prouvé.
    :param vu_le: dernière entrée par lui.
    """

    emetteur: str
    moyen: str
    fait_le: datetime
    vu_le: datetime | None


@dataclass(frozen=True, slots=True)
class SessionChezLui:
    """D'où vient une session : de quoi se déconnecter aussi chez le fournisseur, ou s'y prouver de nouveau.

    :param preuve: jeton à lui rendre, vide s'il n'en a pas donné.
    :param emetteur: son nom exact.
    :param sujet: nom qu'il donne à la personne.
    """

    fournisseur: str
    preuve: str
    emetteur: str
    sujet: str


def lister(session: Session, personne: UUID) -> list[Lien]:
    """Liens d'une personne, le plus récent d'abord.

    :param session: session de l'appelant.
    :param personne: personne.
    """
    lignes = session.execute(
        select(LienIdentite.emetteur, LienIdentite.moyen, LienIdentite.fait_le, LienIdentite.vu_le)
        .where(LienIdentite.personne_id == personne)
        .order_by(LienIdentite.fait_le.desc(), LienIdentite.emetteur)
    )
    return [Lien(*ligne) for ligne in lignes]


def retirer(
    session: Session, horloge: Horloge, personne: UUID, emetteur: str, *, acteur: UUID, uai: str | None = None
) -> None:
    """Retire les liens d'une personne avec un fournisseur, et ferme les sessions qui en viennent.

    :param session: session de l'appelant.
    :param personne: personne dont le lien part.
    :param emetteur: fournisseur.
    :param acteur: qui le retire : elle-même, ou l'administration.
    :param uai: établissement d'où l'administration agit.
    :raises Introuvable: aucun lien de cette personne avec lui.
    """
    partis = session.scalars(
        delete(LienIdentite)
        .where(LienIdentite.personne_id == personne, LienIdentite.emetteur == emetteur)
        .returning(LienIdentite.sujet)
        .execution_options(synchronize_session=False)
    ).all()
    if not partis:
        raise Introuvable("ce lien n'existe plus.", remede="rafraîchir la page.")
    fermees = _fermer(
        session, horloge, SessionFederee.personne_id == personne, SessionFederee.emetteur == emetteur
    )
    consigner(
        session,
        horloge,
        "identite.deliee",
        uai=uai,
        acteur=acteur,
        objet=str(personne),
        details={"liens": len(partis), "sessions": fermees},
    )


def chez_le_fournisseur(session: Session, session_id: UUID) -> SessionChezLui | None:
    """Le fournisseur par qui une session est entrée ; ``None`` pour une session locale.

    :param session: session de la requête.
    :param session_id: session web, encore ouverte.
    """
    ligne = session.execute(
        select(
            SessionFederee.fournisseur, SessionFederee.preuve, SessionFederee.emetteur, SessionFederee.sujet
        ).where(SessionFederee.session_id == session_id)
    ).one_or_none()
    if ligne is None:
        return None
    return SessionChezLui(ligne.fournisseur, ligne.preuve or "", ligne.emetteur, ligne.sujet)


def mene_a(session: Session, emetteur: str, sujet: str, personne: UUID) -> bool:
    """Vrai si ce sujet d'un fournisseur est relié à cette personne.

    :param session: session de la requête.
    """
    return bool(
        session.scalar(
            select(
                exists().where(
                    LienIdentite.emetteur == emetteur,
                    LienIdentite.sujet == sujet,
                    LienIdentite.personne_id == personne,
                )
            )
        )
    )


def fermer_les_sessions(session: Session, horloge: Horloge, emetteur: str, sid: str, sujet: str) -> int:
    """Ferme ce qu'un fournisseur dit fini : la session nommée, ou à défaut toutes celles de ce sujet.

    :param session: session de l'académie.
    :param emetteur: fournisseur.
    :param sid: session chez lui, vide s'il n'en nomme pas.
    :param sujet: nom de la personne chez lui, vide s'il ne le dit pas.
    :returns: nombre de sessions fermées.
    """
    conditions: list[ColumnElement[bool]] = [SessionFederee.emetteur == emetteur]
    conditions += [SessionFederee.sid == sid] if sid else []
    conditions += [SessionFederee.sujet == sujet] if sujet else []
    return _fermer(session, horloge, *conditions)


def fermer_les_visees(
    session: Session,
    horloge: Horloge,
    emetteur: str,
    sids: Sequence[str],
    est_la_sienne: Callable[[str], bool],
) -> tuple[int, int]:
    """Ferme les sessions que le fournisseur désigne, si elles sont à la personne qu'il nomme avec elles.

    :param session: session de l'académie.
    :param emetteur: fournisseur.
    :param sids: sessions chez lui.
    :param est_la_sienne: juge de ce que la session garde de lui (``preuve``).
    :returns: nombre de sessions fermées, nombre de sessions désignées à tort.
    """
    designees = session.execute(
        select(SessionFederee.session_id, SessionFederee.preuve).where(
            SessionFederee.emetteur == emetteur, SessionFederee.sid.in_(sids)
        )
    ).all()
    siennes = [ligne.session_id for ligne in designees if est_la_sienne(ligne.preuve or "")]
    fermees = _fermer(session, horloge, SessionFederee.session_id.in_(siennes)) if siennes else 0
    return fermees, len(designees) - len(siennes)


def _fermer(session: Session, horloge: Horloge, *conditions: ColumnElement[bool]) -> int:
    visees: Sequence[tuple[UUID, UUID]] = [
        (ligne.compte_id, ligne.id)
        for ligne in session.execute(
            select(SessionWeb.compte_id, SessionWeb.id)
            .join(SessionFederee, SessionFederee.session_id == SessionWeb.id)
            .where(*conditions)
        )
    ]
    for compte, identifiant in visees:
        sessions.fermer_une(session, horloge, compte, identifiant)
    return len(visees)
