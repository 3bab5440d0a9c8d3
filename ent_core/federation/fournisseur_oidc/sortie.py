"""La sortie : un service demande que la personne quitte l'ENT, ou apprend qu'elle l'a quitté."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy.orm import Session

from ent_core.contrat.services import OptionsOidc
from ent_core.donnees.session import BaseDeDonnees
from ent_core.federation.client_http import PartenaireInjoignable, envoyer
from ent_core.federation.fournisseur_oidc import cles
from ent_core.federation.fournisseur_oidc.demande import DemandeSansRetour
from ent_core.federation.fournisseur_oidc.echange import ServeurOidc
from ent_core.federation.fournisseur_oidc.identite import signer
from ent_core.federation.parties import PartieAPrevenir
from ent_core.federation.services import ServiceConnu, connus
from ent_core.identite.secrets import Coffre
from ent_core.socle.calendrier import Horloge

__all__ = ["DemandeDeSortie", "affirmations_de_sortie", "avertir", "lire_demande"]

_EVENEMENT = "http://schemas.openid.net/event/backchannel-logout"
_DUREE = 120
_FORMULAIRE = {"Content-Type": "application/x-www-form-urlencoded"}
_REUSSI = range(200, 300)
_TAILLE = 8 * 1024


@dataclass(frozen=True, slots=True)
class DemandeDeSortie:
    """Ce qu'un service demande en envoyant la personne sortir.

    :param service: clé du service, s'il s'est nommé de façon sûre.
    :param sid: session que son jeton d'identité nomme ; vide, il n'en a pas donné.
    :param retour: adresse où la renvoyer, enregistrée, ``state`` compris ; vide, la page d'ici.
    """

    service: str = ""
    sid: str = ""
    retour: str = ""


def lire_demande(
    session: Session, serveur: ServeurOidc, parametres: Mapping[str, Sequence[str]]
) -> DemandeDeSortie:
    """Contrôle une demande de sortie. Le jeton qui l'accompagne peut avoir expiré : il ne sert qu'à nommer.

    :param session: session de l'académie.
    :param serveur: instance.
    :param parametres: paramètres reçus.
    :raises DemandeSansRetour: jeton forgé, service inconnu, adresse qui n'est pas enregistrée.
    """
    lus = {nom: valeurs[0] for nom, valeurs in parametres.items()}
    if any(len(valeurs) > 1 for valeurs in parametres.values()):
        raise DemandeSansRetour
    dit = _ouvrir(session, serveur, lus["id_token_hint"]) if lus.get("id_token_hint") else {}
    client = str(dit.get("aud") or lus.get("client_id", ""))
    if lus.get("client_id", client) != client:
        raise DemandeSansRetour
    connu = next((c for c in serveur.services if c.service.cle == client), None)
    if client and (connu is None or not isinstance(connu.service.options, OptionsOidc)):
        raise DemandeSansRetour
    retour = lus.get("post_logout_redirect_uri", "")
    if retour:
        if connu is None or retour not in connu.service.selon(OptionsOidc).retours_sortie:
            raise DemandeSansRetour
        if etat := lus.get("state", ""):
            retour += f"{'&' if '?' in retour else '?'}{urlencode({'state': etat})}"
    return DemandeDeSortie(client, str(dit.get("sid", "")), retour)


def affirmations_de_sortie(emetteur: str, service: str, sid: str, instant: int) -> dict[str, Any]:
    """Ce que dit un avis de sortie : quelle session est finie, pour quel service. Jamais de ``nonce``.

    :param emetteur: adresse de l'ENT.
    :param service: clé du service.
    :param sid: nom de la session pour ce service.
    :param instant: heure, en secondes.
    """
    return {
        "iss": emetteur,
        "aud": service,
        "iat": instant,
        "exp": instant + _DUREE,
        "jti": uuid4().hex,
        "sid": sid,
        "events": {_EVENEMENT: {}},
    }


def avertir(
    base: BaseDeDonnees,
    horloge: Horloge,
    coffre: Coffre,
    declares: Sequence[ServiceConnu],
    permis: frozenset[str],
    partie: PartieAPrevenir,
) -> None:
    """Prévient un service, de serveur à serveur (« back-channel logout »).

    :param base: base de l'application ; aucune transaction n'est tenue pendant l'envoi.
    :param coffre: coffre de l'instance.
    :param declares: services du fichier et des briques.
    :param permis: hôtes admis à une adresse privée.
    :param partie: qui prévenir.
    :raises PartenaireInjoignable: il ne répond pas, ou répond une erreur.
    """
    with base.academie("services tiers : sortie d'une session") as session:
        voulus = {
            c.service.cle: c.service.options.algorithme
            for c in connus(session, declares)
            if isinstance(c.service.options, OptionsOidc)
        }
        # Un service retiré depuis apprend quand même la sortie, signée comme d'ordinaire.
        cle = cles.signante(session, horloge, coffre, voulus.get(partie.service, "RS256"))
    dites = affirmations_de_sortie(
        partie.emetteur, partie.service, partie.nom_de_session, int(horloge.maintenant().timestamp())
    )
    corps = urlencode({"logout_token": signer(cle, dites, sorte="logout+jwt")}).encode()
    reponse = envoyer("POST", partie.adresse, corps=corps, entetes=_FORMULAIRE, autorises=permis)
    if reponse.statut not in _REUSSI:
        raise PartenaireInjoignable(
            f"le service a répondu {reponse.statut} à l'avis de sortie.",
            remede="vérifier avec son contact qu'il accepte l'avis de sortie (« back-channel logout »).",
        )


def _ouvrir(session: Session, serveur: ServeurOidc, jeton: str) -> dict[str, Any]:
    if len(jeton) > _TAILLE:
        raise DemandeSansRetour
    jeu: Any = cles.publiques(session, serveur.horloge, serveur.coffre)
    publiees = KeySet.import_key_set(jeu)
    try:
        lu = jws.deserialize_compact(jeton.encode("ascii"), publiees, algorithms=["RS256", "ES256"])
        dit = json.loads(lu.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as erreur:
        raise DemandeSansRetour from erreur
    if not isinstance(dit, dict) or dit.get("iss") != serveur.emetteur or "events" in dit:
        raise DemandeSansRetour
    return dit
