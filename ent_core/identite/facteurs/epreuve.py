"""Prouver : donner le second facteur à l'entrée, ou se prouver de nouveau avant un acte sensible.

Les essais sont freinés par compte, et non par appareil : qui en est là connaît déjà le mot de passe. Une clé
d'accès ne se devine pas, elle n'est pas freinée.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite import freinage, sessions
from ent_core.identite.connexion import LOCALE
from ent_core.identite.facteurs import application, cles, secours
from ent_core.identite.facteurs.cles import Lieu
from ent_core.identite.facteurs.defis import Usage
from ent_core.identite.freinage import Cibles
from ent_core.identite.journal import consigner
from ent_core.identite.lecture_session import SessionReconnue
from ent_core.identite.modeles import Compte
from ent_core.identite.refus import MotifRefus, Refus
from ent_core.identite.secrets import Coffre, CoffreSature
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import DonneeInvalide

__all__ = [
    "APPLICATION",
    "CLE",
    "DUREE_PREUVE",
    "SECOURS",
    "est_fraiche",
    "prouver_par_cle",
    "prouver_par_code",
    "prouver_par_secret",
    "reprouver",
]

CLE, APPLICATION, SECOURS = "cle", "application", "secours"
"""Moyens d'une preuve, tels que la session et le journal les gardent."""

DUREE_PREUVE = timedelta(minutes=10)
"""Temps pendant lequel une preuve ouvre les actes sensibles."""

_CHIFFRES_DU_CODE = 6
_PORTAGE = Portage("preuve")


def est_fraiche(reconnue: SessionReconnue, instant: datetime) -> bool:
    """Vrai si la personne vient de se prouver.

    :param reconnue: session.
    :param instant: maintenant.
    """
    return reconnue.prouvee_le is not None and instant - reconnue.prouvee_le < DUREE_PREUVE


def prouver_par_code(
    base: BaseDeDonnees,
    session: Session,
    horloge: Horloge,
    coffre: Coffre,
    reconnue: SessionReconnue,
    jeton: str,
    saisi: str,
) -> str | Refus:
    """Second facteur par un code d'application, ou par un code de secours : la forme dit lequel.

    :param reconnue: session ouverte, ou en attente.
    :param jeton: son jeton.
    :param saisi: code saisi.
    :returns: le nouveau jeton, ou un refus.
    """
    cibles = _cibles(coffre, reconnue.compte_id)
    if attente := freinage.passer(base, horloge, cibles):
        return Refus(MotifRefus.ATTENTE, attente)
    chiffres = "".join(saisi.split())
    if len(chiffres) == _CHIFFRES_DU_CODE and chiffres.isdigit():
        moyen, juste = APPLICATION, application.prouver(session, horloge, reconnue.compte_id, chiffres)
    else:
        moyen, juste = SECOURS, secours.prouver(session, horloge, coffre, reconnue.compte_id, saisi)
    if not juste:
        return _refuser(base, horloge, cibles, reconnue, MotifRefus.FACTEUR)
    freinage.reussir(session, cibles)
    return _elever(session, horloge, reconnue, jeton, moyen, sessions.DEUX_PREUVES)


def prouver_par_cle(
    base: BaseDeDonnees,
    session: Session,
    horloge: Horloge,
    lieu: Lieu,
    reconnue: SessionReconnue,
    jeton: str,
    reponse: str,
) -> str | Refus:
    """Second facteur par une clé d'accès.

    :param lieu: ce à quoi les clés sont liées.
    :param reconnue: session ouverte, ou en attente.
    :param jeton: son jeton.
    :param reponse: réponse de la clé, en JSON.
    :returns: le nouveau jeton, ou un refus.
    """
    try:
        cles.verifier(
            base, session, horloge, lieu, navigateur=str(reconnue.id), usage=Usage.PROUVER, reponse=reponse,
            compte_id=reconnue.compte_id,
        )  # fmt: skip
    except DonneeInvalide:
        return Refus(MotifRefus.CLE)
    return _elever(session, horloge, reconnue, jeton, CLE, sessions.DEUX_PREUVES)


def prouver_par_secret(
    base: BaseDeDonnees,
    session: Session,
    horloge: Horloge,
    coffre: Coffre,
    reconnue: SessionReconnue,
    jeton: str,
    saisi: str,
) -> str | Refus:
    """Preuve nouvelle par le mot de passe, pour qui n'a pas de second facteur.

    :param reconnue: session ouverte.
    :param jeton: son jeton.
    :param saisi: mot de passe saisi.
    :returns: le nouveau jeton, ou un refus.
    :raises CoffreSature: trop de connexions au même instant ; l'essai ne compte pas.
    """
    cibles = _cibles(coffre, reconnue.compte_id)
    if attente := freinage.passer(base, horloge, cibles):
        return Refus(MotifRefus.ATTENTE, attente)
    empreinte = session.scalar(select(Compte.empreinte).where(Compte.id == reconnue.compte_id))
    try:
        juste = coffre.verifier(empreinte, saisi)
    except CoffreSature:
        freinage.rendre(base, cibles)
        raise
    if not juste:
        return _refuser(base, horloge, cibles, reconnue, MotifRefus.MOT_DE_PASSE)
    freinage.reussir(session, cibles)
    return _elever(session, horloge, reconnue, jeton, LOCALE, sessions.UNE_PREUVE)


def reprouver(
    session: Session, horloge: Horloge, reconnue: SessionReconnue, jeton: str, compte_id: UUID, moyen: str
) -> str | None:
    """Preuve nouvelle par la voie d'entrée elle-même : l'entrée de démonstration, un fournisseur d'identité.

    :param reconnue: session ouverte.
    :param jeton: son jeton.
    :param compte_id: compte que la voie vient de prouver ; un autre que celui de la session ne prouve rien.
    :param moyen: méthode de la voie ; une autre que celle de la session ne prouve rien.
    :returns: le nouveau jeton, ou ``None``.
    """
    if (compte_id, moyen) != (reconnue.compte_id, reconnue.methode):
        return None
    return _elever(session, horloge, reconnue, jeton, moyen, reconnue.niveau)


def _cibles(coffre: Coffre, compte_id: UUID) -> Cibles:
    return Cibles(coffre.sceller("freinage.preuve", str(compte_id)))


def _elever(
    session: Session, horloge: Horloge, reconnue: SessionReconnue, jeton: str, moyen: str, niveau: int
) -> str:
    acte = "session.prouvee" if reconnue.niveau > sessions.EN_ATTENTE else "session.ouverte"
    consigner(
        session, horloge, acte, uai=reconnue.uai, acteur=reconnue.personne_id,
        objet=str(reconnue.compte_id), details={"methode": moyen},
    )  # fmt: skip
    return sessions.elever(session, horloge, jeton, moyen, niveau)


def _refuser(
    base: BaseDeDonnees,
    horloge: Horloge,
    cibles: Cibles,
    reconnue: SessionReconnue,
    motif: MotifRefus,
) -> Refus:
    attente = freinage.echouer(base, horloge, cibles)
    # À part : la transaction de la requête refusée est défaite.
    with base.unite(_PORTAGE) as session:
        consigner(
            session, horloge, "session.preuve_refusee", uai=reconnue.uai, acteur=reconnue.personne_id,
            objet=str(reconnue.compte_id), details={"attente": int(attente.total_seconds())},
        )  # fmt: skip
    return Refus(motif, attente)
