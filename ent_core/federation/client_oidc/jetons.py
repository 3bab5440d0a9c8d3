"""Les jetons signés d'un fournisseur : la signature d'abord, puis chaque affirmation, toutes obligatoires."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.client_oidc.cles import Cles
from ent_core.federation.client_oidc.refus import refuser
from ent_core.socle.calendrier import Horloge

__all__ = ["controler_identite", "controler_sortie", "ouvrir"]

TOLERANCE = timedelta(seconds=30)
"""Écart admis entre deux horloges."""

_AGE_MAXIMAL = timedelta(minutes=10)
_AGE_SORTIE = timedelta(minutes=5)
_TAILLE = 32 * 1024
_SUJET_MAXIMAL = 255
_EMPREINTES = {
    "RS256": hashlib.sha256,
    "PS256": hashlib.sha256,
    "ES256": hashlib.sha256,
    "HS256": hashlib.sha256,
    "EdDSA": hashlib.sha512,
}
_SORTIE = "http://schemas.openid.net/event/backchannel-logout"


def ouvrir(fournisseur: Fournisseur, cles: Cles, jeton: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Vérifie la signature d'un jeton et rend son en-tête et ses affirmations.

    L'algorithme est l'un de ceux de la configuration : ni le jeton, ni le fournisseur n'en décident.

    :param fournisseur: déclaration du fournisseur.
    :param cles: ses clés.
    :param jeton: jeton reçu, à qui l'on ne se fie pas.
    :raises EntreeRefusee: absent, chiffré, illisible, mal signé.
    """
    if not isinstance(jeton, str) or not jeton or len(jeton) > _TAILLE:
        raise refuser("jeton_absent", "le jeton attendu manque, ou il est démesuré")
    if jeton.count(".") == 4:
        raise refuser("jeton_chiffre", "son jeton est chiffré, ce que cet ENT ne demande pas")
    try:
        entete = jws.extract_compact(jeton.encode("ascii")).headers()
        alg, kid = entete.get("alg"), entete.get("kid")
        if alg not in fournisseur.algorithmes or not isinstance(kid, str | None):
            raise refuser("algorithme", "son jeton n'est pas signé comme convenu")
        cle = cles.trouver(alg, kid)
        registre = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
        contenu = jws.deserialize_compact(jeton, cle, algorithms=[alg], registry=registre).payload
        affirmations = json.loads(contenu)
    except (JoseError, ValueError, TypeError, RecursionError) as erreur:
        raise refuser("signature", "la signature de son jeton n'est pas la bonne") from erreur
    if not isinstance(affirmations, dict):
        raise refuser("signature", "son jeton ne contient pas d'affirmations")
    return dict(entete), affirmations


def controler_identite(
    fournisseur: Fournisseur,
    horloge: Horloge,
    entete: dict[str, Any],
    dit: dict[str, Any],
    *,
    nonce: str,
    acces: str,
) -> None:
    """Contrôle un jeton d'identité.

    :param fournisseur: déclaration du fournisseur.
    :param horloge: heure de l'instance.
    :param entete: en-tête vérifié.
    :param dit: affirmations vérifiées.
    :param nonce: valeur envoyée dans la demande.
    :param acces: jeton d'accès reçu avec lui, vide s'il n'y en a pas.
    :raises EntreeRefusee: une affirmation manque ou ne convient pas.
    """
    _controler_l_adresse(fournisseur, dit)
    _controler_les_dates(horloge, dit, _AGE_MAXIMAL)
    _sujet(dit)
    recu = dit.get("nonce")
    if not isinstance(recu, str) or not hmac.compare_digest(recu.encode(), nonce.encode()):
        raise refuser("nonce", "sa réponse n'est pas celle de cette demande")
    if "at_hash" in dit:
        moitie = _EMPREINTES[entete["alg"]](acces.encode()).digest()
        attendu = urlsafe_b64encode(moitie[: len(moitie) // 2]).rstrip(b"=").decode()
        if not acces or dit["at_hash"] != attendu:
            raise refuser("at_hash", "ses deux jetons ne vont pas ensemble")


def controler_sortie(
    fournisseur: Fournisseur, horloge: Horloge, entete: dict[str, Any], dit: dict[str, Any]
) -> None:
    """Contrôle un jeton de déconnexion (« back-channel logout »).

    :param fournisseur: déclaration du fournisseur.
    :param horloge: heure de l'instance.
    :param entete: en-tête vérifié.
    :param dit: affirmations vérifiées.
    :raises EntreeRefusee: ce n'est pas un jeton de déconnexion pour cet ENT.
    """
    if str(entete.get("typ", "logout+jwt")).lower() not in ("logout+jwt", "jwt"):
        raise refuser("sortie", "ce n'est pas un jeton de déconnexion")
    _controler_l_adresse(fournisseur, dit)
    _controler_les_dates(horloge, dit, _AGE_SORTIE)
    evenements = dit.get("events")
    if not isinstance(evenements, dict) or not isinstance(evenements.get(_SORTIE), dict) or "nonce" in dit:
        raise refuser("sortie", "ce n'est pas un jeton de déconnexion")
    if not isinstance(dit.get("jti"), str) or not dit["jti"]:
        raise refuser("sortie", "le jeton n'a pas de numéro")
    if "sid" in dit and not isinstance(dit["sid"], str):
        raise refuser("sortie", "il ne dit pas quelle session finit")
    if not dit.get("sid"):
        _sujet(dit)


def _sujet(dit: dict[str, Any]) -> None:
    sujet = dit.get("sub")
    if not isinstance(sujet, str) or not 0 < len(sujet) <= _SUJET_MAXIMAL or not sujet.strip():
        raise refuser("sujet", "il ne dit pas qui est la personne")
    if not sujet.isprintable():
        raise refuser("sujet", "le nom qu'il donne à la personne n'est pas lisible")


def _controler_l_adresse(fournisseur: Fournisseur, dit: dict[str, Any]) -> None:
    """De lui, et pour nous : un jeton destiné à un autre service ne fait entrer personne ici."""
    if dit.get("iss") != fournisseur.emetteur:
        raise refuser("emetteur", "son jeton vient d'un autre émetteur")
    audience = dit.get("aud")
    destinataires = audience if isinstance(audience, list) else [audience]
    if fournisseur.client not in destinataires:
        raise refuser("audience", "son jeton est destiné à un autre service")
    if ("azp" in dit or len(destinataires) > 1) and dit.get("azp") != fournisseur.client:
        raise refuser("audience", "son jeton a été demandé par un autre service")


def _controler_les_dates(horloge: Horloge, dit: dict[str, Any], age: timedelta) -> None:
    instant, marge = horloge.maintenant().timestamp(), TOLERANCE.total_seconds()
    for nom in ("exp", "iat"):
        if not isinstance(dit.get(nom), int | float) or isinstance(dit[nom], bool):
            raise refuser("dates", f"son jeton n'a pas de date « {nom} »")
    if dit["exp"] <= instant - marge:
        raise refuser("dates", "son jeton a expiré ; l'heure d'un des deux serveurs est peut-être fausse")
    if dit["iat"] > instant + marge:
        raise refuser("dates", "son jeton vient du futur ; l'heure d'un des deux serveurs est fausse")
    if dit["iat"] < instant - age.total_seconds():
        raise refuser("dates", "son jeton est trop ancien")
    pas_avant = dit.get("nbf", 0)
    if not isinstance(pas_avant, int | float) or pas_avant > instant + marge:
        raise refuser("dates", "son jeton ne vaut pas encore")
