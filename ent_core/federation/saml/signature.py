"""Le second lecteur : signxml vérifie la signature, et l'on ne lit que ce qu'elle couvre.

``pysaml2`` répond oui ou non d'un document entier ; ici, ce qui est rendu est ré-analysé depuis les octets
signés eux-mêmes : une copie que l'attaquant aurait glissée ailleurs n'est jamais lue.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.x509 import Certificate
from lxml import etree

from ent_core.federation.saml.enveloppe import DS

__all__ = ["element_signe"]

_SHA2 = ("256", "384", "512")


def element_signe(element: etree._Element, certificats: Sequence[Certificate]) -> etree._Element | None:
    """L'élément, tel que sa propre signature le couvre ; ``None`` s'il n'en porte pas de bonne.

    Le certificat joint au message n'est jamais cru : seuls ceux que l'émetteur a publiés comptent, et un seul
    suffit (l'ancien et le nouveau se recouvrent pendant un renouvellement).

    :param element: réponse ou assertion, dans son document, déjà passée par ``enveloppe.examiner``.
    :param certificats: certificats publiés par l'émetteur.
    """
    if element.find(f"{DS}Signature") is None:
        return None
    for certificat in certificats:
        signe = _verifier(element, certificat)
        if signe is not None and signe.tag == element.tag and signe.get("ID") == element.get("ID"):
            return signe
    return None


def _verifier(element: etree._Element, certificat: Certificate) -> etree._Element | None:
    from signxml.algorithms import DigestAlgorithm, SignatureMethod
    from signxml.exceptions import SignXMLException
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    racine = element.getroottree().getroot()
    ou = "./" if element is racine else f"./{element.tag}/"
    exigences = SignatureConfiguration(
        location=ou,
        signature_methods=frozenset(
            SignatureMethod[f"{famille}_SHA{taille}"] for famille in ("RSA", "ECDSA") for taille in _SHA2
        ),
        digest_algorithms=frozenset(DigestAlgorithm[f"SHA{taille}"] for taille in _SHA2),
        ignore_ambiguous_key_info=True,
        # La confiance vient des métadonnées, et finit avec elles : un certificat n'y porte qu'une clé, et ses
        # propres dates n'y disent rien (SAML Metadata Interoperability Profile, § 2.6.1).
        verification_time=certificat.not_valid_before_utc,
    )
    try:
        verifie = XMLVerifier().verify(
            racine, x509_cert=certificat, id_attribute="ID", expect_config=exigences
        )
    except (SignXMLException, ValueError, TypeError, etree.LxmlError):
        return None
    assert not isinstance(verifie, list)  # noqa: S101 - une seule référence est attendue
    return verifie.signed_xml
