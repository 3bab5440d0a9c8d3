"""Un fournisseur d'identité SAML d'essai : il écrit ses réponses à la main, et les signe après coup."""

from __future__ import annotations

import base64
import gc
import subprocess
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

__all__ = [
    "ACS",
    "ENT",
    "IDP",
    "SLO",
    "Cles",
    "Forge",
    "cles",
    "encoder",
    "metadonnees",
    "oublier_les_fichiers",
]

ENT = "https://ent.exemple.invalid/saml"
ACS = "https://ent.exemple.invalid/entree/saml/retour"
SLO = "https://ent.exemple.invalid/entree/saml/sortie"
IDP = "https://idp.exemple.invalid/idp/shibboleth"
NIVEAU = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_PLACE = f'<ds:Signature xmlns:ds="{_DS}" Id="placeholder"/>'
_EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"

_REPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
  xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="{emise}"
  Destination="{acs}" InResponseTo="{demande}"><saml:Issuer>{idp}</saml:Issuer>{place_reponse}<samlp:Status>
  <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:{statut}"/></samlp:Status>{assertion}
  </samlp:Response>"""
_ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"
  ID="{identifiant}" Version="2.0" IssueInstant="{emise}"><saml:Issuer>{idp}</saml:Issuer>{place_assertion}
  <saml:Subject><saml:NameID
  Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{sujet}</saml:NameID><saml:SubjectConfirmation
  Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="{demande}"
  NotOnOrAfter="{fin}" Recipient="{acs}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions
  NotBefore="{debut}" NotOnOrAfter="{fin}"><saml:AudienceRestriction><saml:Audience>{ent}</saml:Audience>
  </saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{prouvee}"
  SessionIndex="{session}">
  <saml:AuthnContext><saml:AuthnContextClassRef>{niveau}</saml:AuthnContextClassRef></saml:AuthnContext>
  </saml:AuthnStatement><saml:AttributeStatement><saml:Attribute FriendlyName="FrEduCtId"
  Name="urn:oid:1.3.6.1.4.1.20326.10.999.1.57"><saml:AttributeValue>{educonnect}</saml:AttributeValue>
  </saml:Attribute><saml:Attribute Name="FrEduCtRefId"><saml:AttributeValue>{reference}</saml:AttributeValue>
  </saml:Attribute>{autres}</saml:AttributeStatement></saml:Assertion>"""
_CHIFFRE = """<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Id="ED"
  Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="{contenu}"/>
  <ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey Id="EK"><xenc:EncryptionMethod
  Algorithm="{cle}"/><ds:KeyInfo><ds:KeyName>ent</ds:KeyName></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/>
  </xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData>
  </xenc:EncryptedData>"""
GCM, CBC = "http://www.w3.org/2009/xmlenc11#aes256-gcm", "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
OAEP, RSA15 = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", "http://www.w3.org/2001/04/xmlenc#rsa-1_5"


_METADONNEES = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" {bornes}
  xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{idp}"><md:IDPSSODescriptor
  protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{cles}<md:SingleLogoutService
  Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{slo}"/><md:SingleSignOnService
  Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="{sso}"/>
  </md:IDPSSODescriptor></md:EntityDescriptor>"""
_CLE = """<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>
  </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"""


@dataclass(frozen=True, slots=True)
class Cles:
    """Une paire de clés et ses fichiers."""

    cle: rsa.RSAPrivateKey
    certificat: x509.Certificate
    fichier_cle: Path
    fichier_certificat: Path


def cles(dossier: Path, nom: str) -> Cles:
    """Fabrique une paire, son certificat et leurs fichiers PEM."""
    cle = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    sujet = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, nom)])
    jour = datetime(2026, 1, 1, tzinfo=UTC)
    certificat = (
        x509.CertificateBuilder()
        .subject_name(sujet)
        .issuer_name(sujet)
        .public_key(cle.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(jour)
        .not_valid_after(jour + timedelta(days=7300))
        .sign(cle, hashes.SHA256())
    )
    fichiers = dossier / f"{nom}.key", dossier / f"{nom}.crt"
    fichiers[0].write_bytes(
        cle.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    fichiers[1].write_bytes(certificat.public_bytes(serialization.Encoding.PEM))
    return Cles(cle, certificat, *fichiers)


def oublier_les_fichiers() -> None:
    """``pysaml2`` laisse au ramasse-miettes les fichiers écrits pour ``xmlsec1`` : qu'il passe maintenant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def metadonnees(
    *publiees: Cles,
    bornes: str = "",
    entite: str = IDP,
    sso: str = "https://idp.exemple.invalid/sso",
    slo: str = "https://idp.exemple.invalid/slo",
) -> str:
    """Métadonnées du fournisseur, avec ses certificats."""
    pem = (c.fichier_certificat.read_text().splitlines()[1:-1] for c in publiees)
    publies = "".join(_CLE.format("".join(p)) for p in pem)
    return _METADONNEES.format(bornes=bornes, idp=entite, sso=sso, slo=slo, cles=publies)


def encoder(racine: etree._Element | bytes | str) -> str:
    """Champ ``SAMLResponse`` d'un formulaire."""
    brut = etree.tostring(racine) if isinstance(racine, etree._Element) else racine
    return base64.b64encode(brut.encode() if isinstance(brut, str) else brut).decode()


@dataclass(slots=True)
class Forge:
    """Écrit, signe et chiffre des réponses.

    :param instant: maintenant.
    :param idp: clés du fournisseur.
    :param ent: clés de l'ENT, pour qui l'on chiffre.
    """

    instant: datetime
    idp: Cles
    ent: Cles

    def reponse(
        self,
        *,
        signe_assertion: bool = True,
        signe_reponse: bool = False,
        avant: Callable[[str], str] = str,
        chiffre: tuple[str, str] | None = None,
        cles_de_signature: Cles | None = None,
        methode: SignatureMethod = SignatureMethod.RSA_SHA256,
        condense: DigestAlgorithm = DigestAlgorithm.SHA256,
        valeurs: Mapping[str, str] | None = None,
        **dites: str,
    ) -> etree._Element:
        """Une réponse.

        :param avant: transforme le texte de l'assertion puis celui de la réponse, avant de les signer.
        :param chiffre: algorithmes du contenu et de la clé.
        :param valeurs: ``sujet``, ``demande``, ``acs``, ``ent``, ``idp``, ``emise``, ``debut``, ``fin``…
        :param dites: les mêmes, par leur nom.
        """
        signataire = cles_de_signature or self.idp
        choisies = {
            "identifiant": "_a1", "session": "_s1", "autres": "",
            "sujet": "sujet-opaque", "demande": "_q1", "acs": ACS, "ent": ENT, "idp": IDP, "niveau": NIVEAU,
            "statut": "Success",
            "emise": self.heure(), "prouvee": self.heure(), "debut": self.heure(-60), "fin": self.heure(300),
            "educonnect": "e" * 40, "reference": "{AAF}99|2D|600101",
            "place_assertion": _PLACE if signe_assertion else "",
            "place_reponse": _PLACE if signe_reponse else "", **(valeurs or {}), **dites,
        }  # fmt: skip
        assertion = etree.fromstring(avant(_ASSERTION.format(**choisies)))
        if signe_assertion:
            assertion = self.signer(assertion, signataire, methode, condense)
        if chiffre is not None:
            assertion = self.chiffrer(assertion, *chiffre)
        cadre = _REPONSE.format(**choisies, assertion="<suite/>")
        racine = etree.fromstring(avant(cadre))
        suite = racine.find("suite")
        assert suite is not None
        racine.replace(suite, assertion)
        # Relue depuis son texte : l'élément déplacé garderait des espaces de noms en double.
        racine = etree.fromstring(etree.tostring(racine))
        return self.signer(racine, signataire, methode, condense) if signe_reponse else racine

    def heure(self, secondes: int = 0) -> str:
        """Heure du fournisseur, à tant de secondes de maintenant."""
        return (self.instant + timedelta(seconds=secondes)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def signer(
        self, element: etree._Element, signataire: Cles, methode: SignatureMethod, condense: DigestAlgorithm
    ) -> etree._Element:
        """Signe un élément, à la place que sa norme prévoit."""
        signeur = _Signeur(signature_algorithm=methode, digest_algorithm=condense, c14n_algorithm=_EXCLUSIVE)
        return signeur.sign(
            element, key=signataire.cle, cert=[signataire.certificat],
            reference_uri=f"#{element.get('ID')}", id_attribute="ID",
        )  # fmt: skip

    def chiffrer(self, assertion: etree._Element, contenu: str, cle: str) -> etree._Element:
        """Chiffre une assertion pour l'ENT, par le programme ``xmlsec1``."""
        dossier = self.ent.fichier_cle.parent
        (dossier / "clair.xml").write_bytes(etree.tostring(assertion))
        (dossier / "modele.xml").write_text(_CHIFFRE.format(contenu=contenu, cle=cle))
        ordre = ["xmlsec1", "--encrypt", "--pubkey-cert-pem:ent", str(self.ent.fichier_certificat)]
        ordre += ["--session-key", "aes-256", "--xml-data", "clair.xml", "--node-xpath", "/*"]
        ordre += ["--output", "chiffre.xml", "modele.xml"]
        subprocess.run(ordre, cwd=dossier, check=True, capture_output=True)  # noqa: S603 - nos arguments
        enveloppe = etree.Element("{urn:oasis:names:tc:SAML:2.0:assertion}EncryptedAssertion")
        enveloppe.append(etree.fromstring((dossier / "chiffre.xml").read_bytes()))
        return enveloppe


class _Signeur(XMLSigner):
    """Signe aussi en SHA-1, que la bibliothèque refuse d'ordinaire : il faut bien une mauvaise réponse."""

    def check_deprecated_methods(self) -> None:
        pass
