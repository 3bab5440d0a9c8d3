"""Les codes d'autorisation : un hasard de 256 bits, une minute, un usage ; rejoués, ils éteignent tout."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.federation.emission import ecrire_si_en_regle
from ent_core.federation.fournisseur_oidc.demande import Demande
from ent_core.federation.fournisseur_oidc.mandat import Mandat, colonnes, de_la_ligne
from ent_core.federation.fournisseur_oidc.modeles import CodeOidc
from ent_core.federation.fournisseur_oidc.portees import PROLONGER
from ent_core.identite.secrets import empreinte_jeton, nouveau_jeton
from ent_core.identite.sessions import SessionReconnue
from ent_core.socle.calendrier import Horloge

__all__ = ["DUREE", "CodeLu", "donner", "prendre", "preuve_juste", "purger"]

DUREE = timedelta(seconds=60)
"""Vie d'un code."""

_MEMOIRE = timedelta(days=1)
_table = Base.metadata.tables[CodeOidc.__tablename__]
_c = _table.c


@dataclass(frozen=True, slots=True)
class CodeLu:
    """Un code présenté.

    :param neuf: il n'avait jamais servi, et n'a pas expiré.
    :param rejoue: il avait déjà servi.
    """

    mandat: Mandat
    retour: str
    nonce: str
    defi: str
    neuf: bool
    rejoue: bool


def donner(session: Session, horloge: Horloge, demande: Demande, reconnue: SessionReconnue) -> str | None:
    """Donne un code, ou ``None`` si le compte n'est pas actif, ou la personne en sursis.

    :param session: session de la requête.
    :param demande: demande contrôlée, à laquelle la personne peut répondre.
    :param reconnue: session dont il découle ; ``peut_emettre`` l'a admise.
    """
    code, instant = nouveau_jeton(), horloge.maintenant()
    mandat = Mandat.de_la_session(
        uuid4(), demande.connu.service.cle, reconnue, demande.portees, prolonge=PROLONGER in demande.portees
    )
    valeurs: dict[str, Any] = {
        **colonnes(mandat),
        "empreinte": empreinte_jeton(code),
        "retour": demande.retour,
        "nonce": demande.nonce,
        "defi": demande.defi,
        "cree_le": instant,
        "expire_le": instant + DUREE,
    }
    return code if ecrire_si_en_regle(session, _table, valeurs, reconnue) else None


def prendre(session: Session, horloge: Horloge, code: str) -> CodeLu | None:
    """Marque un code comme servi, en un seul énoncé : de deux demandes simultanées, une seule l'a neuf.

    Quoi qu'il arrive ensuite, il ne resservira pas.

    :param session: session de l'académie.
    :param code: code présenté.
    """
    empreinte, instant = empreinte_jeton(code), horloge.maintenant()
    pris: UUID | None = session.scalar(
        update(_table)
        .where(_c.empreinte == empreinte, _c.echange_le.is_(None))
        .values(echange_le=instant)
        .returning(_c.famille)
    )
    ligne: Row[Any] | None = session.execute(select(_table).where(_c.empreinte == empreinte)).one_or_none()
    if ligne is None:
        return None
    return CodeLu(
        mandat=de_la_ligne(ligne),
        retour=ligne.retour,
        nonce=ligne.nonce,
        defi=ligne.defi,
        neuf=pris is not None and ligne.expire_le > instant,
        rejoue=pris is None,
    )


def preuve_juste(defi: str, preuve: str) -> bool:
    """Vrai si la preuve PKCE est celle dont la demande portait l'empreinte.

    :param defi: ``code_challenge`` reçu.
    :param preuve: ``code_verifier`` présenté.
    """
    if not 43 <= len(preuve) <= 128 or not preuve.isascii():
        return False
    attendu = urlsafe_b64encode(hashlib.sha256(preuve.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(attendu, defi.encode())


def purger(session: Session, horloge: Horloge) -> int:
    """Efface les codes d'hier : jusque-là, un rejeu se reconnaît ; rend leur nombre.

    :param session: session de l'académie.
    """
    limite = horloge.maintenant() - _MEMOIRE
    return len(session.scalars(delete(_table).where(_c.expire_le <= limite).returning(_c.service)).all())
