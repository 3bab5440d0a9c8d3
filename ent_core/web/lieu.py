"""À quelle adresse les clés d'accès de cet ENT sont liées."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import request

from ent_core.identite.facteurs.cles import Lieu
from ent_core.web.instance import Instance

__all__ = ["lieu_des_cles"]


def lieu_des_cles(ent: Instance) -> Lieu | None:
    """Domaine et origine des clés d'accès, ou ``None`` si aucune ne peut servir.

    En service, ils viennent de la configuration : l'en-tête ``Host`` est écrit par le navigateur. Un essai
    local prend l'adresse de la page ; une clé n'accepte pas un nombre pour nom de domaine.

    :param ent: instance.
    """
    reglee = ent.configuration.second_facteur.adresse or ent.configuration.courriel.adresse_ent
    if not reglee and ent.configuration.production:
        return None
    morceaux = urlsplit(reglee or request.host_url)
    domaine = morceaux.hostname or ""
    if not domaine or _est_un_nombre(domaine) or (morceaux.scheme != "https" and domaine != "localhost"):
        return None
    return Lieu(domaine, f"{morceaux.scheme}://{morceaux.netloc}", ent.configuration.produit)


def _est_un_nombre(domaine: str) -> bool:
    try:
        ip_address(domaine)
    except ValueError:
        return False
    return True
