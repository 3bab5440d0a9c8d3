"""Conduire la personne jusqu'à un service : la faire entrer, la faire prouver, puis la lui envoyer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.identite.sessions import SessionReconnue
from ent_core.web.requete import requete
from ent_core.web.securite import CSP

__all__ = ["envoyer_par_formulaire", "faire_entrer", "faire_prouver", "mener", "prouvee_depuis"]


def faire_entrer(reconnue: SessionReconnue | None, suite: str) -> Response:
    """Vers la connexion, le second facteur ou le choix de l'établissement, puis de nouveau ici.

    :param reconnue: session, si elle est ouverte.
    :param suite: chemin local qui refait la même demande.
    """
    if reconnue is not None:
        return redirect(url_for("ent.contexte", suite=suite))
    page = "ent.verification" if requete().en_attente is not None else "ent.connexion"
    return redirect(url_for(page, suite=suite))


def faire_prouver(suite: str) -> Response:
    """Vers la page où l'on prouve de nouveau qui l'on est.

    :param suite: chemin local qui refait la même demande.
    """
    return redirect(url_for("ent.prouver", suite=suite))


def prouvee_depuis(reconnue: SessionReconnue, instant: datetime) -> bool:
    """La personne a prouvé qui elle est depuis cet instant.

    :param instant: moment, scellé, où le service l'a demandé.
    """
    return instant < (reconnue.prouvee_le or reconnue.creee_le)


def envoyer_par_formulaire(
    nom: str, adresse: str, champs: Mapping[str, str], *, affirme: bool = True
) -> Response:
    """Une page qui poste au service ce que l'ENT lui répond ; elle seule peut mener à cette adresse.

    :param nom: nom du service.
    :param adresse: adresse déclarée du service.
    :param champs: champs du formulaire.
    :param affirme: faux si la réponse ne dit rien de la personne.
    """
    page = make_response(
        render_template("federation/passage.html", nom=nom, adresse=adresse, champs=champs, affirme=affirme)
    )
    origine = "/".join(adresse.split("/")[:3])
    page.headers["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action {origine}")
    return page


def mener(nom: str, adresse: str, *, affirme: bool = True) -> Response:
    """Mène la personne au service : par une redirection ; par une page, après un formulaire d'ici.

    La politique de contenu interdit à un formulaire de l'ENT de mener ailleurs, même par redirection.

    :param nom: nom du service.
    :param adresse: adresse du service, réponse comprise.
    :param affirme: faux si la réponse ne dit rien de la personne.
    """
    if not _vient_d_un_formulaire():
        return redirect(adresse)
    return make_response(
        render_template("federation/passage.html", nom=nom, adresse=adresse, champs={}, affirme=affirme)
    )


def _vient_d_un_formulaire() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Referer", "").startswith(request.host_url)
