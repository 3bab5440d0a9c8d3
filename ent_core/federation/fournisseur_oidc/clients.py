"""Le service se prouve : par son secret, présenté comme il l'a déclaré, ou par rien s'il n'en a pas."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode
from binascii import Error as ErreurBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_plus

from ent_core.contrat.services import OptionsOidc
from ent_core.federation.fournisseur_oidc.refus import RefusOidc
from ent_core.federation.services import ServiceConnu

__all__ = ["AppelDeService", "empreinte_secret", "nomme", "nouveau_secret", "reconnaitre"]


@dataclass(frozen=True, slots=True)
class AppelDeService:
    """Ce qu'un serveur envoie à un point de service.

    :param champs: champs du formulaire ; un champ répété a plusieurs valeurs.
    :param entete: en-tête ``Authorization``.
    """

    champs: Mapping[str, Sequence[str]]
    entete: str = ""

    def champ(self, nom: str) -> str:
        """Valeur d'un champ, vide s'il manque.

        :param nom: nom du champ.
        :raises RefusOidc: le champ est répété.
        """
        valeurs = self.champs.get(nom, ())
        if len(valeurs) > 1:
            raise RefusOidc("invalid_request", f"champ repete : {nom}")
        return valeurs[0] if valeurs else ""


def nouveau_secret() -> tuple[str, str]:
    """Un secret de 256 bits, à montrer une fois, et son empreinte, à garder."""
    secret = secrets.token_urlsafe(32)
    return secret, empreinte_secret(secret)


def empreinte_secret(secret: str) -> str:
    """Empreinte sous laquelle un secret se déclare ; rapide, car il a été tiré au hasard.

    :param secret: secret.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def reconnaitre(appel: AppelDeService, services: Sequence[ServiceConnu]) -> ServiceConnu:
    """Le service qui appelle.

    :param appel: ce qu'il envoie.
    :param services: services connus.
    :raises RefusOidc: inconnu, mauvais secret, ou secret présenté autrement que déclaré.
    """
    moyen, client, secret = _presente(appel)
    connu = next(
        (c for c in services if c.service.cle == client and isinstance(c.service.options, OptionsOidc)), None
    )
    options = connu.service.selon(OptionsOidc) if connu else OptionsOidc()
    attendu = options.presentation if options.secret else "none"
    juste = hmac.compare_digest(empreinte_secret(secret), options.secret or empreinte_secret(""))
    if connu is None or moyen != attendu or not juste:
        raise RefusOidc("invalid_client", "service inconnu, ou secret mal presente", statut=401)
    return connu


def nomme(appel: AppelDeService) -> str:
    """Le nom que l'appelant se donne, vrai ou faux ; vide s'il ne se lit pas.

    :param appel: ce qu'il envoie.
    """
    try:
        return _presente(appel)[1]
    except RefusOidc:
        return ""


def _presente(appel: AppelDeService) -> tuple[str, str, str]:
    """Comment le service se présente, sous quel nom, avec quel secret. Deux manières à la fois : refusé."""
    client, secret = appel.champ("client_id"), appel.champ("client_secret")
    if not appel.entete:
        return ("post" if secret else "none"), client, secret
    sorte, _, valeur = appel.entete.partition(" ")
    if sorte.lower() != "basic" or secret:
        raise RefusOidc("invalid_client", "une seule maniere de se presenter", statut=401)
    try:
        nom, _, recu = b64decode(valeur.strip(), validate=True).decode("ascii").partition(":")
    except (ErreurBase64, ValueError) as erreur:
        raise RefusOidc("invalid_client", "en-tete Authorization illisible", statut=401) from erreur
    # La norme veut que chaque moitié soit encodée comme un formulaire avant d'être assemblée.
    nom, recu = unquote_plus(nom), unquote_plus(recu)
    if client and client != nom:
        raise RefusOidc("invalid_client", "deux identifiants de client", statut=401)
    return "basic", nom, recu
