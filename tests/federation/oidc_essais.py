"""Pour les essais du fournisseur OpenID Connect : un service déclaré, et tout ce qu'il fait."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.test import TestResponse

from ent_core.essais.instance import InstanceEssai
from ent_core.federation.fournisseur_oidc.clients import empreinte_secret
from ent_core.socle.services import OidcFichier, ServiceFichier
from tests.federation.cas_essais import service

PARTAGE = "un secret d'essai: 100 % tiré + au hasard & encodé"
EMETTEUR = "https://ent.exemple.invalid"
RETOUR = "https://{}.exemple.invalid/retour"
SORTI = "https://{}.exemple.invalid/sorti"


def declare(
    cle: str, *, partage: str = PARTAGE, options: dict[str, Any] | None = None, **plus: Any
) -> ServiceFichier:
    """Un service OpenID Connect du fichier ; sans secret, c'est un client public."""
    defauts: dict[str, Any] = {
        "retours": (RETOUR.format(cle),),
        "retours_sortie": (SORTI.format(cle),),
        "secret": empreinte_secret(partage) if partage else "",
        **(options or {}),
    }
    valeurs = {"nom": f"Service {cle}", "gabarit": "generique", **plus}
    return service(f"https://{cle}.exemple.invalid/", oidc=OidcFichier(**defauts), **valeurs)


@dataclass
class Client:
    """Un service, tel qu'il se conduit : il garde sa preuve, présente son secret, lit ce qu'on lui rend."""

    instance: InstanceEssai
    cle: str
    partage: str = PARTAGE
    presentation: str = "basic"
    preuve: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def retour(self) -> str:
        return RETOUR.format(self.cle)

    def parametres(self, **plus: str | None) -> dict[str, str]:
        defi = urlsafe_b64encode(hashlib.sha256(self.preuve.encode()).digest()).decode().rstrip("=")
        tous = {
            "client_id": self.cle, "redirect_uri": self.retour, "response_type": "code", "state": "etat-1",
            "scope": "openid profile scolarite", "nonce": "n-1", "code_challenge": defi,
            "code_challenge_method": "S256", **plus,
        }  # fmt: skip
        return {nom: valeur for nom, valeur in tous.items() if valeur is not None}

    def demander(self, navigateur: FlaskClient, **plus: str | None) -> TestResponse:
        return navigateur.get("/oidc/autorisation", query_string=self.parametres(**plus))

    def code(self, navigateur: FlaskClient, **plus: str | None) -> str:
        return reponse_de(self.demander(navigateur, **plus))["code"]

    def serveur(self, chemin: str, **champs: Any) -> TestResponse:
        """Appel de serveur à serveur, le secret présenté comme déclaré."""
        entetes = {}
        if self.partage and self.presentation == "basic":
            assemble = f"{quote_plus(self.cle)}:{quote_plus(self.partage)}"
            entetes["Authorization"] = f"Basic {b64encode(assemble.encode()).decode()}"
        elif self.partage:
            champs |= {"client_id": self.cle, "client_secret": self.partage}
        else:
            champs |= {"client_id": self.cle}
        return self.instance.application.test_client().post(chemin, data=champs, headers=entetes)

    def echanger(self, code: str, **plus: Any) -> TestResponse:
        champs = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.retour,
            "code_verifier": self.preuve, **plus,
        }  # fmt: skip
        return self.serveur("/oidc/jeton", **{nom: v for nom, v in champs.items() if v is not None})

    def entrer(self, navigateur: FlaskClient, **plus: str | None) -> dict[str, Any]:
        """D'un bout à l'autre : les jetons."""
        rendus = self.echanger(self.code(navigateur, **plus))
        assert rendus.status_code == 200, rendus.text
        corps: dict[str, Any] = rendus.get_json()
        return corps

    def suivre(self, suite: str, **plus: str) -> TestResponse:
        return self.serveur("/oidc/jeton", grant_type="refresh_token", refresh_token=suite, **plus)

    def infos(self, acces: str) -> TestResponse:
        return self.instance.application.test_client().get(
            "/oidc/infos", headers={"Authorization": f"Bearer {acces}"}
        )

    def identite(self, rendus: dict[str, Any]) -> dict[str, Any]:
        """Affirmations du jeton d'identité, signature vérifiée par les clés publiées."""
        publiees = KeySet.import_key_set(self.instance.application.test_client().get("/oidc/cles").get_json())
        return dict(jwt.decode(rendus["id_token"], publiees, algorithms=["RS256", "ES256"]).claims)


def reponse_de(reponse: TestResponse) -> dict[str, str]:
    """Ce que la redirection rapporte au service."""
    assert reponse.status_code in (302, 303), reponse.text
    return {nom: valeurs[0] for nom, valeurs in parse_qs(urlsplit(reponse.location).query).items()}


def erreur(reponse: TestResponse) -> str:
    """Code d'erreur d'un point de service."""
    return str(json.loads(reponse.data)["error"])
