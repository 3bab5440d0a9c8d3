"""Ce que l'ENT écrit à un service : une réponse signée, une assertion signée, brève, pour lui seul."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.x509 import Certificate
from lxml import etree

from ent_core.federation.fournisseur_saml.emetteur import Emetteur
from ent_core.federation.fournisseur_saml.normes import PORTEUR, STATUT_REUSSI, Contexte, Format, Statut
from ent_core.federation.fournisseur_saml.scellement import chiffrer, signer
from ent_core.federation.saml.enveloppe import ASSERTION, PROTOCOLE
from ent_core.socle.xml import ecrivable

__all__ = ["Affirmation", "Destination", "assertion", "message", "refuser", "repondre", "statut"]

_ESPACES = {"samlp": PROTOCOLE[1:-1], "saml": ASSERTION[1:-1]}
_AVANT, _APRES = timedelta(seconds=60), timedelta(seconds=240)
"""Une assertion vaut cinq minutes en tout : une d'avance, pour les horloges qui retardent."""

_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_NU = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
_OID: Mapping[str, str] = {
    "uid": "0.9.2342.19200300.100.1.1",
    "mail": "0.9.2342.19200300.100.1.3",
    "sn": "2.5.4.4",
    "givenName": "2.5.4.42",
}
"""Attributs d'annuaire que la norme désigne par un numéro ; tout autre, par son nom dans le gabarit."""


@dataclass(frozen=True, slots=True)
class Destination:
    """À qui une réponse s'adresse.

    :param entite: ``entityID`` du service, seul public de l'assertion.
    :param retour: son adresse de réponse.
    :param demande: identifiant de la demande ; vide si l'ENT parle le premier.
    """

    entite: str
    retour: str
    demande: str = ""


@dataclass(frozen=True, slots=True)
class Affirmation:
    """Ce que l'ENT affirme d'une personne.

    :param nom: son nom chez ce service (``NameID``).
    :param forme: format de ce nom.
    :param session: sa session (``SessionIndex``).
    :param prouvee_le: quand elle a prouvé qui elle est.
    """

    nom: str
    forme: Format
    session: str
    prouvee_le: datetime
    contexte: Contexte
    attributs: Mapping[str, Sequence[str]]


def repondre(
    emetteur: Emetteur,
    vers: Destination,
    dite: Affirmation,
    instant: datetime,
    chiffrement: Certificate | None = None,
) -> etree._Element:
    """Une réponse qui affirme, signée deux fois : elle, et son assertion.

    :param vers: service.
    :param dite: ce qui est affirmé.
    :param instant: maintenant.
    :param chiffrement: certificat pour qui chiffrer l'assertion ; absent, elle est en clair.
    """
    signee = signer(assertion(emetteur.entite, vers, dite, instant), emetteur)
    reponse = message("Response", emetteur.entite, vers.retour, instant, vers.demande)
    reponse.append(statut(STATUT_REUSSI))
    reponse.append(signee if chiffrement is None else chiffrer(signee, chiffrement))
    return signer(reponse, emetteur)


def refuser(emetteur: Emetteur, vers: Destination, pourquoi: Statut, instant: datetime) -> etree._Element:
    """Une réponse qui n'affirme rien, et dit pourquoi au service.

    :param vers: service.
    :param pourquoi: second niveau du statut.
    :param instant: maintenant.
    """
    reponse = message("Response", emetteur.entite, vers.retour, instant, vers.demande)
    reponse.append(statut(pourquoi.premier, pourquoi))
    return signer(reponse, emetteur)


def assertion(de: str, vers: Destination, dite: Affirmation, instant: datetime) -> etree._Element:
    """L'assertion, avant d'être signée : c'est elle qu'un aperçu montre.

    :param de: ``entityID`` de l'ENT.
    :param vers: service.
    :param dite: ce qui est affirmé.
    :param instant: maintenant.
    """
    fin = _heure(instant + _APRES)
    racine = etree.Element(
        f"{ASSERTION}Assertion", {"ID": _numero(), "Version": "2.0", "IssueInstant": _heure(instant)},
        nsmap={"saml": ASSERTION[1:-1]},
    )  # fmt: skip
    _ajouter(racine, "Issuer", de)
    sujet = _ajouter(racine, "Subject")
    nom = _ajouter(sujet, "NameID", dite.nom, Format=dite.forme.value)
    if dite.forme is Format.PERSISTANT:
        nom.attrib.update({"NameQualifier": de, "SPNameQualifier": vers.entite})
    confirmation = _ajouter(sujet, "SubjectConfirmation", Method=PORTEUR)
    donnees = _ajouter(confirmation, "SubjectConfirmationData", NotOnOrAfter=fin)
    donnees.set("Recipient", vers.retour)
    if vers.demande:
        donnees.set("InResponseTo", vers.demande)
    conditions = _ajouter(racine, "Conditions", NotBefore=_heure(instant - _AVANT), NotOnOrAfter=fin)
    _ajouter(_ajouter(conditions, "AudienceRestriction"), "Audience", vers.entite)
    preuve = _ajouter(
        racine, "AuthnStatement", AuthnInstant=_heure(dite.prouvee_le), SessionIndex=dite.session
    )
    _ajouter(_ajouter(preuve, "AuthnContext"), "AuthnContextClassRef", dite.contexte.value)
    if dite.attributs:
        declaration = _ajouter(racine, "AttributeStatement")
        for cle, valeurs in dite.attributs.items():
            _attribut(declaration, cle, valeurs)
    return racine


def message(nature: str, de: str, vers: str, instant: datetime, en_reponse: str = "") -> etree._Element:
    """Le cadre de tout message : qui parle, à quelle adresse, quand, en réponse à quoi.

    :param nature: élément racine.
    :param de: ``entityID`` de l'ENT.
    :param vers: adresse du service.
    :param en_reponse: identifiant de la demande ; vide s'il n'y en a pas eu.
    """
    racine = etree.Element(
        f"{PROTOCOLE}{nature}",
        {"ID": _numero(), "Version": "2.0", "IssueInstant": _heure(instant), "Destination": vers},
        nsmap=_ESPACES,
    )
    if en_reponse:
        racine.set("InResponseTo", en_reponse)
    _ajouter(racine, "Issuer", de)
    return racine


def statut(premier: str, second: str = "") -> etree._Element:
    """``samlp:Status``, à un ou deux niveaux.

    :param premier: premier niveau.
    :param second: second niveau, s'il y en a un.
    """
    racine = etree.Element(f"{PROTOCOLE}Status", nsmap=_ESPACES)
    code = etree.SubElement(racine, f"{PROTOCOLE}StatusCode", Value=premier)
    if second:
        etree.SubElement(code, f"{PROTOCOLE}StatusCode", Value=second)
    return racine


def _attribut(declaration: etree._Element, cle: str, valeurs: Sequence[str]) -> None:
    oid = _OID.get(cle)
    attribut = _ajouter(
        declaration, "Attribute", Name=f"urn:oid:{oid}" if oid else cle, FriendlyName=cle,
        NameFormat=_URI if oid else _NU,
    )  # fmt: skip
    for valeur in valeurs:
        _ajouter(attribut, "AttributeValue", valeur)


def _ajouter(dans: etree._Element, nom: str, texte: str = "", **attributs: str) -> etree._Element:
    element = etree.SubElement(dans, f"{ASSERTION}{nom}", attributs)
    if texte:
        element.text = ecrivable(texte)
    return element


def _numero() -> str:
    return f"_{secrets.token_hex(16)}"


def _heure(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"
