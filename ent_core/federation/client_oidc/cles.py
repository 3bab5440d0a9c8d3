"""Les clés publiques d'un fournisseur : lues une fois, relues au plus une fois par minute si l'une manque."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey, import_key

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.client_oidc.refus import refuser
from ent_core.socle.calendrier import Horloge

__all__ = ["Cle", "Cles"]

Cle = RSAKey | ECKey | OKPKey | OctKey

_SORTES: Mapping[str, tuple[type, str]] = {
    "RS256": (RSAKey, ""),
    "PS256": (RSAKey, ""),
    "ES256": (ECKey, "P-256"),
    "EdDSA": (OKPKey, "Ed25519"),
}
_NOMBRE_MAXIMAL = 100
_RSA_MINIMAL = 2048
_DUREE = timedelta(hours=12)
_PAUSE = timedelta(minutes=1)


class Cles:
    """Le jeu de clés d'un fournisseur, pour un processus.

    :param fournisseur: sa déclaration.
    :param horloge: heure de l'instance.
    :param lire: lit le document JWKS ; appelé hors de tout verrou de base.
    """

    def __init__(
        self, fournisseur: Fournisseur, horloge: Horloge, lire: Callable[[], dict[str, Any]]
    ) -> None:
        self._fournisseur = fournisseur
        self._horloge = horloge
        self._lire = lire
        self._cles: list[Cle] = []
        self._lues_le: datetime | None = None
        self._essai_le: datetime | None = None
        self._verrou = Lock()

    def trouver(self, alg: str, kid: str | None) -> Cle:
        """La clé qui doit avoir signé.

        :param alg: algorithme, déjà admis.
        :param kid: nom de la clé dans l'en-tête, s'il est donné.
        :raises EntreeRefusee: clé inconnue, ou impossible à désigner.
        :raises PartenaireInjoignable: le jeu de clés ne se lit pas.
        """
        if alg == "HS256":
            return OctKey.import_key(self._fournisseur.secret)
        trouvee = self._parmi(alg, kid) if self._fraiches() else None
        if trouvee is None and self._relire():
            trouvee = self._parmi(alg, kid)
        if trouvee is None:
            raise refuser("cle", "la clé de sa signature n'est pas de celles qu'il publie")
        return trouvee

    def _fraiches(self) -> bool:
        return self._lues_le is not None and self._horloge.maintenant() - self._lues_le < _DUREE

    def _parmi(self, alg: str, kid: str | None) -> Cle | None:
        sorte, courbe = _SORTES[alg]
        bonnes = [
            cle
            for cle in self._cles
            if isinstance(cle, sorte)
            and (not courbe or cle.as_dict(private=False).get("crv") == courbe)
            and cle.get("use") in (None, "sig")
            and cle.get("alg") in (None, alg)
        ]
        if kid is not None:
            bonnes = [cle for cle in bonnes if cle.kid == kid]
        # Sans nom, une clé ne se désigne que si elle est seule : on ne les essaie pas l'une après l'autre.
        return bonnes[0] if len(bonnes) == 1 else None

    def _relire(self) -> bool:
        """Relit le jeu, sauf si on vient de le faire : un nom de clé inventé ne coûte rien au fournisseur."""
        with self._verrou:
            instant = self._horloge.maintenant()
            if self._essai_le is not None and instant - self._essai_le < _PAUSE:
                return False
            self._essai_le = instant
        self._cles = _importer(self._lire())
        self._lues_le = instant
        return True


def _importer(document: dict[str, Any]) -> list[Cle]:
    publiees = document.get("keys")
    if not isinstance(publiees, list) or len(publiees) > _NOMBRE_MAXIMAL:
        raise refuser("cle", "son jeu de clés manque, ou en compte trop")
    cles: list[Cle] = []
    for publiee in publiees:
        # Une clé symétrique publiée n'en est plus une ; ce qui ne se lit pas ne sert pas.
        if not isinstance(publiee, dict) or publiee.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        try:
            cle = import_key(publiee)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if not isinstance(cle, RSAKey) or cle.public_key.key_size >= _RSA_MINIMAL:
            cles.append(cle)
    return cles
