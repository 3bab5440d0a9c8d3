"""Les clés qui signent les jetons : une par algorithme, remplacée sans coupure, chiffrée dans la base."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ent_core.donnees.base import Base
from ent_core.federation.fournisseur_oidc.modeles import CleOidc
from ent_core.identite.journal import consigner
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge
from ent_core.socle.erreurs import ConfigurationInvalide

__all__ = [
    "RECOUVREMENT",
    "CleListee",
    "CleSignature",
    "lister",
    "publiques",
    "purger",
    "signante",
    "tourner",
]

RECOUVREMENT = timedelta(days=2)
"""Temps pendant lequel une clé remplacée se publie encore : les services gardent les clés en mémoire."""

_USAGE = "oidc.cles"
_ALEA = 12
_table = Base.metadata.tables[CleOidc.__tablename__]
_c = _table.c


@dataclass(frozen=True, slots=True)
class CleSignature:
    """Une clé privée, prête à signer."""

    algorithme: str
    cle: RSAKey | ECKey


@dataclass(frozen=True, slots=True)
class CleListee:
    """Ce que l'administrateur voit d'une clé."""

    kid: str
    algorithme: str
    cree_le: datetime
    remplacee_le: datetime | None


def signante(session: Session, horloge: Horloge, coffre: Coffre, algorithme: str) -> CleSignature:
    """La clé qui signe ; tirée à la première demande.

    :param session: session de l'académie.
    :param coffre: coffre de l'instance, dont la clé chiffre celles-ci.
    :param algorithme: ``RS256`` ou ``ES256``.
    """
    en_service = select(_c.kid, _c.privee).where(_c.algorithme == algorithme, _c.remplacee_le.is_(None))
    trouvee = session.execute(en_service).one_or_none()
    if trouvee is None:
        _tirer(session, horloge, coffre, algorithme)
        trouvee = session.execute(en_service).one()
    return CleSignature(algorithme, _ouvrir(coffre, trouvee.kid, algorithme, trouvee.privee))


def publiques(session: Session, horloge: Horloge, coffre: Coffre) -> dict[str, Any]:
    """Le jeu de clés publiques (JWKS) : celles qui signent, et celles qui viennent d'être remplacées.

    :param session: session de l'académie.
    :param coffre: coffre de l'instance.
    """
    signante(session, horloge, coffre, "RS256")
    limite = horloge.maintenant() - RECOUVREMENT
    lignes = session.execute(
        select(_c.kid, _c.algorithme, _c.privee)
        .where(_c.remplacee_le.is_(None) | (_c.remplacee_le > limite))
        .order_by(_c.cree_le.desc(), _c.kid)
    )
    jeu = []
    for kid, algorithme, privee in lignes:
        # Une clé d'avant un changement de clé secrète ne s'ouvre plus : elle ne retient pas les autres.
        with suppress(ConfigurationInvalide):
            publique = _ouvrir(coffre, kid, algorithme, privee).as_dict(private=False)
            jeu.append({**publique, "use": "sig", "alg": algorithme})
    return {"keys": jeu}


def tourner(session: Session, horloge: Horloge, coffre: Coffre) -> Sequence[str]:
    """Met une clé neuve en service pour chaque algorithme employé ; rend leurs noms.

    Les jetons déjà donnés se vérifient encore : l'ancienne clé se publie pendant ``RECOUVREMENT``.

    :param session: session de l'académie.
    """
    employes = session.scalars(
        update(_table)
        .where(_c.remplacee_le.is_(None))
        .values(remplacee_le=horloge.maintenant())
        .returning(_c.algorithme)
    ).all()
    noms = [_tirer(session, horloge, coffre, algorithme) for algorithme in sorted({*employes, "RS256"})]
    consigner(session, horloge, "sso.cles_tournees", details={"nombre": len(noms)})
    return noms


def lister(session: Session) -> list[CleListee]:
    """Clés gardées, la plus récente d'abord.

    :param session: session de l'académie.
    """
    enonce = select(_c.kid, _c.algorithme, _c.cree_le, _c.remplacee_le).order_by(_c.cree_le.desc(), _c.kid)
    return [CleListee(*ligne) for ligne in session.execute(enonce)]


def purger(session: Session, horloge: Horloge) -> int:
    """Efface les clés que plus personne n'emploie ; rend leur nombre.

    :param session: session de l'académie.
    """
    limite = horloge.maintenant() - RECOUVREMENT
    return len(session.scalars(delete(_table).where(_c.remplacee_le <= limite).returning(_c.kid)).all())


def _tirer(session: Session, horloge: Horloge, coffre: Coffre, algorithme: str) -> str:
    kid = secrets.token_hex(8)
    neuve = RSAKey.generate_key(2048) if algorithme == "RS256" else ECKey.generate_key("P-256")
    alea = os.urandom(_ALEA)
    scellee = AESGCM(coffre.sceller(_USAGE)).encrypt(
        alea, neuve.as_pem(private=True), f"{kid} {algorithme}".encode()
    )
    # Deux processus peuvent en tirer une ensemble : la première écrite est la bonne.
    session.execute(
        insert(_table)
        .values(kid=kid, algorithme=algorithme, privee=alea + scellee, cree_le=horloge.maintenant())
        .on_conflict_do_nothing()
    )
    return kid


def _ouvrir(coffre: Coffre, kid: str, algorithme: str, scellee: bytes) -> RSAKey | ECKey:
    try:
        pem = AESGCM(coffre.sceller(_USAGE)).decrypt(
            scellee[:_ALEA], scellee[_ALEA:], f"{kid} {algorithme}".encode()
        )
    except InvalidTag as erreur:
        raise ConfigurationInvalide(
            "la clé qui signe les jetons ne s'ouvre pas : la clé secrète de l'instance a changé.",
            remede="remettre l'ancienne clé secrète, ou tirer d'autres clés : « ent sso cles tourner ».",
            lieu=f"clé {kid}",
        ) from erreur
    # Scellée par nous, elle est entière : la contrôler de nouveau coûterait plus cher que de signer.
    cle = load_pem_private_key(pem, None, unsafe_skip_rsa_key_validation=True)
    if isinstance(cle, RSAPrivateKey):
        return RSAKey(cle, cle, {"kid": kid})
    return ECKey.import_key(pem, {"kid": kid})
