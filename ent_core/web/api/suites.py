"""Les pages d'une longue liste : l'en-tête ``Link`` (RFC 8288) mène à la suivante et à la précédente."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

__all__ = ["DESCRIPTION", "liens"]

DESCRIPTION: dict[str, Any] = {
    "Link": {
        "description": "Page suivante et page précédente, s'il y en a (rel « next » et « prev »).",
        "schema": {"type": "string"},
    }
}


def liens(page: int, *, suite: bool) -> dict[str, str]:
    """En-têtes de la page montrée.

    :param page: numéro de page, à partir de 1.
    :param suite: vrai s'il y a une page après.
    """
    voulus = {"prev": page - 1 if page > 1 else None, "next": page + 1 if suite else None}
    autres: dict[str, Any] = {cle: valeur for cle, valeur in request.args.items() if cle != "page"}
    morceaux = [
        f'<{url_for(str(request.endpoint), page=numero, **autres)}>; rel="{sens}"'
        for sens, numero in voulus.items()
        if numero is not None
    ]
    return {"Link": ", ".join(morceaux)} if morceaux else {}
