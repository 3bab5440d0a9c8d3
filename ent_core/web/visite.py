"""La visite de l'assistance : elle lit des pages de briques, et rien d'autre.

Tout ce qui n'est pas permis ici est refusé : écrire, l'API, le compte, les messages, les droits,
l'administration. Une lecture ne laisse rien non plus : sa transaction est défaite. Ce qui est sensible, le
tourniquet le refuse.
"""

from __future__ import annotations

from flask import request

from ent_core.identite.lecture_session import SessionReconnue
from ent_core.socle.erreurs import ErreurEnt
from ent_core.web.erreurs import est_api
from ent_core.web.routes import Exigence

__all__ = ["VisiteLimitee", "garder_la_visite", "lecture_de_visite"]

_SORTIES = frozenset({"ent.deconnexion", "ent.finir_visite"})
_LECTURES = frozenset({"GET", "HEAD", "OPTIONS"})
_NOYAU = "noyau."


class VisiteLimitee(ErreurEnt):
    """L'assistance a demandé autre chose que de lire une page."""

    code = "ENT-VISITE"
    statut_http = 403


def garder_la_visite(reconnue: SessionReconnue | None, exigence: Exigence) -> None:
    """Refuse à l'assistance tout ce qui n'est pas une page à lire.

    :param reconnue: session de la requête.
    :param exigence: ce que la route demande.
    :raises VisiteLimitee: écriture, API, compte, administration, acte sensible.
    """
    if reconnue is None or reconnue.support is None or request.endpoint in _SORTIES:
        return
    page_de_brique = bool(exigence.permission) and not exigence.permission.startswith(_NOYAU)
    a_lire = request.endpoint == "ent.accueil" or bool(exigence.motif) or page_de_brique
    if request.method not in _LECTURES or est_api() or exigence.reauthentification or not a_lire:
        raise VisiteLimitee(
            "l'assistance lit des pages ; elle n'écrit rien, et n'ouvre ni le compte, ni les messages, ni"
            " l'administration.",
            remede="finir la visite, par le bandeau, pour agir sous son nom.",
        )


def lecture_de_visite(reconnue: SessionReconnue | None) -> bool:
    """Vrai si la transaction de la requête est à défaire : une visite n'écrit rien.

    :param reconnue: session de la requête.
    """
    return reconnue is not None and reconnue.support is not None and request.method in _LECTURES
