"""Les adresses, gardées au réseau près : assez pour la sécurité, trop peu pour suivre quelqu'un."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

__all__ = ["INCONNU", "reseau_de"]

INCONNU = "inconnu"
"""Réseau d'une adresse absente ou illisible."""


def reseau_de(adresse: str) -> str:
    """Réseau d'une adresse : /24 en IPv4, /56 en IPv6 (ce qu'un opérateur donne à un foyer).

    :param adresse: adresse telle que le serveur l'a reçue.
    """
    try:
        lue = ip_address(adresse.strip())
    except ValueError:
        return INCONNU
    if isinstance(lue, IPv6Address):
        if lue.ipv4_mapped is None:
            return str(IPv6Network((int(lue), 56), strict=False))
        lue = lue.ipv4_mapped
    return str(IPv4Network((int(lue), 24), strict=False))
