"""L'ENT, tel que les services SAML le connaissent : son nom, ses adresses, sa clé, ses certificats."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ent_core.socle.configuration import Configuration
from ent_core.socle.erreurs import ConfigurationInvalide

__all__ = ["CHEMIN", "Emetteur", "emetteur_de"]

CHEMIN = "/saml"
"""Début de ses adresses, sous l'adresse publique de l'ENT."""


@dataclass(frozen=True, slots=True)
class Emetteur:
    """Le fournisseur d'identité.

    :param entite: ``entityID`` ; c'est aussi l'adresse de ses métadonnées.
    :param connexion: où un service envoie une demande.
    :param sortie: où un service annonce une sortie.
    :param cle: clé privée en service.
    :param certificats: le sien d'abord ; puis, pendant un renouvellement, le suivant.
    """

    entite: str
    connexion: str
    sortie: str
    cle: rsa.RSAPrivateKey
    certificats: tuple[x509.Certificate, ...]


def emetteur_de(configuration: Configuration) -> Emetteur:
    """Le fournisseur d'une instance. Ses fichiers sont relus : changer de clé, c'est les remplacer.

    Rien n'y dépend de l'adresse d'une requête : un service garde ce nom des années.

    :param configuration: ``[federation.saml]``, et l'adresse publique de l'ENT.
    :raises ConfigurationInvalide: il n'est pas configuré, ou ses fichiers ne se lisent pas.
    """
    reglages, racine = configuration.federation.saml, configuration.courriel.adresse_ent.rstrip("/")
    if reglages is None or not racine:
        raise ConfigurationInvalide(
            "l'ENT n'est pas prêt à répondre à un service SAML.",
            remede="donner [courriel] adresse_ent, puis [federation.saml] cle_fichier et certificat_fichier.",
        )
    publies = [reglages.certificat_fichier, reglages.certificat_suivant]
    return Emetteur(
        entite=f"{racine}{CHEMIN}/metadonnees",
        connexion=f"{racine}{CHEMIN}/connexion",
        sortie=f"{racine}{CHEMIN}/sortie",
        cle=_cle(_lire(reglages.cle_fichier)),
        certificats=tuple(_certificat(_lire(fichier)) for fichier in publies if fichier),
    )


def _lire(fichier: str) -> bytes:
    try:
        return Path(fichier).read_bytes()
    except OSError as erreur:
        raise _illisible(f"il ne s'ouvre pas ({type(erreur).__name__})", Path(fichier).name) from erreur


@lru_cache(maxsize=4)
def _cle(pem: bytes) -> rsa.RSAPrivateKey:
    try:
        lue = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as erreur:
        raise _illisible("ce n'est pas une clé privée au format PEM, sans mot de passe") from erreur
    if not isinstance(lue, rsa.RSAPrivateKey) or lue.key_size < 2048:
        raise _illisible("la clé est RSA, de 2048 bits au moins")
    return lue


@lru_cache(maxsize=8)
def _certificat(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as erreur:
        raise _illisible("ce n'est pas un certificat au format PEM") from erreur


def _illisible(pourquoi: str, lieu: str = "") -> ConfigurationInvalide:
    return ConfigurationInvalide(
        f"un fichier de [federation.saml] ne se lit pas : {pourquoi}.",
        remede="vérifier le chemin, les droits et le contenu de ce fichier.",
        lieu=lieu,
    )
