"""Les liens d'une personne avec des fournisseurs : les voir, les retirer ; et ses sessions qu'ils ferment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from ent_core.identite import sessions
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import LienIdentite, SessionFederee, SessionWeb
from ent_core.identite.secrets import empreinte_jeton
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import Introuvable

__all__ = ["Lien", "SessionChezLui", "chez_le_fournisseur", "fermer_les_sessions", "lister", "retirer"]


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
    """De quoi se déconnecter aussi chez le fournisseur.

    :param preuve: jeton à lui rendre, vide s'il n'en a pas donné.
    """

    fournisseur: str
    preuve: str


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


def chez_le_fournisseur(session: Session, jeton: str) -> SessionChezLui | None:
    """Ce que le fournisseur d'une session doit recevoir à la sortie ; ``None`` pour une session locale.

    :param session: session de la requête.
    :param jeton: jeton de la session, encore ouverte.
    """
    ligne = session.execute(
        select(SessionFederee.fournisseur, SessionFederee.preuve)
        .join(SessionWeb, SessionWeb.id == SessionFederee.session_id)
        .where(SessionWeb.jeton == empreinte_jeton(jeton))
    ).one_or_none()
    return SessionChezLui(ligne.fournisseur, ligne.preuve or "") if ligne else None


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
