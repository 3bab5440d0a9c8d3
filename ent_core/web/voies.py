"""Par quelle voie une requête parle : la session d'un navigateur, le jeton d'un service, un lien personnel.

Une requête n'a qu'une voie, et ne retombe jamais sur une autre : un jeton refusé n'est pas sauvé par un
témoin. Une session ouvre tout ce que la personne peut ouvrir ; un jeton et un lien n'ouvrent que ce qu'une
route leur ouvre (``@exige(…, traitements=…, lien_personnel=…)``), à lire, par le même portillon.
"""

from __future__ import annotations

from enum import StrEnum

from flask import Response, g, request, session

from ent_core.web.routes import Exigence

__all__ = ["LECTURES", "LIEN", "VoieDeRequete", "par_un_lien", "sans_temoin", "voie_de"]

LECTURES = frozenset({"GET", "HEAD"})
"""Ce qu'un jeton ou un lien peut demander."""

LIEN = "lien"
"""Paramètre d'adresse qui porte le jeton d'un lien personnel."""


class VoieDeRequete(StrEnum):
    """Ce qui dit qui parle."""

    SESSION = "session"
    JETON = "jeton"
    LIEN = "lien"


def voie_de(exigence: Exigence) -> VoieDeRequete:
    """Voie de la requête en cours.

    :param exigence: ce que la route demande ; un lien n'en est un que là où elle l'accepte.
    """
    if request.headers.get("Authorization", "").lower().startswith("bearer"):
        return VoieDeRequete.JETON
    if exigence.lien_personnel and LIEN in request.args:
        return VoieDeRequete.LIEN
    return VoieDeRequete.SESSION


def par_un_lien() -> bool:
    """Vrai si la requête en cours vient d'un lien personnel : sa réponse n'est jamais une page."""
    return getattr(g.get("ent_requete"), "voie", None) is VoieDeRequete.LIEN


def sans_temoin(reponse: Response) -> None:
    """Ôte tout témoin d'une réponse : qui parle au nom d'une personne ne doit pas recevoir sa session.

    :param reponse: réponse prête.
    """
    reponse.headers.remove("Set-Cookie")
    session.modified = False
