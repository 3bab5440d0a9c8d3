"""Une clé d'accès logicielle, pour éprouver le serveur : elle signe juste, ou ment comme on le veut."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from os import urandom
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENTE, _VERIFIEE, _ATTESTEE = 0x01, 0x04, 0x40


@dataclass
class CleLogicielle:
    """Une clé et son compteur.

    :param origine: adresse de la page qui l'emploie.
    :param domaine: domaine auquel elle se croit liée.
    :param verifie: elle a reconnu la personne (doigt, visage, code).
    """

    origine: str = "http://localhost"
    domaine: str = "localhost"
    verifie: bool = True
    compteur: int = 0
    identifiant: bytes = field(default_factory=lambda: urandom(32))
    privee: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    titulaire: bytes = b""

    def creer(self, demande: str) -> str:
        """Répond à une demande d'ajout."""
        lue = json.loads(demande)
        self.titulaire = _octets(lue["user"]["id"])
        nombres = self.privee.public_key().public_numbers()
        publique = cbor2.dumps(
            {1: 2, 3: -7, -1: 1, -2: nombres.x.to_bytes(32, "big"), -3: nombres.y.to_bytes(32, "big")}
        )
        taille = len(self.identifiant).to_bytes(2, "big")
        donnees = self._donnees(_ATTESTEE) + bytes(16) + taille + self.identifiant + publique
        objet = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": donnees})
        return self._reponse(
            {
                "clientDataJSON": _texte(self._client("webauthn.create", lue)),
                "attestationObject": _texte(objet),
            }
        )

    def prouver(self, demande: str) -> str:
        """Répond à une demande de preuve."""
        self.compteur += 1
        donnees, client = self._donnees(), self._client("webauthn.get", json.loads(demande))
        signature = self.privee.sign(donnees + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._reponse(
            {
                "clientDataJSON": _texte(client),
                "authenticatorData": _texte(donnees),
                "signature": _texte(signature),
                "userHandle": _texte(self.titulaire),
            }
        )

    def _donnees(self, drapeaux: int = 0) -> bytes:
        drapeaux |= _PRESENTE | (_VERIFIEE if self.verifie else 0)
        return sha256(self.domaine.encode()).digest() + bytes([drapeaux]) + self.compteur.to_bytes(4, "big")

    def _client(self, genre: str, lue: dict[str, Any]) -> bytes:
        return json.dumps({"type": genre, "challenge": lue["challenge"], "origin": self.origine}).encode()

    def _reponse(self, reponse: dict[str, str]) -> str:
        cle = _texte(self.identifiant)
        return json.dumps({"id": cle, "rawId": cle, "type": "public-key", "response": reponse})


def _texte(octets: bytes) -> str:
    return urlsafe_b64encode(octets).decode().rstrip("=")


def _octets(texte: str) -> bytes:
    return urlsafe_b64decode(texte + "=" * (-len(texte) % 4))
