"""La demande d'un service (``AuthnRequest``) : sa forme, sa signature, ce qu'elle veut.

Le garde est celui des entrées (``saml.enveloppe``) : petite, sans double lecture possible. Puis la signature,
si le service doit en donner une ; et l'adresse de réponse, qui est une de celles qu'il a déclarées, ou rien.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from ent_core.contrat.services import OptionsSaml
from ent_core.federation.evenement import EntreeRefusee
from ent_core.federation.fournisseur_saml.normes import Format
from ent_core.federation.fournisseur_saml.partenaire import PartenaireService, lire_partenaire
from ent_core.federation.saml.enveloppe import ASSERTION, DS, PROTOCOLE, TAILLE, examiner_message, lire, refus
from ent_core.federation.saml.liaison import deplier, signature_juste
from ent_core.federation.saml.signature import element_signe
from ent_core.federation.services import ServiceConnu

__all__ = ["Demande", "Recu", "accepter", "entite_de", "fraiche", "lire_instant", "ouvrir", "signee", "texte"]

_RELAIS = 512
"""Octets d'un ``RelayState`` : la norme en veut 80 au plus, et bien des services y mettent une adresse."""
_AGE, _ECART = timedelta(minutes=10), timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Recu:
    """Un message reçu d'un service, de forme sûre ; rien n'y est encore prouvé.

    :param racine: document.
    :param adresse: partie signée de l'adresse, telle qu'écrite ; vide si le message vint par un formulaire.
    :param relais: ``RelayState``.
    """

    racine: etree._Element
    adresse: str
    relais: str


@dataclass(frozen=True, slots=True)
class Demande:
    """Ce qu'un service demande, une fois sa demande admise.

    :param services: clés des déclarations de ce service qui l'admettent.
    :param entite: ``entityID`` du service.
    :param numero: identifiant à citer en réponse ; vide si l'ENT parle le premier.
    :param retour: où répondre.
    :param relais: à rendre tel quel.
    :param prouver: la personne prouve de nouveau qui elle est (``ForceAuthn``).
    :param passive: aucune page ne lui est montrée (``IsPassive``).
    :param forme: format de nom voulu ; vide, celui de la déclaration.
    :param ailleurs: le nom est voulu pour une autre entité (``SPNameQualifier``).
    :param preuves: niveaux de preuve admis ; vide, tous.
    :param comparaison: comment les comparer.
    """

    services: tuple[str, ...]
    entite: str
    retour: str
    numero: str = ""
    relais: str = ""
    prouver: bool = False
    passive: bool = False
    forme: str = ""
    ailleurs: bool = False
    preuves: tuple[str, ...] = ()
    comparaison: str = "exact"


def ouvrir(champ: str, relais: str, *noms: str, adresse: str = "") -> Recu:
    """Décode un message et n'en admet que la forme sûre.

    :param champ: ``SAMLRequest`` ou ``SAMLResponse``.
    :param relais: ``RelayState``.
    :param noms: éléments admis à la racine.
    :param adresse: l'adresse même, s'il vint par une redirection ; vide, par un formulaire.
    :raises EntreeRefusee: trop gros, mal encodé, ambigu, ou sous un algorithme refusé.
    """
    if len(relais.encode("utf-8", "surrogatepass")) > _RELAIS:
        raise refus("relais")
    racine = lire(deplier(champ) if adresse else _decoder(champ))
    examiner_message(racine, *noms)
    if racine.get("Version") != "2.0" or not racine.get("ID"):
        raise refus("version")
    return Recu(racine, adresse, relais)


def entite_de(recu: Recu) -> str:
    """``entityID`` que le message annonce : de quoi chercher le service, non une preuve.

    :param recu: message.
    """
    dit = recu.racine.find(f"{ASSERTION}Issuer")
    return texte(dit) if dit is not None else ""


def signee(recu: Recu, nom: str, partenaire: PartenaireService) -> etree._Element | None:
    """Le message, tel que le service l'a signé ; ``None`` s'il n'est pas signé.

    :param recu: message.
    :param nom: ``SAMLRequest`` ou ``SAMLResponse``.
    :param partenaire: service, dont seuls les certificats publiés comptent.
    :raises EntreeRefusee: il porte une signature, et elle est fausse.
    """
    if recu.adresse:
        if "Signature=" not in recu.adresse and "SigAlg=" not in recu.adresse:
            return None
        if not signature_juste(recu.adresse, nom, partenaire.certificats):
            raise refus("signature")
        return recu.racine
    if recu.racine.find(f"{DS}Signature") is None:
        return None
    propre = element_signe(recu.racine, partenaire.certificats)
    if propre is None:
        raise refus("signature")
    return propre


def fraiche(racine: etree._Element, ici: str, instant: datetime, *, signe: bool) -> None:
    """Le message est pour cette adresse, et il est de maintenant.

    :param racine: message.
    :param ici: adresse où il est reçu.
    :param instant: maintenant.
    :param signe: signé, il doit nommer son adresse : sans cela, il vaudrait ailleurs.
    :raises EntreeRefusee: il ne l'est pas.
    """
    vers = racine.get("Destination", "")
    if vers != ici and (vers or signe):
        raise refus("destination")
    if not instant - _AGE - _ECART <= lire_instant(racine.get("IssueInstant")) <= instant + _ECART:
        raise refus("heure")


def accepter(recu: Recu, services: Sequence[ServiceConnu], ici: str, instant: datetime) -> Demande:
    """Admet une demande, pour les déclarations de ce service qui l'admettent.

    :param recu: demande, de forme sûre.
    :param services: services SAML connus.
    :param ici: adresse où elle est reçue.
    :param instant: maintenant.
    :raises EntreeRefusee: aucune ne l'admet ; le motif est celui de la première.
    """
    entite = entite_de(recu)
    siens = [
        (connu.service.cle, options)
        for connu in services
        if isinstance(options := connu.service.options, OptionsSaml)
        and lire_partenaire(options.metadonnees).entite == entite
    ]
    if not siens:
        raise refus("emetteur")
    admises: dict[str, tuple[etree._Element, list[str]]] = {}
    premier: EntreeRefusee | None = None
    for cle, options in siens:
        try:
            retour, racine = _admettre(recu, options, ici, instant)
            admises.setdefault(retour, (racine, []))[1].append(cle)
        except EntreeRefusee as refuse:
            premier = premier or refuse
    if not admises:
        raise premier or refus("emetteur")
    retour, (racine, cles) = next(iter(admises.items()))
    return _lire(racine, tuple(cles), entite, retour, recu.relais)


def _admettre(recu: Recu, options: OptionsSaml, ici: str, instant: datetime) -> tuple[str, etree._Element]:
    """Contrôle la demande au regard d'une déclaration ; rend l'adresse où répondre, et ce qu'il faut lire."""
    partenaire = lire_partenaire(options.metadonnees)
    if partenaire.perime(instant):
        raise refus("metadonnees_perimees")
    prouvee = signee(recu, "SAMLRequest", partenaire)
    if prouvee is None and (options.demande_signee or partenaire.signe):
        raise refus("sans_signature")
    racine = recu.racine if prouvee is None else prouvee
    fraiche(racine, ici, instant, signe=prouvee is not None)
    adresse, indice = (racine.get(f"AssertionConsumerService{nom}", "") for nom in ("URL", "Index"))
    retour = partenaire.retour(adresse, indice)
    if retour is None:
        raise refus("retour")
    return retour, racine


def _lire(racine: etree._Element, cles: tuple[str, ...], entite: str, retour: str, relais: str) -> Demande:
    nom = racine.find(f"{PROTOCOLE}NameIDPolicy")
    politique: dict[str, str] = {} if nom is None else {str(n): str(v) for n, v in nom.attrib.items()}
    voulu = racine.find(f"{PROTOCOLE}RequestedAuthnContext")
    preuves = () if voulu is None else tuple(
        texte(e) for e in voulu.findall(f"{ASSERTION}AuthnContextClassRef")
    )  # fmt: skip
    forme = politique.get("Format", "")
    return Demande(
        services=cles,
        entite=entite,
        retour=retour,
        numero=racine.get("ID", ""),
        relais=relais,
        prouver=racine.get("ForceAuthn") in ("true", "1"),
        passive=racine.get("IsPassive") in ("true", "1"),
        forme="" if forme == Format.LIBRE else forme,
        ailleurs=politique.get("SPNameQualifier") not in (None, "", entite),
        preuves=preuves,
        comparaison="exact" if voulu is None else voulu.get("Comparison", "exact"),
    )


def texte(element: etree._Element) -> str:
    """Texte entier d'un élément : un commentaire glissé au milieu ne le coupe pas.

    :param element: élément.
    """
    return str(element.xpath("string()")).strip()


def lire_instant(texte: str | None) -> datetime:
    """Instant d'un message.

    :param texte: date et heure, en UTC.
    :raises EntreeRefusee: absent ou illisible.
    """
    try:
        lu = datetime.fromisoformat(texte or "")
    except ValueError as erreur:
        raise refus("heure") from erreur
    return lu if lu.tzinfo else lu.replace(tzinfo=UTC)


def _decoder(champ: str) -> bytes:
    if len(champ) > TAILLE:
        raise refus("taille")
    try:
        return base64.b64decode("".join(champ.split()), validate=True)
    except (binascii.Error, ValueError) as erreur:
        raise refus("encodage") from erreur
