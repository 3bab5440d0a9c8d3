"""Lire du XML venu d'ailleurs : ni entité, ni réseau, ni déclaration de type chargée, ni arbre démesuré."""

from __future__ import annotations

from lxml import etree

__all__ = ["analyseur_sur"]


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
