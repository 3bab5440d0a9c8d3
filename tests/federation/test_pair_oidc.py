"""Le client face à un fournisseur que personne ici n'a écrit : npm ``oidc-provider``, de bout en bout."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

import pytest
from werkzeug.serving import make_server

from ent_core.contrat.fournisseurs import Fournisseur
from ent_core.essais.application import configuration_essai
from ent_core.essais.instance import FabriqueInstance, InstanceEssai
from ent_core.essais.vivier import Vivier
from ent_core.identite.modeles import Compte, Identifiant
from ent_core.socle.calendrier import HorlogeFixe, HorlogeSysteme
from ent_core.socle.configuration import Courriel
from tests.pairs import npm

PARTAGE = "un secret: 100 % ASCII + des signes & plus de 32"


def port_libre() -> int:
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return int(prise.getsockname()[1])


class _Sur_place(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Navigateur:
    """Suit les redirections et remplit les formulaires du fournisseur, comme une personne."""

    def __init__(self) -> None:
        self._ouvreur = build_opener(HTTPCookieProcessor(CookieJar()), _Sur_place)

    def aller(self, adresse: str, **champs: str) -> tuple[int, str, str]:
        """Une requête, puis toutes les redirections ; rend le code, l'adresse d'arrivée et la page."""
        corps = urlencode(champs).encode() if champs else None
        while True:
            try:
                reponse: HTTPResponse | HTTPError = self._ouvreur.open(Request(adresse, corps))  # noqa: S310 - adresses locales
            except HTTPError as erreur:
                reponse = erreur
            with reponse:
                statut, vers, page = reponse.status, reponse.headers.get("Location"), reponse.read().decode()
            if not vers or statut not in (301, 302, 303):
                return int(statut or 0), adresse, page
            adresse, corps = urljoin(adresse, vers), None


@pytest.fixture(scope="module")
def ent(vivier: Vivier) -> Iterator[tuple[InstanceEssai, str]]:
    ici, chez_lui = port_libre(), port_libre()
    racine = f"http://localhost:{ici}"
    declare = Fournisseur(
        protocole="oidc", nom="Pair", emetteur=f"http://127.0.0.1:{chez_lui}", client="ent", secret=PARTAGE,
        portees=("openid", "educonnect"), correspondance="educonnect", reseau_interne=True,
    )  # fmt: skip
    reglages = {
        "port": chez_lui, "client": "ent", "secret": PARTAGE, "retour": f"{racine}/entree/pair/retour",
        "sortie": f"{racine}/entree/pair/sortie", "apres": f"{racine}/connexion",
        "attributs": {"FrEduCtRefId": ["{AAF}99|2D|600101", "{ECT}7"], "FrEduCtPersonAffiliation": "resp2d"},
    }  # fmt: skip
    fabrique = FabriqueInstance(vivier, HorlogeFixe(HorlogeSysteme().maintenant()))
    with npm.lancer("op.mjs", json.dumps(reglages)):
        instance = fabrique(
            configuration=configuration_essai(
                fournisseurs={"pair": declare}, courriel=Courriel(adresse_ent=racine)
            )
        )
        serveur = make_server("127.0.0.1", ici, instance.application, threaded=True)
        fil = Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        fil.start()
        yield instance, racine
        serveur.shutdown()
        fil.join()
        serveur.server_close()
        fabrique.fermer()


@pytest.mark.exigence("SDET-AUTH-06")
def test_entrer_par_un_vrai_fournisseur_puis_sortir_partout(ent: tuple[InstanceEssai, str]) -> None:
    instance, racine = ent
    personne = instance.annuaire["parent"]
    with instance.base.academie("essai") as session:
        session.add(
            Identifiant(source="AAF:099", type="ENTPersonJointure", valeur="600101", personne_id=personne)
        )
        session.add(Compte(personne_id=personne, identifiant="parent.pair", etat="actif"))
    navigateur = Navigateur()
    _, adresse, page = navigateur.aller(f"{racine}/entree/pair?suite=/compte")
    _, adresse, page = navigateur.aller(adresse, prompt="login", login="sujet-chez-lui", password="x")  # noqa: S106 - il accepte tout
    statut, adresse, page = navigateur.aller(adresse, prompt="consent")
    assert (statut, adresse) == (200, f"{racine}/compte"), page
    assert "Par où vous entrez" in page
    # La déconnexion chez le fournisseur : il l'annonce de serveur à serveur, et la session d'ici finit.
    _, adresse, page = navigateur.aller(
        f"{instance.ent.entrees.client('pair').fournisseur.emetteur}/session/end"
    )
    jeton = re.search(r'name="xsrf" value="([^"]+)"', page)
    action = re.search(r'action="([^"]+)"', page)
    assert jeton is not None
    assert action is not None
    navigateur.aller(urljoin(adresse, action[1]), xsrf=jeton[1], logout="yes")
    assert navigateur.aller(f"{racine}/compte")[1].startswith(f"{racine}/connexion")
