"""Les jetons d'accès et de suite : un hasard de 256 bits, gardé sous forme d'empreinte.

Le jeton de suite en donne un autre à chaque usage ; présenté une seconde fois, c'est qu'il a été copié :
toute la famille s'éteint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.federation.fournisseur_oidc.accords import Accord, accords, retirer_accord
from ent_core.federation.fournisseur_oidc.mandat import (
    Mandat,
    colonnes,
    de_la_ligne,
    encore_valable,
)
from ent_core.federation.fournisseur_oidc.modeles import JetonOidc
from ent_core.identite.secrets import empreinte_jeton, nouveau_jeton
from ent_core.socle.calendrier import Horloge

__all__ = [
    "DUREE_ACCES",
    "DUREE_SUITE",
    "AccesDelegue",
    "Accord",
    "JetonLu",
    "acces",
    "accords",
    "emettre",
    "eteindre",
    "lire",
    "purger",
    "retirer_accord",
    "tourner",
]

DUREE_ACCES = timedelta(minutes=10)
"""Vie d'un jeton d'accès."""

DUREE_SUITE = timedelta(days=30)
"""Vie d'un jeton de suite ; chaque usage en donne un neuf."""

_ACCES, _SUITE = "acces", "suite"
_PAS = timedelta(minutes=1)
_table = Base.metadata.tables[JetonOidc.__tablename__]
_j = _table.c


@dataclass(frozen=True, slots=True)
class AccesDelegue:
    """Ce qu'un service peut faire d'un jeton d'accès, à cet instant.

    :param uai: établissement au titre duquel la personne a ouvert le service.
    :param profil: son profil, de même.
    :param service: clé du service à qui le jeton a été donné.
    :param portees: traitements qu'il peut lire, avec les portées d'identité.
    """

    compte_id: UUID
    personne_id: UUID
    uai: str
    profil: str
    service: str
    portees: frozenset[str]
    expire_le: datetime


@dataclass(frozen=True, slots=True)
class JetonLu:
    """Un jeton connu, valable ou non.

    :param sorte: ``acces`` ou ``suite``.
    :param vivant: ni éteint, ni expiré, ni déjà servi s'il est de suite.
    """

    mandat: Mandat
    sorte: str
    cree_le: datetime
    expire_le: datetime
    vivant: bool


def emettre(session: Session, horloge: Horloge, mandat: Mandat) -> tuple[str, str]:
    """Donne un jeton d'accès et, si le mandat se prolonge, un jeton de suite ; sinon, rien à sa place.

    :param session: session de l'académie.
    :param mandat: encore valable.
    """
    acces_donne = _ecrire(session, horloge, mandat, _ACCES, DUREE_ACCES)
    suite = _ecrire(session, horloge, mandat, _SUITE, DUREE_SUITE) if mandat.prolonge else ""
    return acces_donne, suite


def acces(session: Session, horloge: Horloge, jeton: str) -> AccesDelegue | None:
    """Ce qu'un jeton d'accès permet, ou ``None`` : inconnu, éteint, expiré, ou la personne n'a plus ce titre.

    Trois énoncés ; une fois par minute au plus, un quatrième note l'usage.

    :param session: session qui peut lire l'académie.
    :param jeton: jeton reçu.
    """
    lu = lire(session, horloge, jeton)
    if lu is None or lu.sorte != _ACCES or not lu.vivant:
        return None
    porteur = lu.mandat
    if not encore_valable(session, horloge, porteur):
        return None
    instant = horloge.maintenant()
    session.execute(
        update(_table)
        .where(
            _j.empreinte == empreinte_jeton(jeton),
            _j.servi_le.is_(None) | (_j.servi_le <= instant - _PAS),
        )
        .values(servi_le=instant)
    )
    return AccesDelegue(
        compte_id=porteur.compte_id,
        personne_id=porteur.personne_id,
        uai=porteur.uai,
        profil=porteur.profil,
        service=porteur.service,
        portees=frozenset(porteur.portees),
        expire_le=lu.expire_le,
    )


def lire(session: Session, horloge: Horloge, jeton: str) -> JetonLu | None:
    """Jeton connu de l'ENT, quel que soit son état.

    :param jeton: jeton présenté.
    """
    ligne: Row[Any] | None = session.execute(
        select(_table).where(_j.empreinte == empreinte_jeton(jeton))
    ).one_or_none()
    if ligne is None:
        return None
    servi = ligne.sorte == _SUITE and ligne.servi_le is not None
    vivant = ligne.retire_le is None and not servi and ligne.expire_le > horloge.maintenant()
    return JetonLu(de_la_ligne(ligne), ligne.sorte, ligne.cree_le, ligne.expire_le, vivant)


def tourner(
    session: Session, horloge: Horloge, jeton: str, service: str, portees: frozenset[str] | None
) -> tuple[Mandat, str, str] | None:
    """Échange un jeton de suite contre un jeton d'accès et un nouveau jeton de suite.

    De deux demandes simultanées, une seule l'obtient ; l'autre, comme tout second usage, éteint la famille.

    :param session: session de l'académie.
    :param jeton: jeton de suite présenté.
    :param service: service qui le présente, et qui s'est prouvé.
    :param portees: portées voulues, parmi celles accordées ; ``None``, les mêmes.
    """
    lu = lire(session, horloge, jeton)
    if lu is None or lu.sorte != _SUITE or lu.mandat.service != service:
        return None
    pris = session.scalar(
        update(_table)
        .where(
            _j.empreinte == empreinte_jeton(jeton),
            _j.servi_le.is_(None),
            _j.retire_le.is_(None),
            _j.expire_le > horloge.maintenant(),
        )
        .values(servi_le=horloge.maintenant())
        .returning(_j.famille)
    )
    if pris is None or not encore_valable(session, horloge, lu.mandat):
        eteindre(session, horloge, lu.mandat.famille)
        return None
    # Une demande plus étroite ne rétrécit que ce jeton d'accès : le jeton de suite garde l'accord entier.
    voulues = lu.mandat.portees
    if portees is not None:
        voulues = tuple(portee for portee in voulues if portee in portees)
    etroite = replace(lu.mandat, portees=voulues)
    acces_donne = _ecrire(session, horloge, etroite, _ACCES, DUREE_ACCES)
    return etroite, acces_donne, _ecrire(session, horloge, lu.mandat, _SUITE, DUREE_SUITE)


def eteindre(session: Session, horloge: Horloge, famille: UUID) -> int:
    """Éteint tous les jetons nés d'un même code ; rend leur nombre.

    :param famille: numéro de famille.
    """
    eteints = update(_table).where(_j.famille == famille, _j.retire_le.is_(None))
    return len(session.scalars(eteints.values(retire_le=horloge.maintenant()).returning(_j.service)).all())


def purger(session: Session, horloge: Horloge) -> int:
    """Efface les jetons expirés depuis un mois : jusque-là, un jeton volé se reconnaît ; rend leur nombre.

    :param session: session de l'académie.
    """
    limite = horloge.maintenant() - DUREE_SUITE
    return len(session.execute(delete(_table).where(_j.expire_le <= limite).returning(_j.service)).all())


def _ecrire(session: Session, horloge: Horloge, mandat: Mandat, sorte: str, duree: timedelta) -> str:
    jeton, instant = nouveau_jeton(), horloge.maintenant()
    session.execute(
        insert(_table).values(
            **colonnes(mandat),
            empreinte=empreinte_jeton(jeton),
            sorte=sorte,
            cree_le=instant,
            expire_le=instant + duree,
        )
    )
    return jeton
