"""Les deux parties d'un échange SAML : cet ENT, et le fournisseur tel que ses métadonnées le décrivent."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from lxml import etree

from ent_core.federation.saml.enveloppe import DS
from ent_core.socle.erreurs import ConfigurationInvalide
from ent_core.socle.xml import analyseur_sur

__all__ = ["REDIRECTION", "EntiteLocale", "Partenaire", "lire_metadonnees"]

_MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
REDIRECTION = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_TAILLE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class EntiteLocale:
    """Cet ENT, tel que ses partenaires SAML le connaissent.

    :param entite: ``entityID``.
    :param retour: adresse où les réponses sont reçues (ACS).
    :param sortie: adresse où une fin de session est annoncée (SLO).
    :param paires: clé privée et certificat, en fichiers PEM ; la première signe, une autre la relaiera.
    :param qualifie: se nommer par ``NameQualifier`` aussi.
    """

    entite: str
    retour: str
    sortie: str
    paires: tuple[tuple[Path, Path], ...]
    qualifie: bool = False


@dataclass(frozen=True, slots=True)
class Partenaire:
    """Un fournisseur d'identité, d'après ses métadonnées.

    :param entite: ``entityID``, exact.
    :param connexion: adresse où une demande est envoyée, par redirection.
    :param certificats: certificats de signature publiés ; pendant un renouvellement, deux.
    :param sortie: adresse où annoncer une fin de session, par redirection ; vide s'il n'en a pas.
    :param suite_de_sortie: adresse où répondre à la sienne ; la même, le plus souvent.
    :param valide_jusqu_a: fin de validité des métadonnées ; absente, elles n'expirent pas.
    :param metadonnees: le document lui-même.
    """

    entite: str
    connexion: str
    sortie: str
    suite_de_sortie: str
    certificats: tuple[x509.Certificate, ...]
    valide_jusqu_a: datetime | None
    metadonnees: str

    def perime(self, instant: datetime) -> bool:
        """Vrai si ces métadonnées ne valent plus rien.

        :param instant: maintenant.
        """
        return self.valide_jusqu_a is not None and instant >= self.valide_jusqu_a


def lire_metadonnees(fichier: Path, entite: str) -> Partenaire:
    """Lit les métadonnées d'un fournisseur d'identité (SAML 2.0 Metadata, § 2).

    :param fichier: fichier reçu du fournisseur.
    :param entite: ``entityID`` attendu ; celui du fichier doit être le même.
    :raises ConfigurationInvalide: illisible, d'une autre entité, sans certificat ou sans adresse.
    """
    racine = _ouvrir(fichier)
    descripteur = next(
        (e for e in racine.iter(f"{_MD}EntityDescriptor") if e.get("entityID") == entite), None
    )
    if descripteur is None:
        raise _invalide(fichier, "elles ne décrivent pas l'émetteur déclaré")
    role = descripteur.find(f"{_MD}IDPSSODescriptor")
    if role is None:
        raise _invalide(fichier, "cet émetteur n'y est pas un fournisseur d'identité")
    connexion = next(iter(_par_redirection(role, "SingleSignOnService")), None)
    adresse = connexion.get("Location", "") if connexion is not None else ""
    if not _est_web(adresse):
        raise _invalide(fichier, "elles ne donnent pas d'adresse de connexion par redirection")
    sortie = next(iter(_par_redirection(role, "SingleLogoutService")), None)
    sorties = (
        (sortie.get("Location", ""), sortie.get("ResponseLocation", "")) if sortie is not None else ("", "")
    )
    if any(url and not _est_web(url) for url in sorties):
        raise _invalide(fichier, "leur adresse de déconnexion n'en est pas une")
    certificats = tuple(_certificats(fichier, role))
    if not certificats:
        raise _invalide(fichier, "elles ne donnent pas de certificat de signature")
    bornes = [borne for e in (racine, descripteur, role) if (borne := _instant(fichier, e)) is not None]
    return Partenaire(
        entite, adresse, sorties[0], sorties[1] or sorties[0], certificats, min(bornes, default=None),
        etree.tostring(descripteur, encoding=str),
    )  # fmt: skip


def _par_redirection(role: etree._Element, service: str) -> list[etree._Element]:
    return [e for e in role.findall(f"{_MD}{service}") if e.get("Binding") == REDIRECTION]


def _est_web(adresse: str) -> bool:
    morceaux = urlsplit(adresse)
    return morceaux.scheme in ("https", "http") and bool(morceaux.hostname)


def _ouvrir(fichier: Path) -> etree._Element:
    try:
        brut = fichier.read_bytes()
        if len(brut) > _TAILLE:
            raise _invalide(fichier, "elles dépassent 4 Mo")
        racine = etree.fromstring(brut, analyseur_sur())
    except OSError as erreur:
        raise _invalide(fichier, f"le fichier ne s'ouvre pas ({type(erreur).__name__})") from erreur
    except (etree.XMLSyntaxError, ValueError) as erreur:
        raise _invalide(fichier, "ce n'est pas du XML lisible") from erreur
    document: Any = racine.getroottree().docinfo
    if document.doctype:
        raise _invalide(fichier, "une déclaration de type (DOCTYPE) y est refusée")
    return racine


def _certificats(fichier: Path, role: etree._Element) -> list[x509.Certificate]:
    trouves = []
    for cle in role.findall(f"{_MD}KeyDescriptor"):
        if cle.get("use", "signing") != "signing":
            continue
        for noeud in cle.iter(f"{DS}X509Certificate"):
            try:
                der = base64.b64decode("".join((noeud.text or "").split()), validate=True)
                trouves.append(x509.load_der_x509_certificate(der))
            except (binascii.Error, ValueError) as erreur:
                raise _invalide(fichier, "un de leurs certificats est illisible") from erreur
    return trouves


def _instant(fichier: Path, element: etree._Element) -> datetime | None:
    texte = element.get("validUntil")
    if not texte:
        return None
    try:
        lu = datetime.fromisoformat(texte)
    except ValueError as erreur:
        raise _invalide(fichier, "leur date de validité est illisible") from erreur
    return lu if lu.tzinfo else lu.replace(tzinfo=UTC)


def _invalide(fichier: Path, pourquoi: str) -> ConfigurationInvalide:
    return ConfigurationInvalide(
        f"métadonnées SAML refusées : {pourquoi}.",
        remede="redemander le fichier au fournisseur, le déposer à la place indiquée, puis relancer l'ENT.",
        lieu=fichier.name,
    )
