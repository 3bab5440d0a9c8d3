"""Les options d'un service OpenID Connect : ses adresses, exactes, et ce qu'il peut demander."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

from ent_core.contrat.services import OptionsOidc

__all__ = ["ALGORITHMES", "PRESENTATIONS", "controler"]

ALGORITHMES = ("RS256", "ES256")
PRESENTATIONS = ("basic", "post")
_NOMBRE = 10
_LONGUEUR = 500
_EMPREINTE = re.compile(r"[0-9a-f]{64}|")
_PORTEE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def controler(options: OptionsOidc, permis: Collection[str]) -> Iterator[tuple[str, str]]:
    """Ce qui ne va pas dans ces options : champ, et phrase.

    :param options: options déclarées.
    :param permis: hôtes admis sans https.
    """
    if not 0 < len(options.retours) <= _NOMBRE:
        yield "retours", f"il faut une adresse de retour au moins, et {_NOMBRE} au plus"
    for champ, adresses in (
        ("retours", options.retours),
        ("retours_sortie", options.retours_sortie[: _NOMBRE + 1]),
        ("avis", (options.avis,) if options.avis else ()),
    ):
        if len(adresses) > _NOMBRE:
            yield champ, f"{_NOMBRE} adresses au plus"
        for adresse in adresses:
            if not _exacte(adresse, permis):
                yield (
                    champ,
                    "chaque adresse est entière, en https, sans compte, sans « # » ni caractère « * »",
                )
                break
    if not _EMPREINTE.fullmatch(options.secret):
        yield "secret", "c'est l'empreinte SHA-256 du secret qui se déclare : « ent sso secret » la donne"
    if options.presentation not in PRESENTATIONS:
        yield "presentation", f"choisir parmi {', '.join(PRESENTATIONS)}"
    if options.algorithme not in ALGORITHMES:
        yield "algorithme", f"choisir parmi {', '.join(ALGORITHMES)}"
    if any(not _PORTEE.fullmatch(portee) for portee in options.portees):
        yield "portees", "une portée est la clé d'un traitement du registre, comme « noyau.annuaire »"


def _exacte(adresse: str, permis: Collection[str]) -> bool:
    if len(adresse) > _LONGUEUR or any(ord(c) <= 32 or ord(c) > 126 for c in adresse):
        return False
    try:
        morceaux = urlsplit(adresse)
        hote = morceaux.hostname or ""
        _ = morceaux.port
    except ValueError:
        return False
    if morceaux.scheme != "https" and not (morceaux.scheme == "http" and hote in permis):
        return False
    return bool(hote) and "@" not in morceaux.netloc and not set("*#\\") & set(adresse)
