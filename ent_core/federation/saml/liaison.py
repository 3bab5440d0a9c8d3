"""La liaison par redirection : un message comprimé dans l'adresse, et la signature de l'adresse même."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence
from urllib.parse import unquote_plus

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import Certificate

from ent_core.federation.saml.enveloppe import TAILLE, debase64, refus

__all__ = ["deplier", "signature_juste"]

_CONDENSES = {
    f"http://www.w3.org/2001/04/xmldsig-more#rsa-sha{taille}": condense
    for taille, condense in (("256", hashes.SHA256()), ("384", hashes.SHA384()), ("512", hashes.SHA512()))
}


def deplier(texte: str) -> bytes:
    """Document d'un champ ``SAMLRequest`` ou ``SAMLResponse`` reçu dans une adresse.

    :param texte: champ, déjà décodé de l'adresse.
    :raises EntreeRefusee: mal encodé, ou plus gros qu'il n'est permis une fois décompressé.
    """
    lecteur = zlib.decompressobj(-15)
    try:
        clair = lecteur.decompress(debase64(texte), TAILLE)
    except zlib.error as erreur:
        raise refus("encodage") from erreur
    if lecteur.unconsumed_tail:
        raise refus("taille")
    if not lecteur.eof:
        raise refus("encodage")
    return clair


def signature_juste(brute: str, nom: str, certificats: Sequence[Certificate]) -> bool:
    """Vrai si l'adresse est signée par l'un de ces certificats (SAML 2.0 Bindings § 3.4.4.1, RSA et SHA-2).

    La signature couvre les octets de l'adresse tels que l'émetteur les a écrits : les recomposer d'après les
    champs décodés en changerait. Un champ répété ne dit plus lequel est signé : refusé.

    :param brute: partie de l'adresse qui suit « ? », non décodée.
    :param nom: ``SAMLRequest`` ou ``SAMLResponse``.
    :param certificats: certificats publiés par l'émetteur.
    """
    champs: dict[str, str] = {}
    for morceau in brute.split("&"):
        cle, _, valeur = morceau.partition("=")
        if cle in champs:
            return False
        champs[cle] = valeur
    condense = _CONDENSES.get(unquote_plus(champs.get("SigAlg", "")))
    if condense is None or nom not in champs:
        return False
    try:
        signature = base64.b64decode(
            "".join(unquote_plus(champs.get("Signature", "")).split()), validate=True
        )
    except (binascii.Error, ValueError):
        return False
    signes = "&".join(f"{c}={champs[c]}" for c in (nom, "RelayState", "SigAlg") if c in champs).encode()
    return any(_verifie(certificat, signature, signes, condense) for certificat in certificats)


def _verifie(
    certificat: Certificate, signature: bytes, signes: bytes, condense: hashes.HashAlgorithm
) -> bool:
    cle = certificat.public_key()
    if not isinstance(cle, rsa.RSAPublicKey):
        return False
    try:
        cle.verify(signature, signes, padding.PKCS1v15(), condense)
    except InvalidSignature:
        return False
    return True
