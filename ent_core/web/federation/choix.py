"""« Je suis… » : choisir par où entrer, par ce que l'on est et non par le nom d'une technique."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.contrat.fournisseurs import PUBLICS
from ent_core.federation.entrees import Client
from ent_core.web.instance import instance

__all__ = ["TEMOIN", "VoieAffichee", "choisir"]

TEMOIN = "ent_par_ou"
"""Témoin qui retient, sur un appareil, la dernière entrée qui a réussi."""

_LOCAL = "local"


@dataclass(frozen=True, slots=True)
class VoieAffichee:
    """Une entrée à choisir.

    :param precision: ce que l'on trouvera derrière.
    """

    texte: str
    url: str
    precision: str = ""


def choisir(suite: str) -> str | Response | None:
    """Page de choix, ou départ vers un fournisseur ; ``None`` pour l'entrée par identifiant de l'ENT.

    :param suite: adresse où aller ensuite.
    """
    entrees, uai = instance().entrees, request.args.get("uai", "")[:8]
    propose = request.args.get("idp_hint", "")
    if any(client.cle == propose for client in entrees.tous):
        return redirect(_vers(propose, suite))
    je_suis = request.args.get("je_suis", "")
    if not entrees.tous or je_suis == _LOCAL:
        return None
    if je_suis in PUBLICS:
        clients = entrees.pour(je_suis, uai)
        if not clients:
            return None
        return _page([_voie(client, suite) for client in clients], suite, public=PUBLICS[je_suis])
    publics = [
        VoieAffichee(libelle, _je_suis(public, clients, suite, uai), _avec(clients))
        for public, libelle in PUBLICS.items()
        for clients in [entrees.pour(public, uai)]
    ]
    return _page(publics, suite, connue=_deja_prise(suite))


def _page(
    voies: list[VoieAffichee], suite: str, *, public: str = "", connue: VoieAffichee | None = None
) -> str:
    return render_template(
        "federation/je_suis.html",
        voies=voies,
        public=public,
        connue=connue,
        local=url_for("ent.connexion", je_suis=_LOCAL, suite=suite or None),
        recommencer=url_for("ent.connexion", suite=suite or None),
    )


def _je_suis(public: str, clients: tuple[Client, ...], suite: str, uai: str) -> str:
    """Un seul fournisseur : on y va sans second écran."""
    if len(clients) == 1:
        return _vers(clients[0].cle, suite)
    return url_for("ent.connexion", je_suis=public, suite=suite or None, uai=uai or None)


def _avec(clients: tuple[Client, ...]) -> str:
    noms = [client.fournisseur.nom for client in clients]
    return f"avec {' ou '.join(noms)}" if noms else "avec un identifiant de l'ENT"


def _deja_prise(suite: str) -> VoieAffichee | None:
    cle = request.cookies.get(TEMOIN, "")
    connus = [client for client in instance().entrees.tous if client.cle == cle]
    return VoieAffichee(f"Continuer avec {connus[0].fournisseur.nom}", _vers(cle, suite)) if connus else None


def _voie(client: Client, suite: str) -> VoieAffichee:
    return VoieAffichee(client.fournisseur.nom, _vers(client.cle, suite))


def _vers(cle: str, suite: str) -> str:
    return url_for("entree.partir", cle=cle, suite=suite or None)
