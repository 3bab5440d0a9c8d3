"""De quoi jouer la personne entre un ENT et un pair : un serveur, et un navigateur qui suit et remplit."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from flask import Flask
from lxml import html
from werkzeug.serving import make_server

__all__ = ["Navigateur", "Page", "formulaire", "port_libre", "servir"]

Page = tuple[int, str, str]
"""Code, adresse d'arrivée, texte."""


def port_libre(hote: str = "127.0.0.1") -> int:
    """Port que rien n'écoute à cette adresse."""
    with socket.socket() as prise:
        prise.bind((hote, 0))
        return int(prise.getsockname()[1])


@contextmanager
def servir(application: Flask, port: int) -> Iterator[None]:
    """Sert une instance sur la boucle locale.

    :param application: application.
    :param port: port, déjà connu de sa configuration.
    """
    serveur = make_server("127.0.0.1", port, application, threaded=True)
    fil = Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    fil.start()
    try:
        yield
    finally:
        serveur.shutdown()
        fil.join()
        serveur.server_close()


class _Sur_place(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class Navigateur:
    """Suit les redirections et remplit les formulaires, comme une personne."""

    def __init__(self) -> None:
        self._ouvreur = build_opener(HTTPCookieProcessor(CookieJar()), _Sur_place)
        self.passees: list[str] = []

    def aller(self, adresse: str, **champs: str) -> Page:
        """Une requête, puis toutes les redirections.

        :param adresse: où aller.
        :param champs: formulaire à poster ; sans champ, c'est une lecture.
        """
        corps = urlencode(champs).encode() if champs else None
        while True:
            self.passees.append(adresse)
            try:
                reponse: HTTPResponse | HTTPError = self._ouvreur.open(Request(adresse, corps))  # noqa: S310 - adresses locales
            except HTTPError as erreur:
                reponse = erreur
            with reponse:
                statut, vers, page = reponse.status, reponse.headers.get("Location"), reponse.read().decode()
            if not vers or statut not in (301, 302, 303):
                return int(statut or 0), adresse, page
            adresse, corps = urljoin(adresse, vers), None

    def remplir(self, page: Page, **champs: str) -> Page:
        """Envoie le premier formulaire d'une page, ses champs cachés compris.

        :param page: page reçue.
        :param champs: ce que la personne y écrit.
        """
        adresse, envoi = formulaire(page)
        return self.aller(adresse, **{**envoi, **champs})


def formulaire(page: Page) -> tuple[str, dict[str, str]]:
    """Adresse et champs du premier formulaire posté d'une page."""
    _, adresse, texte = page
    lu = next(f for f in html.fromstring(texte).iter("form") if f.get("method", "").lower() == "post")
    nommes = [champ for champ in lu.iter("input") if champ.get("name")]
    return urljoin(adresse, lu.get("action", "")), {c.get("name", ""): c.get("value", "") for c in nommes}
