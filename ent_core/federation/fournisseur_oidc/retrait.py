"""Éteindre un jeton, ou demander s'il vaut : seul le service à qui il a été donné le peut."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from ent_core.federation.fournisseur_oidc import jetons
from ent_core.federation.fournisseur_oidc.clients import AppelDeService, reconnaitre
from ent_core.federation.fournisseur_oidc.echange import ServeurOidc, encore_ouvert
from ent_core.federation.fournisseur_oidc.mandat import encore_valable
from ent_core.federation.fournisseur_oidc.refus import RefusOidc

__all__ = ["decrire", "eteindre_jeton"]


def eteindre_jeton(session: Session, serveur: ServeurOidc, appel: AppelDeService) -> None:
    """Éteint un jeton et tous ceux de sa famille. Un jeton inconnu, ou d'un autre service, ne change rien.

    :param session: session de l'académie.
    :param appel: ce que le service envoie.
    :raises RefusOidc: service non prouvé, jeton absent.
    """
    connu = reconnaitre(appel, serveur.services)
    lu = jetons.lire(session, serveur.horloge, _jeton(appel))
    if lu is not None and lu.mandat.service == connu.service.cle:
        jetons.eteindre(session, serveur.horloge, lu.mandat.famille)


def decrire(session: Session, serveur: ServeurOidc, appel: AppelDeService) -> dict[str, Any]:
    """Ce que vaut un jeton à cet instant ; d'un autre service, il ne vaut rien.

    :param session: session de l'académie.
    :param appel: ce que le service envoie.
    :raises RefusOidc: service non prouvé, jeton absent.
    """
    connu = reconnaitre(appel, serveur.services)
    lu = jetons.lire(session, serveur.horloge, _jeton(appel))
    if (
        lu is None
        or not lu.vivant
        or lu.mandat.service != connu.service.cle
        or not encore_ouvert(session, serveur.horloge, connu, lu.mandat)
        or not encore_valable(session, serveur.horloge, lu.mandat)
    ):
        return {"active": False}
    return {
        "active": True,
        "client_id": connu.service.cle,
        "scope": " ".join(lu.mandat.portees),
        "token_type": "Bearer" if lu.sorte == "acces" else "refresh_token",
        "iss": serveur.emetteur,
        "iat": int(lu.cree_le.timestamp()),
        "exp": int(lu.expire_le.timestamp()),
    }


def _jeton(appel: AppelDeService) -> str:
    jeton = appel.champ("token")
    if not jeton:
        raise RefusOidc("invalid_request", "token manque")
    return jeton
