"""Le coffre : empreintes des mots de passe, empreintes à clé, jetons et codes tirés au hasard.

Vocabulaire. *Secret* : mot de passe choisi par la personne. *Code* : secret provisoire donné sur
papier, à usage unique. *Jeton* : secret porté par un témoin du navigateur.

Argon2id avec 19 Mio, deux passes et une voie (minimum de l'OWASP) : plus cher, une rentrée de
8 heures ne passe plus ; l'essai en ligne est tenu par le freinage.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from ent_core.socle.erreurs import ErreurEnt

__all__ = [
    "LONGUEUR_MAXIMALE",
    "Coffre",
    "CoffreSature",
    "empreinte_jeton",
    "normaliser_secret",
    "nouveau_code",
    "nouveau_jeton",
]

LONGUEUR_MAXIMALE = 128
"""Longueur d'un mot de passe, en caractères."""

_SANS_AMBIGUITE = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_CLE_MINIMALE = 32


class CoffreSature(ErreurEnt):
    """Trop de connexions au même instant ; la personne n'a rien fait de mal."""

    code = "ENT-SATURE"
    statut_http = 503


class Coffre:
    """Les calculs secrets d'une instance de l'ENT.

    :param cle: clé secrète de l'instance, 32 caractères au moins.
    :param simultanes: nombre d'empreintes calculées à la fois, chacune prenant 19 Mio et un cœur.
    :param patience: secondes d'attente d'une place avant de renoncer.
    :param admis: connexions reçues à la fois, calculs et attentes compris ; au-delà, refusées sans attendre.
    """

    __slots__ = ("_admis", "_argon2", "_cle", "_leurre", "_patience", "_places")

    def __init__(self, cle: str, *, simultanes: int = 4, patience: float = 2.0, admis: int = 16) -> None:
        if len(cle) < _CLE_MINIMALE:
            raise ValueError(f"la clé du coffre a moins de {_CLE_MINIMALE} caractères")
        self._cle = cle.encode()
        self._places = BoundedSemaphore(simultanes)
        self._admis = BoundedSemaphore(admis)
        self._patience = patience
        self._argon2 = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._leurre = _leurre(self._argon2)

    @contextmanager
    def admettre(self) -> Iterator[None]:
        """Prend place dans la file des connexions, ou y renonce aussitôt : les autres pages gardent des fils.

        :raises CoffreSature: la file est pleine ; rien n'a été lu ni compté.
        """
        if not self._admis.acquire(blocking=False):
            raise _sature()
        try:
            yield
        finally:
            self._admis.release()

    def hacher(self, secret: str) -> str:
        """Empreinte à garder d'un mot de passe.

        :param secret: mot de passe.
        :raises CoffreSature: aucune place ne s'est libérée.
        """
        with self._place():
            return self._argon2.hash(_octets(secret))

    def verifier(self, empreinte: str | None, secret: str) -> bool:
        """Vrai si le secret est le bon ; le temps est le même qu'il y ait ou non une empreinte.

        :param empreinte: empreinte gardée ; ``None`` pour un compte inconnu ou sans mot de passe.
        :param secret: mot de passe proposé.
        :raises CoffreSature: aucune place ne s'est libérée.
        """
        # Rien de plus long n'a pu être choisi : un texte géant ne coûte pas plus qu'un autre.
        propose = _octets(secret[: 4 * LONGUEUR_MAXIMALE])
        with self._place():
            try:
                self._argon2.verify(empreinte or self._leurre, propose)
            except (VerificationError, InvalidHashError):
                return False
        return empreinte is not None

    def a_rehacher(self, empreinte: str) -> bool:
        """Vrai si l'empreinte a été faite avec d'autres paramètres que ceux d'aujourd'hui.

        :param empreinte: empreinte gardée, déjà vérifiée.
        """
        return self._argon2.check_needs_rehash(empreinte)

    def sceller(self, usage: str, *parties: str) -> bytes:
        """Empreinte à clé (HMAC-SHA-256) : sans la clé, on ne peut ni la refaire ni la deviner.

        :param usage: à quoi elle sert ; deux usages ne se confondent pas.
        :param parties: valeurs scellées ensemble, dans l'ordre.
        """
        calcul = hmac.new(self._cle, digestmod=hashlib.sha256)
        for partie in (usage, *parties):
            octets = partie.encode("utf-8", "surrogatepass")
            calcul.update(len(octets).to_bytes(4, "big") + octets)
        return calcul.digest()

    def sceller_code(self, code: str) -> str:
        """Empreinte d'un code d'activation, saisi avec ou sans tirets, en majuscules ou non.

        Le code porte 79 bits de hasard : une empreinte rapide, à clé, suffit.

        :param code: code remis ou saisi.
        """
        return self.sceller("code", "".join(c for c in code.upper() if c in _SANS_AMBIGUITE)).hex()

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._patience):
            raise _sature()
        try:
            yield
        finally:
            self._places.release()


def _sature() -> CoffreSature:
    return CoffreSature(
        "trop de personnes se connectent en ce moment.", remede="réessayer dans quelques secondes."
    )


def normaliser_secret(secret: str) -> str:
    """Forme composée (NFC) : un « é » tapé de deux façons reste le même mot de passe.

    :param secret: mot de passe saisi.
    """
    return unicodedata.normalize("NFC", secret)


def nouveau_code() -> str:
    """Code d'activation : quatre groupes de quatre caractères qui ne se confondent pas (79 bits)."""
    return "-".join("".join(secrets.choice(_SANS_AMBIGUITE) for _ in range(4)) for _ in range(4))


def nouveau_jeton() -> str:
    """Jeton de 256 bits, à mettre dans un témoin."""
    return secrets.token_urlsafe(32)


def empreinte_jeton(jeton: str) -> bytes:
    """Empreinte sous laquelle la base garde un jeton.

    :param jeton: jeton reçu du navigateur.
    """
    return hashlib.sha256(jeton.encode("utf-8", "surrogatepass")).digest()


def _octets(secret: str) -> bytes:
    return normaliser_secret(secret).encode("utf-8", "surrogatepass")


def _leurre(argon2: PasswordHasher) -> str:
    """Une empreinte de la bonne forme, tirée au hasard : la vérifier coûte autant, et rien ne l'ouvre."""
    parametres = f"m={argon2.memory_cost},t={argon2.time_cost},p={argon2.parallelism}"
    sel, empreinte = (
        b64encode(secrets.token_bytes(taille)).decode().rstrip("=")
        for taille in (argon2.salt_len, argon2.hash_len)
    )
    return f"$argon2id$v=19${parametres}${sel}${empreinte}"
