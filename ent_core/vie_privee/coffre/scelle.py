"""Sceller et ouvrir : une enveloppe qui dit sa version, sa clé, et ne s'ouvre qu'à sa place.

Octets d'une enveloppe : version (1), repère de la clé (8), aléa (12), texte chiffré et son sceau
(AES-256-GCM). Le repère distingue une clé disparue, ce qui est voulu, d'une enveloppe altérée ou déplacée,
ce qui ne l'est jamais.
"""

from __future__ import annotations

import hashlib
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ent_core.socle.erreurs import ErreurEnt

__all__ = ["TAILLE_CLE", "CleDisparue", "ScelleAltere", "ouvrir", "sceller"]

TAILLE_CLE = 32
"""Octets d'une clé."""

_VERSION = b"\x01"
_REPERE = 8
_ALEA = 12
_TETE = len(_VERSION) + _REPERE + _ALEA
_SCEAU = 16


class CleDisparue(ErreurEnt):
    """La clé a été détruite : ce qu'elle fermait est effacé."""

    code = "ENT-EFFACE"
    statut_http = 410


class ScelleAltere(ErreurEnt):
    """Une valeur chiffrée a été changée ou déplacée : elle ne peut plus être lue."""

    code = "ENT-SCELLE"


def sceller(cle: bytes, clair: bytes, associees: bytes) -> bytes:
    """Chiffre des octets, liés à leur place.

    :param cle: clé de 32 octets, rendue par le coffre.
    :param clair: ce qu'il faut cacher.
    :param associees: ce qui dit la place de l'enveloppe ; il faudra les mêmes pour ouvrir.
    """
    tete = _VERSION + _repere(cle) + os.urandom(_ALEA)
    return tete + AESGCM(cle).encrypt(tete[-_ALEA:], clair, tete + associees)


def ouvrir(cle: bytes | None, scelle: bytes, associees: bytes) -> bytes:
    """Rend les octets scellés.

    :param cle: clé rendue par le coffre ; ``None`` si elle n'y est plus.
    :param scelle: enveloppe rendue par ``sceller``.
    :param associees: celles du scellement.
    :raises CleDisparue: la clé n'est plus là, ou une autre l'a remplacée depuis.
    :raises ScelleAltere: l'enveloppe a été changée, coupée ou déplacée.
    """
    scelle = bytes(scelle)
    if len(scelle) < _TETE + _SCEAU or not scelle.startswith(_VERSION):
        raise _altere("elle n'a pas la forme attendue")
    tete = scelle[:_TETE]
    if cle is None or tete[1 : 1 + _REPERE] != _repere(cle):
        raise CleDisparue(
            "la clé de cette valeur n'est plus dans le coffre : la valeur est effacée.",
            remede="rien, si un effacement l'a voulu ; sinon restaurer la sauvegarde du coffre qui va avec"
            " la base.",
        )
    try:
        return AESGCM(cle).decrypt(tete[-_ALEA:], scelle[_TETE:], tete + associees)
    except InvalidTag as erreur:
        raise _altere("son sceau ne va pas avec sa place") from erreur


def _repere(cle: bytes) -> bytes:
    return hashlib.sha256(b"ent repere de cle" + cle).digest()[:_REPERE]


def _altere(pourquoi: str) -> ScelleAltere:
    return ScelleAltere(
        f"une valeur chiffrée ne s'ouvre pas : {pourquoi}.",
        remede="chercher qui a écrit dans la base hors de l'ENT, et restaurer cette ligne d'une sauvegarde.",
    )
