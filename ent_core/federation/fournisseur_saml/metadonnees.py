"""Les métadonnées de l'ENT : ce qu'un service lit pour lui faire confiance. Signées, et d'une semaine."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from lxml import etree

from ent_core.federation.fournisseur_saml.emetteur import Emetteur
from ent_core.federation.fournisseur_saml.normes import MD, Format, Liaison
from ent_core.federation.fournisseur_saml.scellement import signer
from ent_core.federation.saml.enveloppe import DS, PROTOCOLE

__all__ = ["VALIDITE", "metadonnees"]

VALIDITE = timedelta(days=7)
_PAR_LE_NAVIGATEUR = (Liaison.REDIRECTION, Liaison.FORMULAIRE)


def metadonnees(emetteur: Emetteur, instant: datetime, *, demandes_signees: bool) -> bytes:
    """Description de l'ENT, à remettre aux services : une adresse stable, un document frais.

    :param emetteur: l'ENT ; tous ses certificats y paraissent, pour qu'un renouvellement ne coupe personne.
    :param instant: maintenant.
    :param demandes_signees: aucun service n'est dispensé de signer ses demandes.
    """
    racine = etree.Element(
        f"{MD}EntityDescriptor",
        {
            "ID": f"_{instant:%Y%m%d%H%M%S}",
            "entityID": emetteur.entite,
            "validUntil": f"{instant + VALIDITE:%Y-%m-%dT%H:%M:%SZ}",
            "cacheDuration": "PT6H",
        },
        nsmap={"md": MD[1:-1], "ds": DS[1:-1]},
    )
    role = etree.SubElement(
        racine, f"{MD}IDPSSODescriptor", protocolSupportEnumeration=PROTOCOLE[1:-1],
        WantAuthnRequestsSigned="true" if demandes_signees else "false",
    )  # fmt: skip
    for certificat in emetteur.certificats:
        cle = etree.SubElement(role, f"{MD}KeyDescriptor", use="signing")
        donnees = etree.SubElement(etree.SubElement(cle, f"{DS}KeyInfo"), f"{DS}X509Data")
        der = certificat.public_bytes(serialization.Encoding.DER)
        etree.SubElement(donnees, f"{DS}X509Certificate").text = base64.b64encode(der).decode()
    _points(role, "SingleLogoutService", emetteur.sortie)
    for forme in (Format.PASSAGER, Format.PERSISTANT):
        etree.SubElement(role, f"{MD}NameIDFormat").text = forme.value
    _points(role, "SingleSignOnService", emetteur.connexion)
    return etree.tostring(signer(racine, emetteur), xml_declaration=True, encoding="UTF-8")


def _points(role: etree._Element, nom: str, adresse: str) -> None:
    for liaison in _PAR_LE_NAVIGATEUR:
        etree.SubElement(role, f"{MD}{nom}", Binding=liaison.value, Location=adresse)
