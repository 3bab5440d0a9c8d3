"""Un profil suspendu n'ouvre plus rien : une page dit pourquoi, et à qui s'adresser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, render_template, request

from ent_core.identite.suspensions import ProfilSuspendu, expliquer
from ent_core.web.erreurs import est_api, montrer, reference

if TYPE_CHECKING:
    from ent_core.web.requete import Requete
    from ent_core.web.routes import Exigence

__all__ = ["garder_le_profil", "installer"]

_PERMISES = frozenset({"ent.contexte", "ent.choisir_contexte"})
"""Choisir un autre profil reste possible ; sortir aussi, par une page publique."""


def garder_le_profil(courante: Requete, exigence: Exigence) -> None:
    """Refuse toute page qui demande une session, si le profil en vigueur est suspendu.

    Une page publique s'ouvre comme à un inconnu : elle ne donne aucun ticket à un autre service.

    :param courante: la requête.
    :param exigence: ce que la route demande.
    :raises ProfilSuspendu: la connexion de ce profil est suspendue.
    """
    reconnue = courante.reconnue
    if reconnue is None or not reconnue.suspendu or request.endpoint in _PERMISES:
        return
    if exigence.motif:
        courante.reconnue = courante.contexte = None
        return
    raise expliquer(courante.base, reconnue.uai or "", reconnue.profil or "")


def installer(application: Flask) -> None:
    """Branche la page d'un profil suspendu.

    :param application: application Flask.
    """
    application.register_error_handler(ProfilSuspendu, _page)


def _page(erreur: ProfilSuspendu) -> Response:
    if est_api():
        return montrer(erreur)
    return Response(
        render_template(
            "profil_suspendu.html", message=erreur.message, remede=erreur.remede,
            code=reference(erreur.code), theme="auto",
        ),
        erreur.statut_http,
    )  # fmt: skip
