"""Les sessions, tenues par le serveur : le navigateur n'a qu'un jeton, la base n'en a que l'empreinte.

Le jeton change à la connexion, à chaque preuve, au choix du contexte et au changement de mot de passe ; la
durée absolue, elle, court toujours depuis la connexion (SDET-SES-01 à 03).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.session import changer_portage, lire, noter_portage
from ent_core.identite.contextes import ContextePossible, contextes_possibles
from ent_core.identite.departs import annoncer
from ent_core.identite.journal import consigner
from ent_core.identite.lecture_session import (
    CHAMPS,
    DEUX_PREUVES,
    EN_ATTENTE,
    RECONNAITRE,
    UNE_PREUVE,
    VIVANTE,
    SessionReconnue,
    limites,
)
from ent_core.identite.modeles import SessionWeb
from ent_core.identite.reseau import reseau_de
from ent_core.identite.secrets import empreinte_jeton, nouveau_jeton
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Sessions
from ent_core.socle.erreurs import AccesRefuse

__all__ = [
    "DEUX_PREUVES",
    "EN_ATTENTE",
    "UNE_PREUVE",
    "ContextePossible",
    "SessionOuverte",
    "SessionReconnue",
    "choisir_contexte",
    "contextes_possibles",
    "elever",
    "fermer",
    "fermer_autres",
    "fermer_toutes",
    "fermer_une",
    "lister",
    "ouvrir",
    "purger_expirees",
    "reconnaitre",
    "renouveler",
]

_PAS = timedelta(minutes=1)
_APPAREIL_MAXIMAL = 200
_PREUVES_MAXIMALES = 40

_table = Base.metadata.tables[SessionWeb.__tablename__]
_s = _table.c


@dataclass(frozen=True, slots=True)
class SessionOuverte:
    """Une session, telle que la personne la voit dans « mes connexions »."""

    id: UUID
    creee_le: datetime
    vue_le: datetime
    methode: str
    appareil: str
    reseau: str


def ouvrir(
    session: Session,
    horloge: Horloge,
    *,
    compte_id: UUID,
    personne_id: UUID,
    methode: str,
    appareil: str,
    reseau: str,
    contexte: ContextePossible | None = None,
    niveau: int = UNE_PREUVE,
    partagee: bool = False,
) -> str:
    """Ouvre une session et rend son jeton, qui n'est gardé nulle part.

    :param methode: moyen d'authentification, première preuve de la session.
    :param appareil: description du navigateur.
    :param reseau: adresse de la requête ; seul son réseau est gardé.
    :param contexte: titre auquel la personne agit, s'il n'y en a qu'un.
    :param niveau: ``EN_ATTENTE`` si le second facteur doit suivre.
    :param partagee: poste partagé.
    """
    jeton = nouveau_jeton()
    instant = horloge.maintenant()
    session.execute(
        insert(_table),
        {
            "jeton": empreinte_jeton(jeton),
            "compte_id": compte_id,
            "personne_id": personne_id,
            "uai": contexte.uai if contexte else None,
            "profil": contexte.profil if contexte else None,
            "methode": methode,
            "appareil": _imprimable(appareil)[:_APPAREIL_MAXIMAL],
            "reseau": reseau_de(reseau),
            "creee_le": instant,
            "vue_le": instant,
            "niveau": niveau,
            "preuves": methode,
            "prouvee_le": instant,
            "partagee": partagee,
        },
    )
    return jeton


def reconnaitre(session: Session, horloge: Horloge, durees: Sessions, jeton: str) -> SessionReconnue | None:
    """Session d'un jeton, ou ``None`` : inconnue, expirée, compte suspendu, personne en sursis.

    Un seul énoncé, qui pose aussi l'établissement et la personne dans la transaction ; une fois par
    minute au plus, un second note le passage.

    :param durees: durées d'inactivité et absolue.
    :param jeton: jeton reçu du navigateur.
    """
    empreinte = empreinte_jeton(jeton)
    ligne = lire(session, RECONNAITRE, {"jeton": empreinte, **limites(horloge, durees)}).one_or_none()
    if ligne is None:
        return None
    noter_portage(session, uai=ligne.uai or "", personne=ligne.personne_id)
    instant = horloge.maintenant()
    if instant - ligne.vue_le >= _PAS:
        session.execute(
            update(_table).where(_s.jeton == empreinte, _s.vue_le < instant).values(vue_le=instant)
        )
    return SessionReconnue(*ligne[:CHAMPS])


def choisir_contexte(session: Session, horloge: Horloge, jeton: str, uai: str, profil: str) -> str:
    """Change d'établissement ou de profil, et rend le nouveau jeton.

    :param jeton: jeton d'une session reconnue.
    :param uai: établissement voulu.
    :param profil: profil voulu.
    :raises AccesRefuse: session inconnue, ou titre que la personne n'a pas ce jour.
    """
    personne_id = session.scalar(select(_s.personne_id).where(_s.jeton == empreinte_jeton(jeton)))
    if personne_id is None:
        raise _session_inconnue()
    changer_portage(session, personne=personne_id)
    possibles = contextes_possibles(session, personne_id, horloge.aujourd_hui())
    if not any((possible.uai, possible.profil) == (uai, profil) for possible in possibles):
        raise AccesRefuse(
            "ce profil n'est pas le vôtre dans cet établissement, ou ne l'est plus.",
            remede="choisir dans la liste proposée ; si un profil manque, le signaler à l'établissement.",
        )
    consigner(session, horloge, "contexte.choisi", uai=uai, acteur=personne_id, details={"profil": profil})
    return _remplacer(session, jeton, uai=uai, profil=profil)


def elever(session: Session, horloge: Horloge, jeton: str, moyen: str, niveau: int) -> str:
    """Note une preuve de plus, et rend le nouveau jeton.

    :param jeton: jeton d'une session reconnue, ou en attente.
    :param moyen: moyen prouvé.
    :param niveau: niveau atteint ; seule une seconde preuve fait monter une session.
    :raises AccesRefuse: session inconnue.
    """
    passees = session.scalar(select(_s.preuves).where(_s.jeton == empreinte_jeton(jeton))) or ""
    preuves = " ".join(dict.fromkeys([*passees.split(), moyen]))
    return _remplacer(
        session,
        jeton,
        niveau=DEUX_PREUVES if niveau == DEUX_PREUVES else _s.niveau,
        preuves=preuves[:_PREUVES_MAXIMALES],
        prouvee_le=horloge.maintenant(),
    )


def renouveler(session: Session, jeton: str) -> str:
    """Change le jeton d'une session, sans rien changer d'autre.

    :raises AccesRefuse: session inconnue.
    """
    return _remplacer(session, jeton)


def fermer(session: Session, horloge: Horloge, jeton: str) -> None:
    """Ferme une session : son jeton ne vaut plus rien (SDET-SES-02). Sans effet si elle l'est déjà."""
    _fermer(session, horloge, _s.jeton == empreinte_jeton(jeton))


def fermer_autres(session: Session, horloge: Horloge, jeton: str) -> int:
    """Ferme les autres sessions du même compte ; rend leur nombre.

    :param jeton: jeton de la session à garder.
    """
    empreinte = empreinte_jeton(jeton)
    compte_id = select(_s.compte_id).where(_s.jeton == empreinte).scalar_subquery()
    fermees = session.execute(
        delete(_table)
        .where(_s.compte_id == compte_id, _s.jeton != empreinte)
        .returning(_s.id, _s.personne_id)
    ).all()
    if fermees:
        annoncer(session, [fermee.id for fermee in fermees])
        consigner(
            session, horloge, "sessions.fermees", acteur=fermees[0].personne_id,
            details={"nombre": len(fermees)},
        )  # fmt: skip
    return len(fermees)


def fermer_une(session: Session, horloge: Horloge, compte_id: UUID, identifiant: UUID) -> None:
    """Ferme une session du compte, désignée par son identifiant. Sans effet si elle l'est déjà.

    :param compte_id: compte de la personne qui le demande.
    :param identifiant: session à fermer.
    """
    _fermer(session, horloge, and_(_s.compte_id == compte_id, _s.id == identifiant))


def fermer_toutes(session: Session, compte_id: UUID) -> int:
    """Ferme toutes les sessions d'un compte ; rend leur nombre. L'appelant consigne l'acte.

    :param compte_id: compte.
    """
    fermees = session.scalars(delete(_table).where(_s.compte_id == compte_id).returning(_s.id)).all()
    annoncer(session, fermees)
    return len(fermees)


def lister(session: Session, horloge: Horloge, durees: Sessions, compte_id: UUID) -> list[SessionOuverte]:
    """Sessions vivantes d'un compte, la plus récente d'abord.

    :param durees: durées d'inactivité et absolue.
    :param compte_id: compte.
    """
    enonce = (
        select(_s.id, _s.creee_le, _s.vue_le, _s.methode, _s.appareil, _s.reseau)
        .where(_s.compte_id == compte_id, _s.niveau > EN_ATTENTE, VIVANTE)
        .order_by(_s.vue_le.desc(), _s.id)
    )
    return [SessionOuverte(**ligne._mapping) for ligne in session.execute(enonce, limites(horloge, durees))]


def purger_expirees(session: Session, horloge: Horloge, durees: Sessions) -> int:
    """Efface les sessions expirées ; rend leur nombre.

    :param durees: durées d'inactivité et absolue.
    """
    return len(
        session.execute(delete(_table).where(~VIVANTE).returning(_s.id), limites(horloge, durees)).all()
    )


def _fermer(session: Session, horloge: Horloge, laquelle: ColumnElement[bool]) -> None:
    fermee = session.execute(delete(_table).where(laquelle).returning(_s.id, _s.personne_id)).one_or_none()
    if fermee is not None:
        annoncer(session, [fermee.id])
        consigner(session, horloge, "session.fermee", acteur=fermee.personne_id)


def _remplacer(session: Session, jeton: str, **valeurs: Any) -> str:
    nouveau = nouveau_jeton()
    trouvee = session.scalar(
        update(_table)
        .where(_s.jeton == empreinte_jeton(jeton))
        .values(jeton=empreinte_jeton(nouveau), **valeurs)
        .returning(_s.id)
    )
    if trouvee is None:
        raise _session_inconnue()
    return nouveau


def _session_inconnue() -> AccesRefuse:
    return AccesRefuse("cette session est fermée.", remede="se connecter de nouveau.")


def _imprimable(texte: str) -> str:
    """La base refuse le caractère nul, et un journal n'a que faire des caractères de contrôle."""
    return "".join(c for c in texte if c.isprintable())
