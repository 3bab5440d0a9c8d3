"""Lire du XML venu d'ailleurs : ni entité, ni réseau, ni déclaration de type chargée, ni arbre démesuré."""

from __future__ import annotations

from lxml import etree

__all__ = ["analyseur_sur", "ecrivable"]

_PERMIS = {0x9, 0xA, 0xD}


def analyseur_sur(*, sans_commentaires: bool = False, sans_instructions: bool = False) -> etree.XMLParser:
    """Un analyseur qui ne fait que lire ; refuser une déclaration de type reste à qui l'emploie.

    :param sans_commentaires: les ôter de l'arbre.
    :param sans_instructions: ôter les instructions de traitement.
    """
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=sans_commentaires,
        remove_pis=sans_instructions,
    )


def ecrivable(texte: str) -> str:
    """Le texte, sans ce que XML ne sait pas écrire : un nom mal saisi n'empêche personne d'entrer.

    :param texte: texte venu de l'annuaire.
    """
    return "".join(
        c for c in texte
        if ord(c) in _PERMIS or 0x20 <= ord(c) <= 0xD7FF or 0xE000 <= ord(c) <= 0xFFFD or ord(c) >= 0x10000
    )  # fmt: skip
