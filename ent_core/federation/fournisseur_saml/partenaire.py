"""Un service SAML, d'après les métadonnées que son éditeur a remises à l'établissement.

On n'en garde que ce qui sert : nom, certificats, adresses. Les contacts et les textes n'entrent pas en base.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from ent_core.federation.fournisseur_saml.normes import MD, Liaison
from ent_core.federation.saml.enveloppe import DS
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.socle.xml import analyseur_sur

__all__ = ["PartenaireService", "Retour", "lire_partenaire", "reduire"]

_TAILLE = 512 * 1024
_PREAVIS = timedelta(days=30)
_GARDES = frozenset(
    f"{MD}{nom}" for nom in ("KeyDescriptor", "SingleLogoutService", "AssertionConsumerService")
)
_ATTRIBUTS = frozenset(
    {"entityID", "validUntil", "protocolSupportEnumeration", "AuthnRequestsSigned", "use", "Binding",
     "Location", "ResponseLocation", "index", "isDefault"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Retour:
    """Une adresse où le service reçoit les réponses (ACS), par formulaire."""

    indice: str
    adresse: str
    defaut: bool


@dataclass(frozen=True, slots=True)
class PartenaireService:
    """Un service, d'après ses métadonnées.

    :param entite: ``entityID``, exact.
    :param retours: adresses de réponse, la première étant celle par défaut.
    :param sorties: où le prévenir d'une sortie : liaison → adresse.
    :param reponses: où lui répondre quand il en annonce une : liaison → adresse.
    :param certificats: certificats de signature ; pendant un renouvellement, deux.
    :param chiffrement: certificats pour qui chiffrer.
    :param signe: il annonce qu'il signe ses demandes.
    :param expire_le: fin de validité des métadonnées ; absente, elles n'expirent pas.
    """

    entite: str
    retours: tuple[Retour, ...]
    sorties: dict[str, str]
    reponses: dict[str, str]
    certificats: tuple[x509.Certificate, ...]
    chiffrement: tuple[x509.Certificate, ...]
    signe: bool
    expire_le: datetime | None

    def perime(self, instant: datetime) -> bool:
        """Vrai si ces métadonnées ne valent plus rien.

        :param instant: maintenant.
        """
        return self.expire_le is not None and instant >= self.expire_le

    def finit_bientot(self, instant: datetime) -> bool:
        """Vrai si ces métadonnées finissent dans les trente jours, ou ont fini : il faut les redemander.

        :param instant: maintenant.
        """
        return self.perime(instant + _PREAVIS)

    def retour(self, adresse: str, indice: str) -> str | None:
        """L'adresse de réponse qu'une demande désigne ; ``None`` si elle n'est pas d'ici.

        :param adresse: ``AssertionConsumerServiceURL``, ou vide.
        :param indice: ``AssertionConsumerServiceIndex``, ou vide.
        """
        for retour in self.retours:
            if (not adresse or retour.adresse == adresse) and (not indice or retour.indice == indice):
                return retour.adresse
        return None


def reduire(texte: str, instant: datetime) -> str:
    """Les mêmes métadonnées, sans rien de ce que l'ENT n'emploie pas : contacts, textes, signature.

    :param texte: document reçu de l'éditeur.
    :param instant: maintenant.
    :raises DonneeInvalide: illisibles, incomplètes ou expirées.
    """
    racine, role = _ouvrir(texte)
    court = etree.Element(racine.tag, _attributs(racine), nsmap={"md": MD[1:-1], "ds": DS[1:-1]})
    reduit = etree.SubElement(court, role.tag, _attributs(role))
    for element in role:
        if element.tag not in _GARDES:
            continue
        garde = etree.SubElement(reduit, element.tag, _attributs(element))
        for certificat in element.iter(f"{DS}X509Certificate"):
            donnees = etree.SubElement(etree.SubElement(garde, f"{DS}KeyInfo"), f"{DS}X509Data")
            etree.SubElement(donnees, f"{DS}X509Certificate").text = "".join((certificat.text or "").split())
    ecrit = etree.tostring(court, encoding="unicode")
    if lire_partenaire(ecrit).perime(instant):
        raise _invalide("leur date de validité est passée")
    return ecrit


@lru_cache(maxsize=256)
def lire_partenaire(texte: str) -> PartenaireService:
    """Lit les métadonnées d'un service (SAML 2.0 Metadata, § 2).

    :param texte: document, réduit ou non.
    :raises DonneeInvalide: illisibles, ou sans ce qu'il faut pour répondre.
    """
    racine, role = _ouvrir(texte)
    trouves = [
        Retour(point.get("index", ""), point.get("Location", ""), point.get("isDefault") in ("true", "1"))
        for point in role.findall(f"{MD}AssertionConsumerService")
        if point.get("Binding") == Liaison.FORMULAIRE
    ]
    if not trouves:
        raise _invalide("elles ne donnent pas d'adresse de réponse par formulaire (HTTP-POST)")
    points = {p.get("Binding", ""): p for p in role.findall(f"{MD}SingleLogoutService")}
    bornes = [borne for e in (racine, role) if (borne := _instant(e.get("validUntil"))) is not None]
    return PartenaireService(
        entite=racine.get("entityID", ""),
        retours=tuple(sorted(trouves, key=lambda retour: not retour.defaut)),
        sorties={liaison: point.get("Location", "") for liaison, point in points.items()},
        reponses={
            liaison: point.get("ResponseLocation", "") or point.get("Location", "")
            for liaison, point in points.items()
        },
        certificats=tuple(_certificats(role, "signing")),
        chiffrement=tuple(c for c in _certificats(role, "encryption") if _est_rsa(c)),
        signe=role.get("AuthnRequestsSigned") in ("true", "1"),
        expire_le=min(bornes, default=None),
    )


def _ouvrir(texte: str) -> tuple[etree._Element, etree._Element]:
    """La description du service, et son rôle de service."""
    if len(texte) > _TAILLE:
        raise _invalide("elles dépassent 512 Ko")
    try:
        racine = etree.fromstring(texte.strip().encode(), analyseur_sur(sans_commentaires=True))
    except (etree.XMLSyntaxError, ValueError) as erreur:
        raise _invalide("ce n'est pas du XML lisible") from erreur
    document: Any = racine.getroottree().docinfo
    if document.doctype:
        raise _invalide("une déclaration de type (DOCTYPE) y est refusée")
    if racine.tag != f"{MD}EntityDescriptor" or not racine.get("entityID"):
        raise _invalide("elles ne décrivent pas un seul service (EntityDescriptor)")
    role = racine.find(f"{MD}SPSSODescriptor")
    if role is None:
        raise _invalide("elles décrivent un fournisseur d'identité, non un service (SPSSODescriptor)")
    return racine, role


def _attributs(element: etree._Element) -> dict[str, str]:
    return {str(nom): str(valeur) for nom, valeur in element.attrib.items() if nom in _ATTRIBUTS}


def _certificats(role: etree._Element, usage: str) -> Iterator[x509.Certificate]:
    for cle in role.findall(f"{MD}KeyDescriptor"):
        if cle.get("use", usage) != usage:
            continue
        for noeud in cle.iter(f"{DS}X509Certificate"):
            try:
                der = base64.b64decode("".join((noeud.text or "").split()), validate=True)
                certificat = x509.load_der_x509_certificate(der)
                cle_publique = certificat.public_key()
            except (binascii.Error, ValueError) as erreur:
                raise _invalide("un de leurs certificats est illisible") from erreur
            if isinstance(cle_publique, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)):
                yield certificat


def _est_rsa(certificat: x509.Certificate) -> bool:
    return isinstance(certificat.public_key(), rsa.RSAPublicKey)


def _instant(texte: str | None) -> datetime | None:
    if not texte:
        return None
    try:
        lu = datetime.fromisoformat(texte)
    except ValueError as erreur:
        raise _invalide("leur date de validité est illisible") from erreur
    return lu if lu.tzinfo else lu.replace(tzinfo=UTC)


def _invalide(pourquoi: str) -> DonneeInvalide:
    return DonneeInvalide(
        f"métadonnées du service refusées : {pourquoi}.",
        remede="redemander ce document à l'éditeur, et le coller entier.",
        lieu="metadonnees",
    )
