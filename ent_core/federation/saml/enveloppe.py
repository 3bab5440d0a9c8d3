"""Ce qu'un message SAML doit être avant que quiconque le croie : petit, simple, sans double lecture possible.

Les attaques par enveloppement de signature, par pollution d'attributs ou par confusion d'espaces de noms ont
toutes besoin d'un document que deux lecteurs comprennent autrement. Ce garde n'admet qu'une forme : un
élément de chaque sorte, à sa place, désigné par un identifiant unique, sous des algorithmes choisis ici.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from ent_core.federation.evenement import EntreeRefusee
from ent_core.socle.xml import analyseur_sur

__all__ = [
    "ASSERTION",
    "DS",
    "PROTOCOLE",
    "TAILLE",
    "debase64",
    "decoder",
    "examiner",
    "examiner_message",
    "lire",
    "refus",
    "seule_assertion",
]

PROTOCOLE = "{urn:oasis:names:tc:SAML:2.0:protocol}"
ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
_XENC = "{http://www.w3.org/2001/04/xmlenc#}"
_XENC11 = "{http://www.w3.org/2009/xmlenc11#}"
_INCLUS = "{http://www.w3.org/2001/10/xml-exc-c14n#}InclusiveNamespaces"

TAILLE = 256 * 1024
"""Caractères d'une réponse encodée ; au-delà, elle n'est pas lue."""

_SHA2 = ("256", "384", "512")
_CONDENSES = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    }
)
_CANONIQUES = frozenset({"http://www.w3.org/2001/10/xml-exc-c14n#"})
_ADMIS = {
    f"{DS}SignatureMethod": frozenset(
        f"http://www.w3.org/2001/04/xmldsig-more#{famille}-sha{taille}"
        for famille in ("rsa", "ecdsa")
        for taille in _SHA2
    ),
    f"{DS}CanonicalizationMethod": _CANONIQUES,
    f"{DS}Transform": _CANONIQUES | {"http://www.w3.org/2000/09/xmldsig#enveloped-signature"},
    f"{_XENC11}MGF": frozenset(f"http://www.w3.org/2009/xmlenc11#mgf1sha{t}" for t in ("1", *_SHA2)),
}
_CLES = frozenset(
    {"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", "http://www.w3.org/2009/xmlenc11#rsa-oaep"}
)
_CONTENUS = frozenset(f"http://www.w3.org/2009/xmlenc11#aes{taille}-gcm" for taille in ("128", "192", "256"))
_CONTENUS_CBC = frozenset(f"http://www.w3.org/2001/04/xmlenc#aes{taille}-cbc" for taille in ("128", "256"))
# Aucun partenaire n'en a besoin, et chacun sait cacher une seconde assertion ou une lecture ambiguë.
_INTERDITS = frozenset(
    {f"{PROTOCOLE}Extensions", f"{ASSERTION}Advice", f"{DS}Object", f"{DS}Manifest", f"{ASSERTION}BaseID"}
)


def refus(motif: str) -> EntreeRefusee:
    """Le même message pour tout ce qu'un fournisseur envoie de faux ; le motif va au journal.

    :param motif: code court, sans donnée personnelle.
    """
    return EntreeRefusee(
        f"saml.{motif}",
        "la réponse du service de connexion n'est pas recevable.",
        remede="recommencer depuis la connexion ; si cela continue, donner ce code à l'établissement.",
    )


def decoder(texte: str, *, cbc: bool = False) -> etree._Element:
    """Décode une réponse reçue par un formulaire, et n'en admet que la forme sûre.

    :param texte: champ ``SAMLResponse``.
    :param cbc: admettre AES-CBC, pour un partenaire qui ne sait pas mieux ; sa réponse est alors signée.
    :raises EntreeRefusee: trop grande, mal encodée, ambiguë, ou sous un algorithme refusé.
    """
    racine = lire(debase64(texte))
    examiner(racine, cbc=cbc)
    return racine


def debase64(texte: str) -> bytes:
    """Octets d'un champ reçu, s'il n'est pas démesuré.

    :param texte: champ reçu.
    :raises EntreeRefusee: trop grand, ou mal encodé.
    """
    if len(texte) > TAILLE:
        raise refus("taille")
    try:
        return base64.b64decode("".join(texte.split()), validate=True)
    except (binascii.Error, ValueError) as erreur:
        raise refus("encodage") from erreur


def lire(brut: bytes) -> etree._Element:
    """Analyse un document, sans déclaration de type ni instruction.

    :param brut: document, en UTF-8.
    :raises EntreeRefusee: il ne se lit pas, ou porte l'une d'elles.
    """
    try:
        brut.decode()
    except UnicodeDecodeError as erreur:
        raise refus("jeu") from erreur
    try:
        racine = etree.fromstring(brut, analyseur_sur())
    except (etree.XMLSyntaxError, ValueError) as erreur:
        raise refus("xml") from erreur
    document: Any = racine.getroottree().docinfo
    if document.doctype or document.internalDTD is not None:
        raise refus("doctype")
    if (document.encoding or "UTF-8").upper() not in ("UTF-8", "ASCII", "US-ASCII"):
        raise refus("jeu")
    avant = racine.getprevious()
    if any(noeud.tag is etree.PI for noeud in racine.iter()) or avant is not None:
        raise refus("instruction")
    return racine


def examiner(racine: etree._Element, *, cbc: bool = False) -> None:
    """Vérifie la forme d'une réponse, chiffrée ou déchiffrée.

    :param racine: élément racine.
    :param cbc: voir ``decoder``.
    :raises EntreeRefusee: une règle n'est pas tenue.
    """
    if racine.tag != f"{PROTOCOLE}Response":
        raise refus("racine")
    seule_assertion(racine)
    _regles(racine, cbc=cbc)


def examiner_message(racine: etree._Element, *noms: str) -> None:
    """Vérifie la forme d'un message sans assertion : une demande, une annonce de sortie.

    :param racine: élément racine.
    :param noms: éléments admis à la racine, sans leur espace de noms.
    :raises EntreeRefusee: une règle n'est pas tenue.
    """
    if racine.tag not in {f"{PROTOCOLE}{nom}" for nom in noms}:
        raise refus("racine")
    if any(e.tag in (f"{ASSERTION}Assertion", f"{ASSERTION}EncryptedAssertion") for e in _elements(racine)):
        raise refus("assertion")
    _regles(racine, cbc=False)


def _regles(racine: etree._Element, *, cbc: bool) -> None:
    _identifiants(racine)
    for element in _elements(racine):
        if element.tag in _INTERDITS:
            raise refus("interdit")
        if any(uri and not urlsplit(uri).scheme for uri in element.nsmap.values()):
            raise refus("espace")
        _algorithme(element, cbc=cbc)
        if element.tag == f"{DS}Signature":
            _signature(racine, element)


def seule_assertion(racine: etree._Element) -> etree._Element:
    """L'unique assertion d'une réponse, en clair ou chiffrée ; fille directe de la réponse.

    :param racine: élément racine.
    :raises EntreeRefusee: aucune, plusieurs, ou ailleurs.
    """
    sortes = (f"{ASSERTION}Assertion", f"{ASSERTION}EncryptedAssertion")
    toutes = [e for e in _elements(racine) if e.tag in sortes]
    if len(toutes) != 1 or toutes[0].getparent() is not racine:
        raise refus("assertion")
    return toutes[0]


def _identifiants(racine: etree._Element) -> None:
    """Un identifiant par élément, sous le seul nom que sa norme lui donne, et jamais deux fois le même."""
    vus: Counter[str] = Counter()
    for element in _elements(racine):
        attendu = "ID" if element.tag.startswith((PROTOCOLE, ASSERTION)) else "Id"
        for nom, valeur in element.attrib.items():
            nu = etree.QName(nom).localname
            if nu.lower() == "id":
                if nom != attendu or not valeur:
                    raise refus("identifiant")
                vus[str(valeur)] += 1
    if any(nombre > 1 for nombre in vus.values()):
        raise refus("doublon")


def _algorithme(element: etree._Element, *, cbc: bool) -> None:
    algorithme, dessus = element.get("Algorithm"), element.getparent()
    if element.tag in _ADMIS:
        admis = _ADMIS[element.tag]
    elif element.tag == f"{DS}DigestMethod":
        admis = _CONDENSES
        if dessus is not None and dessus.tag == f"{_XENC}EncryptionMethod":
            admis = _CONDENSES | {
                "http://www.w3.org/2000/09/xmldsig#sha1"
            }  # paramètre d'OAEP, non d'une preuve
    elif element.tag == f"{_XENC}EncryptionMethod":
        cle = dessus is not None and dessus.tag == f"{_XENC}EncryptedKey"
        admis = _CLES if cle else _CONTENUS | (_CONTENUS_CBC if cbc else frozenset())
    else:
        return
    if algorithme not in admis:
        raise refus("algorithme")
    if element.tag == f"{DS}Transform" and any(fils.tag != _INCLUS for fils in element):
        raise refus("transformation")


def _signature(racine: etree._Element, signature: etree._Element) -> None:
    """Une signature couvre l'élément qui la porte, entier, et rien d'autre."""
    couvert = signature.getparent()
    if couvert is None or (
        couvert is not racine
        and not (couvert.tag == f"{ASSERTION}Assertion" and couvert.getparent() is racine)
    ):
        raise refus("signature_placee")
    references = signature.findall(f"{DS}SignedInfo/{DS}Reference")
    if len(couvert.findall(f"{DS}Signature")) != 1 or len(references) != 1:
        raise refus("signature_multiple")
    if references[0].get("URI") != f"#{couvert.get('ID')}":
        raise refus("reference")
    if signature.find(f"{DS}KeyInfo/{DS}RetrievalMethod") is not None:
        raise refus("cle_ailleurs")


def _elements(racine: etree._Element) -> Iterator[etree._Element]:
    """Éléments, commentaires exclus."""
    return (noeud for noeud in racine.iter() if isinstance(noeud.tag, str))
