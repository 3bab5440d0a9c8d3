"""Un service SAML d'essai : il a ses clés, demande, annonce une sortie, lit les réponses."""

from __future__ import annotations

import base64
import re
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from werkzeug.test import TestResponse

from ent_core.federation.fournisseur_saml.emetteur import Emetteur
from ent_core.federation.fournisseur_saml.scellement import signer
from ent_core.federation.saml.enveloppe import ASSERTION, PROTOCOLE, examiner
from ent_core.federation.saml.signature import element_signe
from tests.federation.saml.saml_essai import Cles

ENT = "https://ent.exemple.invalid"
SSO, SLO = f"{ENT}/saml/connexion", f"{ENT}/saml/sortie"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_DOCUMENT = """<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" {bornes}
  xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entite}"><md:SPSSODescriptor
  protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{cles}
  <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
  Location="{racine}/sortie" ResponseLocation="{racine}/sorti"/>{soap}
  <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" index="0"
  Location="{racine}/autre"/>
  <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" index="1"
  isDefault="true" Location="{racine}/acs"/></md:SPSSODescriptor>
  <md:ContactPerson contactType="technical"><md:GivenName>Personne nommée</md:GivenName></md:ContactPerson>
  </md:EntityDescriptor>"""
_CLE = """<md:KeyDescriptor{usage}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{pem}</ds:X509Certificate>
  </ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"""
_SOAP = """<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:SOAP" Location="{}"/>"""


@dataclass(frozen=True, slots=True)
class ServiceEssai:
    """Un service.

    :param nom: d'où viennent son ``entityID`` et ses adresses.
    :param cles: sa paire.
    :param soap: adresse où il reçoit un avis de sortie ; vide, il n'en a pas.
    """

    nom: str
    cles: Cles
    soap: str = ""

    @property
    def racine(self) -> str:
        return f"https://{self.nom}.exemple.invalid"

    @property
    def entite(self) -> str:
        return f"{self.racine}/saml"

    @property
    def acs(self) -> str:
        return f"{self.racine}/acs"

    def metadonnees(self, *, bornes: str = "", usage: str = "", avec_cle: bool = True) -> str:
        pem = "".join(self.cles.fichier_certificat.read_text().splitlines()[1:-1])
        return _DOCUMENT.format(
            bornes=bornes, entite=self.entite, racine=self.racine,
            cles=_CLE.format(usage=usage, pem=pem) if avec_cle else "",
            soap=_SOAP.format(self.soap) if self.soap else "",
        )  # fmt: skip

    def demande(self, instant: datetime, contenu: str = "", **attributs: str) -> etree._Element:
        """``AuthnRequest``."""
        return self._message("AuthnRequest", instant, contenu, {"Destination": SSO, **attributs})

    def annonce(self, instant: datetime, nom: str, index: str, **attributs: str) -> etree._Element:
        """``LogoutRequest``."""
        contenu = f"<saml:NameID>{nom}</saml:NameID><samlp:SessionIndex>{index}</samlp:SessionIndex>"
        return self._message("LogoutRequest", instant, contenu, {"Destination": SLO, **attributs})

    def _message(
        self, nature: str, instant: datetime, contenu: str, attributs: dict[str, str]
    ) -> etree._Element:
        dits = {"ID": "_q1", "Version": "2.0", "IssueInstant": heure(instant), **attributs}
        ecrits = " ".join(f'{n}="{v}"' for n, v in dits.items() if v)
        return etree.fromstring(
            f'<samlp:{nature} xmlns:samlp="{PROTOCOLE[1:-1]}" xmlns:saml="{ASSERTION[1:-1]}" {ecrits}>'
            f"<saml:Issuer>{self.entite}</saml:Issuer>{contenu}</samlp:{nature}>"
        )

    def par_adresse(
        self, message: etree._Element, relais: str = "", *, signe: bool = True, cles: Cles | None = None,
        algorithme: str = RSA_SHA256,
    ) -> str:  # fmt: skip
        """Partie de l'adresse qui suit « ? »."""
        serre = zlib.compress(etree.tostring(message), 9)[2:-4]
        champs = {"SAMLRequest": base64.b64encode(serre).decode()}
        champs |= {"RelayState": relais} if relais else {}
        if not signe:
            return urlencode(champs)
        requete = urlencode({**champs, "SigAlg": algorithme})
        signature = (cles or self.cles).cle.sign(requete.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{requete}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"

    def par_formulaire(
        self, message: etree._Element, relais: str = "", *, signe: bool = True
    ) -> dict[str, str]:
        """Champs du formulaire."""
        emetteur = Emetteur(self.entite, "", "", self.cles.cle, (self.cles.certificat,))
        pret = signer(message, emetteur) if signe else message
        champs = {"SAMLRequest": base64.b64encode(etree.tostring(pret)).decode()}
        return champs | ({"RelayState": relais} if relais else {})


def heure(instant: datetime, secondes: int = 0) -> str:
    return f"{instant + timedelta(seconds=secondes):%Y-%m-%dT%H:%M:%SZ}"


def cles_de_l_ent(paire: Cles, suivante: Cles | None = None) -> dict[str, Any]:
    """Section ``[federation.saml]``."""
    return {
        "cle_fichier": str(paire.fichier_cle), "certificat_fichier": str(paire.fichier_certificat),
        "certificat_suivant": str(suivante.fichier_certificat) if suivante else "",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Formulaire:
    """Ce que la page de passage poste au service."""

    action: str
    reponse: etree._Element
    relais: str

    @property
    def assertion(self) -> etree._Element:
        trouvee = self.reponse.find(f"{ASSERTION}Assertion")
        assert trouvee is not None
        return trouvee

    @property
    def attributs(self) -> dict[str, list[str]]:
        return {
            a.get("Name", ""): [v.text or "" for v in a]
            for a in self.assertion.iterfind(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute")
        }

    @property
    def nom(self) -> str:
        return self.assertion.findtext(f"{ASSERTION}Subject/{ASSERTION}NameID") or ""

    @property
    def session(self) -> str:
        preuve = self.assertion.find(f"{ASSERTION}AuthnStatement")
        assert preuve is not None
        return preuve.get("SessionIndex", "")

    @property
    def contexte(self) -> str:
        return self.assertion.findtext(f".//{ASSERTION}AuthnContextClassRef") or ""

    @property
    def statuts(self) -> list[str]:
        codes = self.reponse.iterfind(f"{PROTOCOLE}Status//{PROTOCOLE}StatusCode")
        return [code.get("Value", "").rpartition(":")[2] for code in codes]


def champs_du_formulaire(reponse: TestResponse) -> tuple[str, dict[str, str]]:
    """Où la page de passage poste, et quoi."""
    assert reponse.status_code == 200, (reponse.status_code, reponse.location)
    action = re.search(r'action="([^"]+)" data-passage', reponse.text)
    assert action is not None, reponse.text
    champs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', reponse.text)
    return unescape(action[1]), {nom: unescape(valeur) for nom, valeur in champs}


def formulaire(reponse: TestResponse, certificat: x509.Certificate) -> Formulaire:
    """Lit la page de passage ; la réponse qu'elle porte, et son assertion, sont signées par l'ENT."""
    action, champs = champs_du_formulaire(reponse)
    racine = etree.fromstring(base64.b64decode(champs["SAMLResponse"]))
    assert element_signe(racine, [certificat]) is not None
    assertion = racine.find(f"{ASSERTION}Assertion")
    if assertion is not None:
        examiner(racine)
        assert element_signe(assertion, [certificat]) is not None
    return Formulaire(action, racine, champs.get("RelayState", ""))
