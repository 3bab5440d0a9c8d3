"""Les défis des clés d'accès : tirés par le serveur, liés à un navigateur, consommés au premier essai."""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import delete
from sqlalchemy.orm import Session

from ent_core.donnees.session import BaseDeDonnees, Portage
from ent_core.identite.modeles import Defi
from ent_core.identite.secrets import empreinte_jeton
from ent_core.socle.calendrier import Horloge

__all__ = ["Usage", "consommer", "lancer", "purger"]

_DUREE = timedelta(minutes=5)
_PORTAGE = Portage("connexion : défi d'une clé d'accès")


class Usage(StrEnum):
    """À quoi sert un défi : celui d'un usage ne vaut pas pour un autre."""

    AJOUTER = "ajouter"
    ENTRER = "entrer"
    PROUVER = "prouver"


def lancer(session: Session, horloge: Horloge, navigateur: str, usage: Usage) -> bytes:
    """Tire un défi.

    :param navigateur: session, ou témoin, du navigateur qui devra répondre.
    :param usage: à quoi il sert.
    """
    defi = secrets.token_bytes(32)
    session.add(
        Defi(
            empreinte=sha256(defi).digest(),
            navigateur=empreinte_jeton(navigateur),
            usage=usage.value,
            expire_le=horloge.maintenant() + _DUREE,
        )
    )
    session.flush()
    return defi


def consommer(base: BaseDeDonnees, horloge: Horloge, navigateur: str, usage: Usage, defi: bytes) -> bool:
    """Vrai si ce défi a été donné à ce navigateur pour cet usage, et n'a pas servi ; il ne sert plus.

    Dans sa propre transaction : un essai manqué le consomme aussi. Un navigateur qui n'est pas le bon ne le
    consomme pas : il ne l'a pas reçu.

    :param navigateur: session, ou témoin, du navigateur qui répond.
    :param usage: à quoi il doit servir.
    :param defi: défi que la réponse cite.
    """
    with base.unite(_PORTAGE) as session:
        trouve = session.scalar(
            delete(Defi)
            .where(
                Defi.empreinte == sha256(defi).digest(),
                Defi.navigateur == empreinte_jeton(navigateur),
                Defi.usage == usage.value,
            )
            .returning(Defi.expire_le)
        )
    return trouve is not None and trouve > horloge.maintenant()


def purger(session: Session, horloge: Horloge) -> int:
    """Efface les défis échus ; rend leur nombre."""
    echus = delete(Defi).where(Defi.expire_le <= horloge.maintenant()).returning(Defi.empreinte)
    return len(session.execute(echus).all())
