"""Les sessions, tenues par le serveur : le navigateur n'a qu'un jeton, la base n'en a que l'empreinte.

Le jeton change à la connexion, au choix du contexte et au changement de mot de passe ; la durée
absolue, elle, court toujours depuis la connexion (SDET-SES-01 à 03).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, Text, bindparam, cast, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.session import changer_portage, lire, noter_portage
from ent_core.identite.contextes import ContextePossible, contextes_possibles
from ent_core.identite.journal import consigner
from ent_core.identite.modeles import Compte, Etablissement, Personne, SessionWeb
from ent_core.identite.reseau import reseau_de
from ent_core.identite.secrets import empreinte_jeton, nouveau_jeton
from ent_core.socle.calendrier import Horloge
from ent_core.socle.configuration import Sessions
from ent_core.socle.erreurs import AccesRefuse

__all__ = [
    "ContextePossible",
    "SessionOuverte",
    "SessionReconnue",
    "choisir_contexte",
    "contextes_possibles",
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

_table = Base.metadata.tables[SessionWeb.__tablename__]
_s = _table.c
_compte = Compte.__table__.c
_personne = Personne.__table__.c
_etablissement = Etablissement.__table__.c

_VIVANTE = (_s.vue_le > bindparam("inactive_depuis", type_=DateTime(timezone=True))) & (
    _s.creee_le > bindparam("ouverte_depuis", type_=DateTime(timezone=True))
)

_RECONNAITRE = (
    select(
        _s.id,
        _s.compte_id,
        _s.personne_id,
        _compte.identifiant,
        _compte.theme,
        _personne.nom,
        _personne.prenom,
        _s.uai,
        _etablissement.nom.label("etablissement_nom"),
        _s.profil,
        _s.methode,
        _s.creee_le,
        _s.vue_le,
        # Le contexte est posé par la lecture même : une requête de moins à chaque page.
        func.set_config("ent.uai", func.coalesce(_s.uai, ""), True),
        func.set_config("ent.personne", cast(_s.personne_id, Text), True),
    )
    .join_from(_table, Compte.__table__, _compte.id == _s.compte_id)
    .join(Personne.__table__, _personne.id == _s.personne_id)
    .outerjoin(Etablissement.__table__, _etablissement.uai == _s.uai)
    .where(
        _s.jeton == bindparam("jeton", type_=LargeBinary),
        _VIVANTE,
        _compte.etat != "suspendu",
        _personne.sursis_depuis.is_(None),
    )
)


@dataclass(frozen=True, slots=True)
class SessionReconnue:
    """Ce qu'une requête doit savoir de la session qui la porte.

    :param uai: établissement choisi ; ``None`` tant que la personne n'a pas choisi.
    :param profil: profil choisi, avec ``uai``.
    :param creee_le: instant de la connexion.
    :param vue_le: dernière requête connue, à une minute près.
    """

    id: UUID
    compte_id: UUID
    personne_id: UUID
    identifiant: str
    theme: str
    nom: str
    prenom: str | None
    uai: str | None
    etablissement_nom: str | None
    profil: str | None
    methode: str
    creee_le: datetime
    vue_le: datetime


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
) -> str:
    """Ouvre une session et rend son jeton, qui n'est gardé nulle part.

    :param methode: moyen d'authentification.
    :param appareil: description du navigateur.
    :param reseau: adresse de la requête ; seul son réseau est gardé.
    :param contexte: titre auquel la personne agit, s'il n'y en a qu'un.
    """
    jeton = nouveau_jeton()
    instant = horloge.maintenant()
    session.execute(
        insert(_table).values(
            jeton=empreinte_jeton(jeton),
            compte_id=compte_id,
            personne_id=personne_id,
            uai=contexte.uai if contexte else None,
            profil=contexte.profil if contexte else None,
            methode=methode,
            appareil=_imprimable(appareil)[:_APPAREIL_MAXIMAL],
            reseau=reseau_de(reseau),
            creee_le=instant,
            vue_le=instant,
        )
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
    ligne = lire(session, _RECONNAITRE, {"jeton": empreinte, **_limites(horloge, durees)}).one_or_none()
    if ligne is None:
        return None
    noter_portage(session, uai=ligne.uai or "", personne=ligne.personne_id)
    instant = horloge.maintenant()
    if instant - ligne.vue_le >= _PAS:
        session.execute(
            update(_table).where(_s.jeton == empreinte, _s.vue_le < instant).values(vue_le=instant)
        )
    return SessionReconnue(*ligne[:13])


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


def renouveler(session: Session, jeton: str) -> str:
    """Change le jeton d'une session, sans rien changer d'autre.

    :raises AccesRefuse: session inconnue.
    """
    return _remplacer(session, jeton)


def fermer(session: Session, horloge: Horloge, jeton: str) -> None:
    """Ferme une session : son jeton ne vaut plus rien (SDET-SES-02). Sans effet si elle l'est déjà."""
    personne_id = session.scalar(
        delete(_table).where(_s.jeton == empreinte_jeton(jeton)).returning(_s.personne_id)
    )
    if personne_id is not None:
        consigner(session, horloge, "session.fermee", acteur=personne_id)


def fermer_autres(session: Session, horloge: Horloge, jeton: str) -> int:
    """Ferme les autres sessions du même compte ; rend leur nombre.

    :param jeton: jeton de la session à garder.
    """
    empreinte = empreinte_jeton(jeton)
    compte_id = select(_s.compte_id).where(_s.jeton == empreinte).scalar_subquery()
    fermees = session.scalars(
        delete(_table).where(_s.compte_id == compte_id, _s.jeton != empreinte).returning(_s.personne_id)
    ).all()
    if fermees:
        consigner(session, horloge, "sessions.fermees", acteur=fermees[0], details={"nombre": len(fermees)})
    return len(fermees)


def fermer_une(session: Session, horloge: Horloge, compte_id: UUID, identifiant: UUID) -> None:
    """Ferme une session du compte, désignée par son identifiant. Sans effet si elle l'est déjà.

    :param compte_id: compte de la personne qui le demande.
    :param identifiant: session à fermer.
    """
    personne_id = session.scalar(
        delete(_table).where(_s.compte_id == compte_id, _s.id == identifiant).returning(_s.personne_id)
    )
    if personne_id is not None:
        consigner(session, horloge, "session.fermee", acteur=personne_id)


def fermer_toutes(session: Session, compte_id: UUID) -> int:
    """Ferme toutes les sessions d'un compte ; rend leur nombre. L'appelant consigne l'acte.

    :param compte_id: compte.
    """
    return len(session.execute(delete(_table).where(_s.compte_id == compte_id).returning(_s.id)).all())


def lister(session: Session, horloge: Horloge, durees: Sessions, compte_id: UUID) -> list[SessionOuverte]:
    """Sessions vivantes d'un compte, la plus récente d'abord.

    :param durees: durées d'inactivité et absolue.
    :param compte_id: compte.
    """
    enonce = (
        select(_s.id, _s.creee_le, _s.vue_le, _s.methode, _s.appareil, _s.reseau)
        .where(_s.compte_id == compte_id, _VIVANTE)
        .order_by(_s.vue_le.desc(), _s.id)
    )
    return [SessionOuverte(**ligne._mapping) for ligne in session.execute(enonce, _limites(horloge, durees))]


def purger_expirees(session: Session, horloge: Horloge, durees: Sessions) -> int:
    """Efface les sessions expirées ; rend leur nombre.

    :param durees: durées d'inactivité et absolue.
    """
    limites = _limites(horloge, durees)
    expirees = or_(_s.vue_le <= limites["inactive_depuis"], _s.creee_le <= limites["ouverte_depuis"])
    return len(session.execute(delete(_table).where(expirees).returning(_s.id)).all())


def _limites(horloge: Horloge, durees: Sessions) -> dict[str, datetime]:
    instant = horloge.maintenant()
    return {
        "inactive_depuis": instant - timedelta(minutes=durees.inactivite),
        "ouverte_depuis": instant - timedelta(hours=durees.duree),
    }


def _remplacer(session: Session, jeton: str, **valeurs: str) -> str:
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
