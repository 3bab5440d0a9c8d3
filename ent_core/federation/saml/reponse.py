"""Une réponse SAML, lue et contrôlée : ce qui en sort a été signé, pour cet ENT, à l'instant.

L'ordre compte : la forme (``enveloppe``), le premier lecteur (``pilote``), le second (``signature``), puis
les contrôles que ni l'un ni l'autre ne fait (SAML 2.0 Profiles § 4.1.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.x509 import Certificate
from lxml import etree

from ent_core.federation.saml import enveloppe
from ent_core.federation.saml.enveloppe import ASSERTION, DS, PROTOCOLE, refus
from ent_core.federation.saml.lecture import ECART, exiger_recent, lire_instant, lire_texte
from ent_core.federation.saml.partenaire import EntiteLocale
from ent_core.federation.saml.pilote import Pilote
from ent_core.federation.saml.signature import element_signe

__all__ = ["AssertionLue", "lire_reponse"]

_REUSSITE = "urn:oasis:names:tc:SAML:2.0:status:Success"
_PORTEUR = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_VALEURS, _LONGUEUR = 50, 500


@dataclass(frozen=True, slots=True)
class AssertionLue:
    """Ce qu'une réponse affirme, preuve faite.

    :param identifiant: à ne voir qu'une fois, jusqu'à ``expire_le``.
    :param sujet: texte entier du ``NameID``.
    :param format_sujet: son format ; passager, il ne nomme personne d'une fois sur l'autre.
    :param qualificatifs: chez qui, et pour qui, ce nom vaut (``NameQualifier``, ``SPNameQualifier``).
    :param attributs: nom, OID ou nom usuel → valeurs.
    :param session: sa session chez le fournisseur (``SessionIndex``).
    """

    identifiant: str
    sujet: str
    format_sujet: str
    qualificatifs: tuple[str, str]
    attributs: Mapping[str, Sequence[str]]
    niveau: str
    instant: datetime
    session: str
    expire_le: datetime


def lire_reponse(
    texte: str,
    pilote: Pilote,
    entite: EntiteLocale,
    instant: datetime,
    *,
    demande: str,
    cbc: bool = False,
) -> AssertionLue:
    """Lit une réponse reçue par un formulaire.

    :param texte: champ ``SAMLResponse``.
    :param pilote: échange avec le fournisseur attendu.
    :param entite: cet ENT.
    :param instant: maintenant.
    :param demande: identifiant de la demande de ce navigateur ; vide, la réponse ne doit en citer aucune.
    :param cbc: admettre AES-CBC si la réponse entière est signée.
    :raises EntreeRefusee: elle n'est pas recevable ; ``motif`` dit la règle.
    """
    partenaire = pilote.partenaire
    if partenaire.perime(instant):
        raise refus("metadonnees_perimees")
    racine = enveloppe.decoder(texte, cbc=cbc)
    _statut(racine)
    jugee, sujet_juge = pilote.juger(texte, demande)
    assertion = _assertion_signee(racine, pilote, partenaire.certificats)
    nom = assertion.find(f"{ASSERTION}Subject/{ASSERTION}NameID")
    sujet = lire_texte(nom)
    traits = {} if nom is None else {str(cle): str(valeur) for cle, valeur in nom.attrib.items()}
    if not sujet:
        raise refus("sujet")
    if (assertion.get("ID"), sujet) != (jugee, sujet_juge.strip()):
        raise refus("desaccord")
    _reponse(racine, partenaire.entite, entite, instant, demande)
    if (
        assertion.get("Version") != "2.0"
        or lire_texte(assertion.find(f"{ASSERTION}Issuer")) != partenaire.entite
    ):
        raise refus("emetteur")
    exiger_recent(assertion, instant)
    expire_le = _confirmation(assertion, entite, instant, demande)
    _conditions(assertion, entite, instant)
    niveau, quand, session = _preuve(assertion, instant)
    return AssertionLue(
        identifiant=jugee,
        sujet=sujet,
        format_sujet=traits.get("Format", ""),
        qualificatifs=(traits.get("NameQualifier", ""), traits.get("SPNameQualifier", "")),
        attributs=_attributs(assertion),
        niveau=niveau,
        instant=quand,
        session=session,
        expire_le=expire_le + ECART,
    )


def _assertion_signee(
    racine: etree._Element, pilote: Pilote, certificats: Sequence[Certificate]
) -> etree._Element:
    """L'assertion, ré-analysée depuis des octets que le fournisseur a signés."""
    signee = element_signe(racine, certificats)
    if signee is None and racine.find(f"{DS}Signature") is not None:
        raise refus("signature")
    source = racine if signee is None else signee
    assertion = enveloppe.seule_assertion(source)
    if assertion.tag != f"{ASSERTION}Assertion":
        if signee is None:
            enveloppe.examiner(source)  # AES-CBC se laisse sonder : jamais sans signature par-dessus
        clair = pilote.dechiffrer(etree.tostring(source, encoding=str))
        source = enveloppe.lire(clair.encode())
        assertion = _en_clair(source, signee=signee is not None)
    if assertion.find(f"{DS}Signature") is None:
        if signee is None:
            raise refus("sans_signature")
        return assertion
    propre = element_signe(assertion, certificats)
    if propre is None:
        raise refus("signature")
    return propre


def _en_clair(source: etree._Element, *, signee: bool) -> etree._Element:
    """Sort l'assertion déchiffrée de son enveloppe, et fait examiner le document ainsi obtenu."""
    chiffree = source.find(f"{ASSERTION}EncryptedAssertion")
    claire = None if chiffree is None else chiffree.find(f"{ASSERTION}Assertion")
    if chiffree is None or claire is None:
        raise refus("dechiffrement")
    source.replace(chiffree, claire)
    if signee:  # vérifiée plus haut, sur la forme chiffrée : elle ne vaut plus pour celle-ci
        ancienne = source.find(f"{DS}Signature")
        if ancienne is not None:
            source.remove(ancienne)
    enveloppe.examiner(source, cbc=True)
    return claire


def _statut(racine: etree._Element) -> None:
    code = racine.find(f"{PROTOCOLE}Status/{PROTOCOLE}StatusCode")
    if code is None or code.get("Value") != _REUSSITE:
        raise refus("refuse_par_le_fournisseur")


def _reponse(
    racine: etree._Element, emetteur: str, entite: EntiteLocale, instant: datetime, demande: str
) -> None:
    if racine.get("Version") != "2.0" or racine.get("Destination") != entite.retour:
        raise refus("destination")
    dit = racine.find(f"{ASSERTION}Issuer")
    if dit is not None and lire_texte(dit) != emetteur:
        raise refus("emetteur")
    if racine.get("InResponseTo", "") != demande:
        raise refus("demande")
    exiger_recent(racine, instant)


def _confirmation(
    assertion: etree._Element, entite: EntiteLocale, instant: datetime, demande: str
) -> datetime:
    """L'unique confirmation au porteur ; rend son terme."""
    sujet = f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation"
    porteuses = [c for c in assertion.findall(sujet) if c.get("Method") == _PORTEUR]
    donnees = porteuses[0].find(f"{ASSERTION}SubjectConfirmationData") if len(porteuses) == 1 else None
    if donnees is None:
        raise refus("confirmation")
    if donnees.get("Recipient") != entite.retour:
        raise refus("destinataire")
    if donnees.get("InResponseTo", "") != demande:
        raise refus("demande")
    terme = lire_instant(donnees.get("NotOnOrAfter"))
    if instant >= terme + ECART:
        raise refus("expiree")
    if donnees.get("NotBefore") and instant < lire_instant(donnees.get("NotBefore")) - ECART:
        raise refus("heure")
    return terme


def _conditions(assertion: etree._Element, entite: EntiteLocale, instant: datetime) -> None:
    conditions = assertion.find(f"{ASSERTION}Conditions")
    if conditions is None:
        raise refus("conditions")
    debut, fin = (lire_instant(conditions.get(borne)) for borne in ("NotBefore", "NotOnOrAfter"))
    if instant < debut - ECART:
        raise refus("heure")
    if instant >= fin + ECART:
        raise refus("expiree")
    restrictions = conditions.findall(f"{ASSERTION}AudienceRestriction")
    publics = [[lire_texte(a) for a in r.findall(f"{ASSERTION}Audience")] for r in restrictions]
    if not publics or any(entite.entite not in public for public in publics):
        raise refus("audience")


def _preuve(assertion: etree._Element, instant: datetime) -> tuple[str, datetime, str]:
    """Niveau, heure et session de l'authentification."""
    preuves = assertion.findall(f"{ASSERTION}AuthnStatement")
    if len(preuves) != 1:
        raise refus("preuve")
    niveau = lire_texte(preuves[0].find(f"{ASSERTION}AuthnContext/{ASSERTION}AuthnContextClassRef"))
    if not niveau:
        raise refus("niveau")
    fin = preuves[0].get("SessionNotOnOrAfter")
    if fin and instant >= lire_instant(fin) + ECART:
        raise refus("expiree")
    return niveau, lire_instant(preuves[0].get("AuthnInstant")), preuves[0].get("SessionIndex", "")


def _attributs(assertion: etree._Element) -> dict[str, list[str]]:
    """Attributs, sous leur nom et sous leur nom usuel."""
    lus: dict[str, list[str]] = {}
    for declaration in assertion.findall(f"{ASSERTION}AttributeStatement"):
        attributs = declaration.findall(f"{ASSERTION}Attribute")
        if not attributs:
            raise refus("attributs")
        for attribut in attributs:
            valeurs = [lire_texte(v) for v in attribut.findall(f"{ASSERTION}AttributeValue")[:_VALEURS]]
            for nom in {attribut.get("Name", ""), attribut.get("FriendlyName", "")} - {""}:
                lus.setdefault(nom, []).extend(v for v in valeurs if v and len(v) <= _LONGUEUR)
    return lus
