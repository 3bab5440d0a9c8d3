"""Un fournisseur OpenID Connect qui dit ce que l'essai veut, juste ou faux, sur une vraie adresse locale."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.socle.calendrier import Horloge

PARTAGE = "un secret d'essai de plus de trente-deux caractères"
CLIENT = "ent-essai"
EC = ECKey.generate_key("P-256", {"kid": "ec-1"})


@cache
def rsa(nom: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": nom, "use": "sig"})


def moitie(jeton: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(jeton.encode()).digest()[:16]).rstrip(b"=").decode()


@dataclass
class Operateur:
    """Ce que répond le fournisseur ; un essai remplace ce qu'il veut, et tout revient avec ``remettre``."""

    port: int
    horloge: Horloge
    cle: Any = field(default_factory=lambda: rsa("rsa-1"))
    publiees: list[Any] = field(default_factory=lambda: [rsa("rsa-1")])
    alg: str = "RS256"
    entete: dict[str, Any] = field(default_factory=dict)
    jeton: dict[str, Any] = field(default_factory=dict)
    sans: tuple[str, ...] = ()
    infos: dict[str, Any] = field(default_factory=dict)
    infos_signees: bool = False
    decouverte: dict[str, Any] = field(default_factory=dict)
    reponse: dict[str, Any] = field(default_factory=dict)
    fabriquer: Callable[[dict[str, Any], dict[str, Any]], str] | None = None
    detourner: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    nonce: str = ""
    demandes: list[tuple[str, dict[str, list[str]], dict[str, str]]] = field(default_factory=list)

    @property
    def emetteur(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def declare(self, **plus: Any) -> Fournisseur:
        valeurs: dict[str, Any] = {
            "protocole": "oidc", "nom": "Fournisseur d'essai", "emetteur": self.emetteur, "client": CLIENT,
            "secret": PARTAGE, "reseau_interne": True,
        }  # fmt: skip
        return Fournisseur(**{**valeurs, **plus})

    def remettre(self) -> None:
        neuf = Operateur(self.port, self.horloge)
        for nom in self.__dataclass_fields__:
            if nom not in ("port", "horloge"):
                setattr(self, nom, getattr(neuf, nom))

    def affirmer(self) -> dict[str, Any]:
        """Affirmations d'un jeton d'identité juste, avec ce que l'essai y change."""
        instant = int(self.horloge.maintenant().timestamp())
        dit = {
            "iss": self.emetteur, "aud": CLIENT, "sub": "sujet-1", "nonce": self.nonce, "iat": instant,
            "exp": instant + 300, "at_hash": moitie("acces"), **self.jeton,
        }  # fmt: skip
        return {nom: valeur for nom, valeur in dit.items() if nom not in self.sans}

    def signer(self, dit: dict[str, Any], **entete: Any) -> str:
        complet = {"alg": self.alg, "kid": self.cle.kid, **self.entete, **entete}
        complet = {nom: valeur for nom, valeur in complet.items() if valeur is not None}
        if self.fabriquer is not None:
            return self.fabriquer(complet, dit)
        registre = jws.JWSRegistry(algorithms=[complet["alg"]], strict_check_header=False)
        return jws.serialize_compact(
            complet, json.dumps(dit), self.cle, algorithms=[complet["alg"]], registry=registre
        )

    def sortir(self, **change: Any) -> str:
        """Un jeton de déconnexion juste, avec ce que l'essai y change ; ``None`` ôte."""
        instant = int(self.horloge.maintenant().timestamp())
        dit = {
            "iss": self.emetteur, "aud": CLIENT, "iat": instant, "exp": instant + 120, "jti": "n1",
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, "sid": "chez-lui-1",
            **change,
        }  # fmt: skip
        return self.signer({n: v for n, v in dit.items() if v is not None}, typ="logout+jwt")

    def repondre(self, chemin: str) -> tuple[int, dict[str, str], bytes]:
        if chemin in self.detourner:
            return self.detourner[chemin]
        racine = self.emetteur
        match chemin:
            case "/.well-known/openid-configuration":
                objet: Any = {
                    "issuer": racine, "authorization_endpoint": f"{racine}/autoriser",
                    "token_endpoint": f"{racine}/jeton", "userinfo_endpoint": f"{racine}/infos",
                    "jwks_uri": f"{racine}/cles", "end_session_endpoint": f"{racine}/sortir",
                    # Comme LemonLDAP::NG, il annonce « none » : cela ne doit rien ouvrir.
                    "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"], **self.decouverte,
                }  # fmt: skip
            case "/cles":
                objet = {"keys": [cle.as_dict(private=False) for cle in self.publiees]}
            case "/jeton":
                objet = {"access_token": "acces", "token_type": "Bearer", "expires_in": 60}
                if "id_token" not in self.sans:
                    objet["id_token"] = self.signer(self.affirmer())
                objet |= self.reponse
            case "/infos":
                objet = {"sub": self.jeton.get("sub", "sujet-1"), **self.infos}
                if self.infos_signees:
                    return 200, {"Content-Type": "application/jwt"}, self.signer(objet).encode()
            case _:
                return 404, {}, b""
        return 200, {"Content-Type": "application/json"}, json.dumps(objet).encode()


@contextmanager
def operateur(horloge: Horloge) -> Iterator[Operateur]:
    """Fait tourner un fournisseur le temps des essais."""

    class Service(BaseHTTPRequestHandler):
        def _servir(self) -> None:
            chemin, _, question = self.path.partition("?")
            corps = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            lui.demandes.append((chemin, parse_qs(corps or question), dict(self.headers)))
            statut, entetes, contenu = lui.repondre(chemin)
            self.send_response(statut)
            for nom, valeur in {"Content-Length": str(len(contenu)), **entetes}.items():
                self.send_header(nom, valeur)
            self.end_headers()
            self.wfile.write(contenu)

        do_GET = do_POST = _servir

        def log_message(self, *_: Any) -> None:
            """Le bruit n'aide pas à lire un essai."""

    serveur = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    serveur.daemon_threads = True
    lui = Operateur(serveur.server_port, horloge)
    fil = Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    fil.start()
    try:
        yield lui
    finally:
        serveur.shutdown()
        serveur.server_close()
        fil.join()
