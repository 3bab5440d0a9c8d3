"""Ce que l'ENT affirme : le jeton d'identité prouve l'entrée, les informations disent la personne."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from joserfc import jwt
from sqlalchemy.orm import Session

from ent_core.contrat.services import ServiceTiers
from ent_core.federation.emission import valeurs
from ent_core.federation.fournisseur_oidc.cles import CleSignature
from ent_core.federation.fournisseur_oidc.mandat import Mandat
from ent_core.federation.fournisseur_oidc.portees import IDENTITE, affirmer
from ent_core.federation.gabarits import GABARITS, Gabarit, SourceAttribut
from ent_core.federation.sources import opaque
from ent_core.identite.connexion import LOCALE
from ent_core.identite.secrets import Coffre
from ent_core.identite.sessions import DEUX_PREUVES

__all__ = [
    "DUREE_IDENTITE",
    "Informations",
    "apercu_des_jetons",
    "identite",
    "informations",
    "numero_de_session",
    "signer",
    "sujet_de",
]

DUREE_IDENTITE = 300
"""Secondes de vie d'un jeton d'identité."""

_AMR = {LOCALE: ("pwd",), "application": ("otp",), "cle": ("hwk",), "secours": ("otp",)}


@dataclass(frozen=True, slots=True)
class Informations:
    """Ce que le service apprend d'une personne.

    :param sujet: ce qui la désigne chez lui (``sub``) ; vide si la source voulue n'a pas de valeur.
    :param affirmations: le reste, coupé par les portées.
    """

    sujet: str
    affirmations: dict[str, Any]


def informations(
    session: Session,
    coffre: Coffre,
    service: ServiceTiers,
    personne_id: UUID,
    uai: str,
    profil: str,
    portees: tuple[str, ...],
    jour: date,
) -> Informations:
    """Ce qu'un service peut savoir d'une personne, coupé par les portées accordées.

    :param session: session de l'académie.
    :param coffre: coffre de l'instance.
    :param service: service.
    :param portees: portées accordées.
    :param jour: le jour.
    """
    lues = valeurs(session, coffre, service, personne_id, uai, profil, jour)
    if sujet_de(GABARITS[service.gabarit]) is SourceAttribut.CLE_AAF:
        sujet = next(iter(lues[SourceAttribut.CLE_AAF]), "")
    else:
        sujet = opaque(coffre, service.cle, personne_id)
    donnees = {a.source for a in GABARITS[service.gabarit].retenus(service.attributs)}
    return Informations(sujet, affirmer({s: v for s, v in lues.items() if s in donnees}, portees))


def sujet_de(gabarit: Gabarit) -> SourceAttribut:
    """Ce qui désigne la personne (``sub``) : un identifiant propre au service, ou la clé de l'annuaire.

    :param gabarit: gabarit du service.
    """
    choisi = gabarit.principal is SourceAttribut.CLE_AAF
    return SourceAttribut.CLE_AAF if choisi else SourceAttribut.OPAQUE


def identite(coffre: Coffre, emetteur: str, mandat: Mandat, sujet: str, instant: datetime) -> dict[str, Any]:
    """Affirmations d'un jeton d'identité : qui, pour qui, quand, sur quelle preuve. Rien d'autre.

    :param coffre: coffre de l'instance.
    :param emetteur: adresse de l'ENT.
    :param mandat: code ou jeton dont il naît.
    :param sujet: ``sub``.
    :param instant: heure de l'instance.
    """
    emis = int(instant.timestamp())
    moyens = [amr for preuve in mandat.preuves.split() for amr in _AMR.get(preuve, ())]
    double = mandat.niveau >= DEUX_PREUVES
    return {
        "iss": emetteur,
        "sub": sujet,
        "aud": mandat.service,
        "iat": emis,
        "exp": emis + DUREE_IDENTITE,
        "auth_time": int(mandat.authentifie_le.timestamp()),
        "acr": "2" if double else "1",
        "amr": list(dict.fromkeys([*moyens, *(["mfa"] if double else [])])),
        "sid": numero_de_session(coffre, mandat.service, mandat.session_id),
    }


def signer(cle: CleSignature, affirmations: dict[str, Any], *, acces: str = "", sorte: str = "JWT") -> str:
    """Jeton signé.

    :param cle: clé en service.
    :param affirmations: ce qu'il affirme.
    :param acces: jeton d'accès donné avec lui, que son empreinte lie.
    :param sorte: en-tête ``typ``.
    """
    dites = {**affirmations, **({"at_hash": _moitie(acces)} if acces else {})}
    entete = {"alg": cle.algorithme, "kid": cle.cle.kid, "typ": sorte}
    return jwt.encode(entete, dites, cle.cle, algorithms=[cle.algorithme])


def apercu_des_jetons(
    session: Session,
    coffre: Coffre,
    service: ServiceTiers,
    emetteur: str,
    personne_id: UUID,
    uai: str,
    profil: str,
    instant: datetime,
    jour: date,
) -> dict[str, dict[str, Any]]:
    """Ce que diraient le jeton d'identité et le point d'information, toutes les portées d'identité demandées.

    Mêmes paramètres que ``informations`` ; la session, qui n'existe pas, y porte un nom imaginaire.
    """
    dites = informations(session, coffre, service, personne_id, uai, profil, IDENTITE, jour)
    imaginaire = Mandat(
        famille=personne_id, service=service.cle, compte_id=personne_id, personne_id=personne_id, uai=uai,
        profil=profil, session_id=personne_id, methode=LOCALE, preuves=LOCALE, niveau=1,
        authentifie_le=instant, portees=IDENTITE, prolonge=False,
    )  # fmt: skip
    return {
        "Jeton d'identité": identite(coffre, emetteur, imaginaire, dites.sujet, instant),
        "Informations (userinfo)": {"sub": dites.sujet, **dites.affirmations},
    }


def numero_de_session(coffre: Coffre, service: str, session_id: UUID) -> str:
    """Nom d'une session pour un service (``sid``) : un autre service en a un autre.

    :param coffre: coffre de l'instance.
    :param service: identifiant du service.
    :param session_id: session de l'ENT.
    """
    return coffre.sceller("oidc.sid", service, str(session_id)).hex()[:32]


def _moitie(acces: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(acces.encode()).digest()[:16]).rstrip(b"=").decode()
