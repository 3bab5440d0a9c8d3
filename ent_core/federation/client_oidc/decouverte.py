"""La découverte : les adresses d'un fournisseur, tenues pour vraies si elles sont chez lui."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.federation.client_http import ReponseHttp, envoyer
from ent_core.federation.client_oidc.refus import refuser

__all__ = ["Metadonnees", "decouvrir", "lire_objet"]

_CHEMIN = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Metadonnees:
    """Ce que le fournisseur dit de lui-même.

    :param annonce_son_nom: il met ``iss`` dans chaque réponse (RFC 9207) ; une réponse sans lui est refusée.
    """

    depart: str
    jeton: str
    cles: str
    infos: str = ""
    sortie: str = ""
    annonce_son_nom: bool = False


def decouvrir(fournisseur: Fournisseur) -> Metadonnees:
    """Lit et vérifie le document de découverte.

    :param fournisseur: déclaration du fournisseur.
    :raises PartenaireInjoignable: il ne répond pas.
    :raises EntreeRefusee: le document nomme un autre émetteur, ou des adresses qui ne sont pas chez lui.
    """
    adresse = f"{fournisseur.emetteur.rstrip('/')}{_CHEMIN}"
    document = lire_objet(envoyer("GET", adresse, autorises=fournisseur.hotes_internes))
    if document.get("issuer") != fournisseur.emetteur:
        raise refuser("decouverte", "il se donne un autre nom que celui qui est déclaré")

    def chez_lui(nom: str, *, obligatoire: bool = True) -> str:
        valeur = document.get(nom)
        if valeur is None and not obligatoire:
            return ""
        if not isinstance(valeur, str) or not _admise(valeur, fournisseur):
            raise refuser("decouverte", f"son adresse « {nom} » manque ou n'est pas chez lui")
        return valeur

    return Metadonnees(
        depart=chez_lui("authorization_endpoint"),
        jeton=chez_lui("token_endpoint"),
        cles=chez_lui("jwks_uri"),
        infos=chez_lui("userinfo_endpoint", obligatoire=False),
        sortie=chez_lui("end_session_endpoint", obligatoire=False),
        annonce_son_nom=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _admise(adresse: str, fournisseur: Fournisseur) -> bool:
    try:
        morceaux = urlsplit(adresse)
    except ValueError:
        return False
    sure = morceaux.scheme == "https" or (morceaux.scheme == "http" and fournisseur.reseau_interne)
    return sure and (morceaux.hostname or "") in fournisseur.hotes_admis and not morceaux.fragment


def lire_objet(reponse: ReponseHttp) -> dict[str, Any]:
    """Objet JSON d'une réponse réussie.

    :param reponse: réponse du fournisseur.
    :raises EntreeRefusee: redirection, erreur, ou autre chose qu'un objet JSON.
    """
    if reponse.statut != 200:
        raise refuser("reponse", f"il a répondu par le code {reponse.statut}")
    try:
        lu = json.loads(reponse.corps)
    except (ValueError, RecursionError) as erreur:
        raise refuser("reponse", "ce n'est pas du JSON") from erreur
    if not isinstance(lu, dict):
        raise refuser("reponse", "ce n'est pas un objet JSON")
    return lu
