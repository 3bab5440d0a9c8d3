"""L'adresse où revenir après la connexion : un chemin de cet ENT, jamais ailleurs."""

from __future__ import annotations

from flask import url_for

__all__ = ["suite_locale"]


def suite_locale(suite: str | None) -> str:
    """Chemin local donné par ``suite``, ou l'accueil.

    :param suite: valeur reçue du navigateur, à laquelle on ne se fie pas.
    """
    propose = suite or ""
    # Un chemin commence par une seule barre : ni schéma, ni hôte ; le navigateur lit « \\ » comme « / ».
    local = propose.startswith("/") and not propose.startswith("//") and "\\" not in propose
    return propose if local and propose.isprintable() else url_for("ent.accueil")
