"""Le freinage des essais : un camarade ne devine pas un mot de passe, et n'enferme personne dehors.

Trois compteurs, sous forme d'empreintes à clé :

- la *paire* (compte et appareil reconnu, sinon compte et réseau) : cinq échecs, puis une attente qui
  double de 30 secondes à 15 minutes (CNIL-PWD-02) ;
- le *compte*, vu des appareils inconnus : cent échecs par jour, puis seuls les appareils reconnus entrent ;
- le *réseau* : une école entière n'a qu'une adresse, on la ralentit sans jamais la bloquer.

Un essai est compté **avant** d'être jugé, dans sa propre transaction : cent essais lancés ensemble
ne passent pas mieux que cinq, et l'échec qui suit ne défait pas le compte. Un appareil est reconnu
par un témoin signé, donné à la première connexion réussie.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Interval, LargeBinary, bindparam, case, delete, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.donnees.liees import instant_lie
from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite.modeles import Tentative
from ent_core.identite.reseau import reseau_de
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import FUSEAU, Horloge

__all__ = [
    "ECHECS_PAR_JOUR",
    "Cibles",
    "attente_paire",
    "attente_reseau",
    "cibler",
    "compter",
    "echouer",
    "jeton_appareil",
    "liberer",
    "passer",
    "purger",
    "rendre",
    "reussir",
]

ECHECS_PAR_JOUR = 100
"""Échecs d'un compte, en un jour, au-delà desquels les appareils inconnus attendent le lendemain."""

_LIBRES = 5
_PREMIERE = timedelta(seconds=30)
_MAXIMALE = timedelta(minutes=15)
_OUBLI = timedelta(days=1)
_RESEAU_LIBRES = 100
_RESEAU_PREMIERE = timedelta(seconds=2)
_RESEAU_MAXIMALE = timedelta(seconds=30)
_COMPTES_PAR_APPAREIL = 8
_TEMOIN = re.compile(rf"[\w-]{{22}}(\.[\w-]{{22}}){{1,{_COMPTES_PAR_APPAREIL}}}", re.ASCII)

_PORTAGE = Portage("freinage des connexions")
_table = Base.metadata.tables[Tentative.__tablename__]
_c = _table.c


@dataclass(frozen=True, slots=True)
class Cibles:
    """Compteurs qu'un essai met en jeu.

    :param paire: compte et appareil reconnu, sinon compte et réseau.
    :param compte: compte vu des appareils inconnus, ce jour ; ``None`` pour un appareil reconnu.
    :param reseau: réseau, cette heure ; ``None`` pour un appareil reconnu.
    """

    paire: bytes
    compte: bytes | None = None
    reseau: bytes | None = None


def _doubler(premiere: timedelta, rang: int, maximale: timedelta) -> timedelta:
    """Zéro avant le rang 0, puis ``premiere`` doublée à chaque rang, sans dépasser ``maximale``."""
    if rang < 0:
        return timedelta()
    # Dix doublements dépassent toute borne d'ici : l'exposant reste petit quoi qu'il arrive.
    return min(premiere * (1 << min(rang, 10)), maximale)


def attente_paire(echecs: int) -> timedelta:
    """Attente imposée à une paire après un nombre d'échecs de suite.

    :param echecs: échecs, celui-ci compris.
    """
    return _doubler(_PREMIERE, echecs - _LIBRES, _MAXIMALE)


def attente_reseau(echecs: int) -> timedelta:
    """Ralentissement d'un réseau après un nombre d'échecs dans l'heure, tous comptes confondus.

    :param echecs: échecs, celui-ci compris.
    """
    return _doubler(_RESEAU_PREMIERE, echecs // _RESEAU_LIBRES - 1, _RESEAU_MAXIMALE)


_CIBLE: Any = bindparam("cible", type_=LargeBinary)
_INSTANT: Any = instant_lie("instant")
_ECHECS = case((_INSTANT - _c.dernier_le >= _OUBLI, 1), else_=_c.echecs + 1)
# La règle n'est écrite qu'une fois, par ``attente_paire`` : la base en reçoit le tableau.
_ATTENTE = case(
    {n: literal(attente, Interval) for n in range(_LIBRES, 30) if (attente := attente_paire(n)) < _MAXIMALE},
    value=_ECHECS,
    else_=case((_ECHECS >= _LIBRES, literal(_MAXIMALE, Interval))),
)
_RESERVER = (
    insert(_table)
    .values(cible=_CIBLE, echecs=1, dernier_le=_INSTANT)
    .on_conflict_do_update(
        index_elements=[_c.cible],
        set_={"echecs": _ECHECS, "dernier_le": _INSTANT, "bloquee_jusqu_a": _INSTANT + _ATTENTE},
        where=or_(_c.bloquee_jusqu_a.is_(None), _c.bloquee_jusqu_a <= _INSTANT),
    )
    .returning(_c.cible)
)
_BLOQUEES = select(_c.bloquee_jusqu_a).where(
    _c.cible.in_(bindparam("cibles", expanding=True)), _c.bloquee_jusqu_a > _INSTANT
)
_OUBLIER = delete(_table).where(_c.cible == _CIBLE)


def cibler(coffre: Coffre, horloge: Horloge, identifiant: str, temoin: str, adresse: str) -> Cibles:
    """Compteurs d'un essai ; un identifiant inconnu a les siens, comme un vrai.

    :param identifiant: identifiant saisi, normalisé.
    :param temoin: témoin d'appareil reçu ; vide ou faux, l'appareil est inconnu.
    :param adresse: adresse de la requête.
    """
    appareil, sceaux = _lire(temoin)
    attendu = _sceau(coffre, appareil, identifiant)
    if any(hmac.compare_digest(sceau, attendu) for sceau in sceaux):
        return Cibles(coffre.sceller("freinage.appareil", identifiant, appareil))
    reseau = reseau_de(adresse)
    heure = horloge.maintenant().strftime("%Y%m%d%H")
    return Cibles(
        coffre.sceller("freinage.reseau", identifiant, reseau),
        coffre.sceller("freinage.compte", identifiant, horloge.aujourd_hui().isoformat()),
        coffre.sceller("freinage.ralentissement", reseau, heure),
    )


def jeton_appareil(coffre: Coffre, identifiant: str, ancien: str = "") -> str:
    """Témoin qui fera reconnaître cet appareil pour ce compte, et pour ceux qui s'y sont déjà connectés.

    :param identifiant: identifiant qui vient de réussir.
    :param ancien: témoin reçu ; un sceau qu'on n'a pas donné y reste sans effet.
    """
    appareil, sceaux = _lire(ancien)
    appareil = appareil or secrets.token_urlsafe(16)
    nouveau = _sceau(coffre, appareil, identifiant)
    autres = [sceau for sceau in sceaux if sceau != nouveau]
    return ".".join([appareil, nouveau, *autres[: _COMPTES_PAR_APPAREIL - 1]])


def passer(base: BaseDeDonnees, horloge: Horloge, cibles: Cibles) -> timedelta:
    """Compte un essai et dit s'il peut avoir lieu.

    :returns: zéro si l'essai peut être jugé, sinon le temps à attendre ; un essai refusé ne compte pas.
    """
    with base.unite(_PORTAGE) as session:
        return compter(session, horloge, cibles)


def compter(session: Session, horloge: Horloge, cibles: Cibles) -> timedelta:
    """Comme ``passer``, dans une unité de travail que l'appelant valide avant de juger l'essai.

    Deux essais simultanés se suivent : le compte se fait sous verrou de ligne.
    """
    instant = horloge.maintenant()
    communes = [cible for cible in (cibles.compte, cibles.reseau) if cible]
    if communes and (attente := _attente(session, communes, instant)):
        return attente
    if session.scalar(_RESERVER, {"cible": cibles.paire, "instant": instant}) is not None:
        return timedelta()
    # Bloquée à l'instant ; une connexion réussie entre-temps l'a peut-être rouverte : l'essai se refait.
    return _attente(session, [cibles.paire], instant) or timedelta(seconds=1)


def _attente(session: Session, cibles: Sequence[bytes], instant: datetime) -> timedelta:
    """La plus longue attente en cours ; zéro s'il n'y en a pas."""
    fins = session.scalars(_BLOQUEES, {"cibles": cibles, "instant": instant}).all()
    return max((fin - instant for fin in fins), default=timedelta())


def echouer(base: BaseDeDonnees, horloge: Horloge, cibles: Cibles) -> timedelta:
    """Enregistre l'échec d'un essai que ``passer`` a compté.

    :returns: attente avant l'essai suivant, zéro s'il est libre.
    """
    instant = horloge.maintenant()
    with base.unite(_PORTAGE) as session:
        if cibles.compte is not None and _ajouter(session, cibles.compte, instant) >= ECHECS_PAR_JOUR:
            lendemain = horloge.aujourd_hui() + timedelta(days=1)
            _bloquer(session, cibles.compte, datetime.combine(lendemain, time(), FUSEAU))
        if cibles.reseau is not None:
            attente = attente_reseau(_ajouter(session, cibles.reseau, instant))
            if attente:
                _bloquer(session, cibles.reseau, instant + attente)
        return _attente(session, [cibles.paire], instant)


def reussir(session: Session, cibles: Cibles) -> None:
    """Oublie les échecs de la paire, dans la transaction de la connexion réussie."""
    session.execute(_OUBLIER, {"cible": cibles.paire})


def rendre(base: BaseDeDonnees, cibles: Cibles) -> None:
    """Décompte un essai qui n'a pas pu être jugé (serveur saturé)."""
    with base.unite(_PORTAGE) as session:
        session.execute(
            update(_table)
            .where(_c.cible == cibles.paire, _c.echecs > 0)
            .values(echecs=_c.echecs - 1, bloquee_jusqu_a=None)
        )


def liberer(session: Session, horloge: Horloge, coffre: Coffre, identifiant: str) -> None:
    """Rouvre aux appareils inconnus un compte qu'on a trop essayé de deviner aujourd'hui.

    :param identifiant: identifiant du compte.
    """
    cible = coffre.sceller("freinage.compte", identifiant, horloge.aujourd_hui().isoformat())
    session.execute(_OUBLIER, {"cible": cible})


def purger(session: Session, horloge: Horloge) -> int:
    """Efface les compteurs qui ne comptent plus ; rend leur nombre."""
    limite = horloge.maintenant() - 2 * _OUBLI
    return len(session.execute(delete(_table).where(_c.dernier_le < limite).returning(_c.cible)).all())


def _ajouter(session: Session, cible: bytes, instant: datetime) -> int:
    echecs: int = session.scalars(
        insert(_table)
        .values(cible=cible, echecs=1, dernier_le=instant)
        .on_conflict_do_update(
            index_elements=[_c.cible], set_={"echecs": _c.echecs + 1, "dernier_le": instant}
        )
        .returning(_c.echecs)
    ).one()
    return echecs


def _bloquer(session: Session, cible: bytes, fin: datetime) -> None:
    session.execute(update(_table).where(_c.cible == cible).values(bloquee_jusqu_a=fin))


def _lire(temoin: str) -> tuple[str, list[str]]:
    """Appareil et sceaux d'un témoin ; rien s'il n'a pas notre forme."""
    if not _TEMOIN.fullmatch(temoin):
        return "", []
    appareil, *sceaux = temoin.split(".")
    return appareil, sceaux


def _sceau(coffre: Coffre, appareil: str, identifiant: str) -> str:
    sceau = coffre.sceller("appareil", appareil, identifiant)[:16]
    return urlsafe_b64encode(sceau).decode().rstrip("=")
