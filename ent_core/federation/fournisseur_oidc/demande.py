"""La demande d'autorisation : lue strictement, avant que quoi que ce soit n'y réponde.

Tant que le service et son adresse de retour ne sont pas sûrs, on ne renvoie nulle part : une page le dit.
Ensuite, toute faute revient au service, avec son ``state`` et l'émetteur.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ent_core.contrat.services import OptionsOidc
from ent_core.federation.fournisseur_oidc.portees import admises
from ent_core.federation.fournisseur_oidc.refus import RefusOidc
from ent_core.federation.services import ServiceConnu

__all__ = ["Demande", "DemandeSansRetour", "adresse_de_retour", "controler", "destinataire"]

Parametres = Mapping[str, Sequence[str]]

_DEFI = re.compile(r"[A-Za-z0-9_-]{43}")
_TEXTE_MAXIMAL = 512
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})


class DemandeSansRetour(Exception):
    """Le service, ou son adresse de retour, n'est pas sûr : on ne renvoie la personne nulle part.

    :param service: clé du service, s'il est connu et que seule son adresse est fausse ; vide sinon.
    """

    def __init__(self, service: str = "") -> None:
        super().__init__(service)
        self.service = service


@dataclass(frozen=True, slots=True)
class Demande:
    """Une demande d'autorisation, contrôlée.

    :param portees: portées admises, dans l'ordre demandé.
    :param nonce: vide, le service n'en a pas donné.
    :param defi: empreinte de la preuve PKCE (S256).
    :param prompt: ce que le service veut que la personne fasse.
    :param age_maximal: secondes depuis la dernière preuve ; ``None``, sans limite.
    """

    connu: ServiceConnu
    retour: str
    etat: str
    portees: tuple[str, ...]
    nonce: str
    defi: str
    prompt: frozenset[str]
    age_maximal: int | None

    @property
    def muette(self) -> bool:
        """Le service veut une réponse sans que la personne voie rien."""
        return "none" in self.prompt

    @property
    def a_prouver(self) -> bool:
        """Le service veut une preuve nouvelle, quel que soit l'âge de la dernière."""
        return self.age_maximal == 0 or not self.prompt.isdisjoint({"login", "select_account"})


def destinataire(parametres: Parametres, services: Sequence[ServiceConnu]) -> tuple[ServiceConnu, str]:
    """Le service qui demande, et l'adresse où lui répondre, l'une et l'autre certaines.

    :param parametres: paramètres reçus.
    :param services: services connus.
    :raises DemandeSansRetour: client inconnu, adresse absente, répétée ou différente d'un seul caractère.
    """
    client, retour = (_seul(parametres, nom) for nom in ("client_id", "redirect_uri"))
    for connu in services:
        options = connu.service.options
        if connu.service.cle == client and isinstance(options, OptionsOidc):
            if retour in options.retours:
                return connu, retour
            raise DemandeSansRetour(client)
    raise DemandeSansRetour


def controler(
    parametres: Parametres, connu: ServiceConnu, retour: str, traitements: Container[str]
) -> Demande:
    """Contrôle le reste de la demande. Un paramètre inconnu est ignoré, un paramètre répété est refusé.

    :param parametres: paramètres reçus.
    :param connu: service, rendu par ``destinataire``.
    :param retour: son adresse de retour.
    :param traitements: traitements du registre.
    :raises RefusOidc: faute à rendre au service.
    """
    for nom, valeurs in parametres.items():
        if len(valeurs) > 1:
            raise RefusOidc("invalid_request", f"parametre repete : {nom if nom.isascii() else 'illisible'}")
    lus = {nom: valeurs[0] for nom, valeurs in parametres.items()}
    if "request" in lus:
        raise RefusOidc("request_not_supported", "les demandes signees ne sont pas lues")
    if "request_uri" in lus:
        raise RefusOidc("request_uri_not_supported", "les demandes par adresse ne sont pas lues")
    if not lus.get("response_type"):
        raise RefusOidc("invalid_request", "response_type manque")
    if lus["response_type"] != "code":
        raise RefusOidc("unsupported_response_type", "seul response_type=code est servi")
    if lus.get("response_mode", "query") != "query":
        raise RefusOidc("invalid_request", "seul response_mode=query est servi")
    if lus.get("code_challenge_method") != "S256" or not _DEFI.fullmatch(lus.get("code_challenge", "")):
        raise RefusOidc("invalid_request", "PKCE exige : code_challenge, code_challenge_method=S256")
    portees = admises(connu.service.selon(OptionsOidc), lus.get("scope", "").split(), traitements)
    if "openid" not in portees:
        raise RefusOidc("invalid_scope", "scope doit contenir openid")
    nonce, etat = lus.get("nonce", ""), lus.get("state", "")
    if len(nonce) > _TEXTE_MAXIMAL or len(etat) > 4 * _TEXTE_MAXIMAL or "\x00" in nonce:
        raise RefusOidc("invalid_request", "nonce ou state trop long")
    prompt = frozenset(lus.get("prompt", "").split())
    if prompt - _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise RefusOidc("invalid_request", "prompt illisible")
    return Demande(
        connu=connu, retour=retour, etat=etat, portees=portees, nonce=nonce, defi=lus["code_challenge"],
        prompt=prompt, age_maximal=_age(lus.get("max_age")),
    )  # fmt: skip


def adresse_de_retour(retour: str, emetteur: str, etat: str, **reponse: str) -> str:
    """Adresse de retour complétée : la réponse, le ``state`` reçu, et l'émetteur, même pour un refus.

    :param retour: adresse enregistrée.
    :param emetteur: adresse de l'ENT.
    :param etat: ``state`` reçu ; vide, il n'y en avait pas.
    """
    complets = {**reponse, **({"state": etat} if etat else {}), "iss": emetteur}
    return f"{retour}{'&' if '?' in retour else '?'}{urlencode(complets)}"


def _seul(parametres: Parametres, nom: str) -> str:
    valeurs = parametres.get(nom, ())
    return valeurs[0] if len(valeurs) == 1 else ""


def _age(lu: str | None) -> int | None:
    if lu is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", lu):
        raise RefusOidc("invalid_request", "max_age illisible")
    return int(lu)
