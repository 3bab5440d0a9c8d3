"""Signer ce que l'ENT écrit, et le chiffrer pour le service qui le demande.

``signxml`` signe (le même que le second lecteur des entrées) ; ``pysaml2`` chiffre, par ``xmlsec1`` : aucune
cryptographie n'est écrite ici. Tout est RSA-SHA256, AES-256-GCM et RSA-OAEP.
"""

from __future__ import annotations

import base64
import logging
import shutil
import warnings
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509 import Certificate
from lxml import etree

from ent_core.federation.fournisseur_saml.emetteur import Emetteur
from ent_core.federation.saml.enveloppe import ASSERTION, DS
from ent_core.socle.erreurs import ConfigurationInvalide

__all__ = ["adresse_signee", "chiffrer", "signer"]

_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
_OAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"

# Ses journaux citent ce qu'il lit.
logging.getLogger("saml2").setLevel(logging.CRITICAL + 1)


def signer(element: etree._Element, emetteur: Emetteur) -> etree._Element:
    """Le même élément, signé par l'ENT, la signature à la place que la norme lui donne.

    :param element: élément porteur d'un ``ID`` ; son émetteur, s'il le dit, est son premier fils.
    :param emetteur: l'ENT.
    """
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.signer import XMLSigner

    # Relu de son texte : un élément déplacé garderait des espaces de noms que la signature ne voit pas.
    element = etree.fromstring(etree.tostring(element))
    place = etree.Element(f"{DS}Signature", Id="placeholder", nsmap={"ds": DS[1:-1]})
    element.insert(1 if element.find(f"{ASSERTION}Issuer") is not None else 0, place)
    signeur = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=_EXCLUSIVE,
    )
    return signeur.sign(
        element, key=emetteur.cle, cert=[emetteur.certificats[0]], reference_uri=f"#{element.get('ID')}",
        id_attribute="ID",
    )  # fmt: skip


def adresse_signee(vers: str, nom: str, message: etree._Element, relais: str, emetteur: Emetteur) -> str:
    """Adresse qui porte un message, comprimé et signé (SAML 2.0 Bindings § 3.4.4.1).

    :param vers: adresse du service.
    :param nom: ``SAMLRequest`` ou ``SAMLResponse``.
    :param relais: ``RelayState``, s'il y en a un.
    """
    compresseur = zlib.compressobj(9, zlib.DEFLATED, -15)
    serre = compresseur.compress(etree.tostring(message)) + compresseur.flush()
    champs = {nom: base64.b64encode(serre).decode()}
    if relais:
        champs["RelayState"] = relais
    requete = urlencode({**champs, "SigAlg": _RSA_SHA256})
    signature = emetteur.cle.sign(requete.encode(), padding.PKCS1v15(), hashes.SHA256())
    requete += "&" + urlencode({"Signature": base64.b64encode(signature).decode()})
    return f"{vers}{'&' if '?' in vers else '?'}{requete}"


def chiffrer(assertion: etree._Element, pour: Certificate) -> etree._Element:
    """L'assertion, que seul ce service saura lire.

    :param assertion: assertion signée.
    :param pour: certificat de chiffrement du service.
    :raises ConfigurationInvalide: ``xmlsec1`` manque.
    """
    xmlsec = shutil.which("xmlsec1")
    if xmlsec is None:
        raise ConfigurationInvalide(
            "un service SAML demande une réponse chiffrée, et le programme « xmlsec1 » manque.",
            remede="l'installer (sous Debian : apt-get install xmlsec1), puis relancer l'ENT.",
        )
    with warnings.catch_warnings():
        # Il nomme à l'import un mode de chiffrement que « cryptography » retire ; il ne sert pas ici.
        warnings.filterwarnings("ignore", message=".*CFB has been moved")
        from saml2.sigver import CryptoBackendXmlSec1, pre_encryption_part
    with TemporaryDirectory() as dossier:
        cle = Path(dossier) / "service.pem"
        cle.write_bytes(pour.public_bytes(serialization.Encoding.PEM))
        chiffre = CryptoBackendXmlSec1(xmlsec).encrypt_assertion(
            etree.tostring(assertion, encoding="unicode"), str(cle),
            pre_encryption_part(msg_enc=_GCM, key_enc=_OAEP), key_type="aes-256",
            node_xpath="/*[local-name()='Assertion']",
        )  # fmt: skip
    enveloppe = etree.Element(f"{ASSERTION}EncryptedAssertion", nsmap={"saml": ASSERTION[1:-1]})
    enveloppe.append(etree.fromstring(chiffre.encode()))
    return enveloppe
