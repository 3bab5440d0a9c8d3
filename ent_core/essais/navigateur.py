"""Greffon pytest : un vrai serveur, un vrai Chromium, et le contrôle d'accessibilité.

``serveur_web`` sert l'application de l'essai ; ``axe`` rend les défauts d'une page ; ``page`` vient de
pytest-playwright. Chromium est celui de la machine : rien n'est téléchargé.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page
from werkzeug.serving import WSGIRequestHandler, make_server

__all__ = ["axe", "servir"]

_REGLES = ["RGAAv4", "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Les règles sont toutes jugées ; mais de ce qu'elles approuvent, rien n'est décrit ni rapporté.
_DEFAUTS = """
async regles => {
  const rendu = await axe.run(document, {
    runOnly: { type: "tag", values: regles },
    resultTypes: ["violations"],
  });
  return rendu.violations.flatMap(defaut =>
    defaut.nodes.map(noeud => `${defaut.id} : ${noeud.target} ${noeud.html.slice(0, 120)}`)
  );
}
"""


def pytest_configure(config: pytest.Config) -> None:
    """Après pytest-playwright, et non avant : le dernier inscrit choisit le navigateur."""
    config.pluginmanager.import_plugin("ent_core.essais.chromium")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marque tout essai qui conduit un navigateur, avant que « -m » ne choisisse."""
    for item in items:
        if {"browser", "page", "playwright"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.navigateur)


class _Silencieux(WSGIRequestHandler):
    """Un serveur d'essai n'écrit pas une ligne par fichier servi."""

    def log(self, type: str, message: str, *args: object) -> None:
        """Rien."""


@pytest.fixture(scope="module")
def servir() -> Iterator[Callable[[Flask], str]]:
    """Sert une application sur un port libre et rend son adresse : ``servir(application)``."""
    serveurs: list[tuple[Any, threading.Thread]] = []

    def lancer(application: Flask) -> str:
        serveur = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_Silencieux)
        fil = threading.Thread(target=serveur.serve_forever, daemon=True)
        fil.start()
        serveurs.append((serveur, fil))
        return f"http://127.0.0.1:{serveur.server_port}"

    yield lancer
    for serveur, fil in serveurs:
        serveur.shutdown()
        fil.join(5)
        serveur.server_close()


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """Défauts d'accessibilité d'une page, en clair ; vide, axe n'en voit aucun (ce n'est pas un audit)."""
    code = (files("ent_core.essais") / "axe" / "axe.min.js").read_text(encoding="utf-8")

    def controler(page: Page) -> list[str]:
        page.evaluate(code)
        defauts: list[str] = page.evaluate(_DEFAUTS, _REGLES)
        return defauts

    return controler
