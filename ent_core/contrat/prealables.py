"""Les préalables : ce qu'un établissement doit avoir fait avant qu'une brique y serve."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FORME_CLE", "Prealable"]

FORME_CLE = re.compile(r"[a-z][a-z0-9_]{1,39}")
"""Forme d'une clé de préalable : elle se tape dans une commande et s'écrit au journal."""


@dataclass(frozen=True, slots=True)
class Prealable:
    """Une chose à faire hors de l'ENT, que le chef d'établissement atteste avoir faite.

    Le noyau ne vérifie rien : il garde qui l'atteste et quand, et ne sert pas la brique avant.

    :param cle: identifiant dans la brique ; ne plus le changer, les attestations le citent.
    :param titre: ce qui est fait, en une phrase courte (« Les familles ont reçu la lettre »).
    :param detail: quoi faire, et quel texte le demande.
    :param lien: page de la brique qui aide à le faire (``carnet.presenter``), sans paramètre ; elle
        s'ouvre aussi, avec ce qu'elle envoie à sa propre adresse, tant que la brique attend ses préalables.
    :param libelle_lien: ce que ce lien laisse faire.
    """

    cle: str
    titre: str
    detail: str
    lien: str = ""
    libelle_lien: str = "Voir la page"
