"""La fin d'une session, annoncée en SAML : un message signé, récent, et qui nomme qui il vise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from ent_core.federation.saml import enveloppe
from ent_core.federation.saml.chez_lui import SessionSaml
from ent_core.federation.saml.enveloppe import ASSERTION, PROTOCOLE, refus
from ent_core.federation.saml.lecture import AGE_MAXIMAL, ECART, exiger_recent, lire_instant, lire_texte
from ent_core.federation.saml.liaison import deplier, signature_juste
from ent_core.federation.saml.partenaire import EntiteLocale
from ent_core.federation.saml.pilote import Pilote
from ent_core.federation.saml.signature import element_signe

__all__ = ["MessageRecu", "SortieDemandee", "lire_sortie", "sortie_confirmee"]

_REUSSITE = "urn:oasis:names:tc:SAML:2.0:status:Success"
_SESSIONS_MAXIMALES = 20


@dataclass(frozen=True, slots=True)
class MessageRecu:
    """Un message de sortie, tel que le navigateur l'apporte.

    :param texte: champ ``SAMLRequest`` ou ``SAMLResponse``.
    :param brute: partie de l'adresse qui suit « ? », non décodée ; vide s'il est venu par un formulaire.
    """

    texte: str
    brute: str = ""


@dataclass(frozen=True, slots=True)
class SortieDemandee:
    """Ce qu'un fournisseur dit fini, preuve faite.

    :param identifiant: à ne voir qu'une fois, jusqu'à ``expire_le``.
    :param nom: ``NameID`` de la personne.
    :param sessions: ``SessionIndex`` visés.
    """

    identifiant: str
    nom: str
    sessions: tuple[str, ...]
    expire_le: datetime

    def vise(self, gardee: str) -> bool:
        """Vrai si la personne nommée est bien celle d'une session.

        :param gardee: ce que la session de l'ENT garde du fournisseur.
        """
        chez_lui = SessionSaml.relire(gardee)
        return chez_lui is not None and chez_lui.nom == self.nom


def lire_sortie(
    message: MessageRecu, pilote: Pilote, entite: EntiteLocale, instant: datetime
) -> SortieDemandee:
    """Lit une annonce de sortie (``LogoutRequest``).

    :param message: message reçu.
    :param pilote: échange avec le fournisseur.
    :param entite: cet ENT.
    :param instant: maintenant.
    :raises EntreeRefusee: elle n'est pas recevable ; ``motif`` dit la règle.
    """
    racine = _ouvrir(message, "SAMLRequest", "LogoutRequest", pilote, entite, instant)
    terme = racine.get("NotOnOrAfter")
    if terme and instant >= lire_instant(terme) + ECART:
        raise refus("expiree")
    sessions = tuple(lire_texte(e) for e in racine.findall(f"{PROTOCOLE}SessionIndex"))
    # Sans session nommée, il faudrait fermer tout ce qui porte ce nom : il change à chaque connexion.
    if not 0 < len(sessions) <= _SESSIONS_MAXIMALES or not all(sessions):
        raise refus("session")
    identifiant = racine.get("ID", "")
    expire_le = lire_instant(racine.get("IssueInstant")) + AGE_MAXIMAL + 2 * ECART
    return SortieDemandee(identifiant, _nom(racine, pilote), sessions, expire_le)


def sortie_confirmee(message: MessageRecu, pilote: Pilote, entite: EntiteLocale, instant: datetime) -> bool:
    """Vrai si le fournisseur confirme, par une réponse signée, que la session est finie chez lui.

    :param message: réponse reçue (``LogoutResponse``).
    :raises EntreeRefusee: elle n'est pas recevable.
    """
    racine = _ouvrir(message, "SAMLResponse", "LogoutResponse", pilote, entite, instant)
    code = racine.find(f"{PROTOCOLE}Status/{PROTOCOLE}StatusCode")
    return code is not None and code.get("Value") == _REUSSITE


def _ouvrir(
    message: MessageRecu, champ: str, nom: str, pilote: Pilote, entite: EntiteLocale, instant: datetime
) -> etree._Element:
    """Le message, une fois sûr de son auteur, de son destinataire et de son âge."""
    partenaire = pilote.partenaire
    if partenaire.perime(instant):
        raise refus("metadonnees_perimees")
    racine = enveloppe.lire(deplier(message.texte) if message.brute else enveloppe.debase64(message.texte))
    enveloppe.examiner_message(racine, nom)
    if message.brute:
        if not signature_juste(message.brute, champ, partenaire.certificats):
            raise refus("signature")
    else:
        signe = element_signe(racine, partenaire.certificats)
        if signe is None:
            raise refus("signature")
        racine = signe
    if racine.get("Version") != "2.0" or racine.get("Destination") != entite.sortie:
        raise refus("destination")
    if lire_texte(racine.find(f"{ASSERTION}Issuer")) != partenaire.entite or not racine.get("ID"):
        raise refus("emetteur")
    exiger_recent(racine, instant)
    return racine


def _nom(racine: etree._Element, pilote: Pilote) -> str:
    chiffre = racine.find(f"{ASSERTION}EncryptedID")
    if chiffre is not None:
        racine = enveloppe.lire(pilote.dechiffrer(etree.tostring(racine, encoding=str)).encode())
        chiffre = racine.find(f"{ASSERTION}EncryptedID")
    nom = lire_texte((racine if chiffre is None else chiffre).find(f"{ASSERTION}NameID"))
    if not nom:
        raise refus("sujet")
    return nom
