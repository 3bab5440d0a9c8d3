"""Lire une page rendue : son texte, ses attributs, ses éléments."""

from __future__ import annotations

from typing import Any

from lxml import html

__all__ = ["chercher", "texte_de"]


def chercher(page: str, chemin: str) -> list[Any]:
    """Ce qu'un chemin XPath trouve dans une page.

    :param page: HTML.
    :param chemin: XPath qui rend une liste.
    """
    trouve: Any = html.fromstring(page).xpath(chemin)
    return list(trouve)


def texte_de(page: str) -> str:
    """Texte d'une page, espaces réduites.

    :param page: HTML.
    """
    return " ".join(" ".join(chercher(page, "//body//text()")).split())
