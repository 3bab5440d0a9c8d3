"""L'atelier : un processus bref, sans base, sans secret, qui compose des PDF et disparaît avec sa mémoire.

Lancé par son chemin, il n'importe rien de l'ENT. Il lit une commande JSON et rend chaque document précédé
de sa longueur. Rien n'est pris sur le disque ni au réseau : gabarits et données arrivent par l'entrée.
"""

from __future__ import annotations

import contextlib
import json
import re
import resource
import sys
import tempfile
from collections.abc import Callable
from typing import Any

_SANS_GLYPHE = re.compile(r'the text [`"]+(.+?)["`]+ could not be displayed')
_POINT_DE_CODE = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
_REMPLACANT = "\N{REPLACEMENT CHARACTER}"
_ESSAIS = 50


def _borner(octets: int, secondes: int) -> None:
    # Une limite plus basse, déjà posée par le système, reste.
    for genre, valeur in ((resource.RLIMIT_AS, octets), (resource.RLIMIT_CPU, secondes)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(genre, (valeur, valeur))


def _composer(ouvrir: Callable[[str], Any], donnees: str) -> bytes:
    """Un PDF/UA-1. Un caractère que les polices n'ont pas s'imprime « � » ; le reste s'imprime."""
    from typst import TypstError

    for _ in range(_ESSAIS):
        try:
            rendu = ouvrir(donnees).compile(format="pdf", pdf_standards=["ua-1"], timestamp=0)
        except TypstError as erreur:
            manque = _SANS_GLYPHE.search(str(erreur))
            if manque is None:
                raise
            texte = _POINT_DE_CODE.sub(lambda code: chr(int(code[1], 16)), manque[1])
            remplace = donnees
            for caractere in set(texte):
                if ord(caractere) > 127:
                    remplace = remplace.replace(caractere, _REMPLACANT)
            if remplace == donnees:
                raise
            donnees = remplace
        else:
            return bytes(rendu)
    raise ValueError("trop de caractères sans dessin")


def _principal() -> int:
    commande = json.load(sys.stdin.buffer)
    _borner(commande["octets"], commande["secondes"])
    import typst  # la bibliothèque naît sous les limites

    fichiers: Any = {nom: texte.encode() for nom, texte in commande["fichiers"].items()}
    polices = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    with tempfile.TemporaryDirectory() as vide:

        def ouvrir(donnees: str) -> Any:
            return typst.Compiler(
                fichiers, root=vide, font_paths=polices, sys_inputs={"donnees": donnees},
                package_path=vide, package_cache_path=vide,
            )  # fmt: skip

        for donnees in commande["documents"]:
            try:
                document = _composer(ouvrir, donnees)
            except (typst.TypstError, ValueError) as erreur:
                sys.stderr.write(str(erreur))
                return 3
            sys.stdout.buffer.write(len(document).to_bytes(8, "big") + document)
    return 0


if __name__ == "__main__":
    sys.exit(_principal())
