"""L'adresse où revenir après la connexion : un chemin de cet ENT, jamais ailleurs."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import url_for

__all__ = ["suite_locale"]


def suite_locale(suite: str | None) -> str:
    """Chemin local donné par ``suite``, ou l'accueil.

    :param suite: valeur reçue du navigateur, à laquelle on ne se fie pas.
    """
    propose = suite or ""
    morceaux = urlsplit(propose)
    local = propose.startswith("/") and not propose.startswith(("//", "/\\")) and "\\" not in propose
    if not local or morceaux.scheme or morceaux.netloc or any(ord(c) < 32 for c in propose):
        return url_for("ent.accueil")
    return propose
