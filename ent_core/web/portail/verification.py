"""La seconde preuve de la connexion, la preuve nouvelle avant un acte sensible, l'entrée par clé d'accès."""

from __future__ import annotations

import secrets

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from ent_core.donnees.session import Portage
from ent_core.identite import cadence, connexion
from ent_core.identite.connexion import Authentification
from ent_core.identite.facteurs import cles, inventaire
from ent_core.identite.facteurs.defis import Usage
from ent_core.identite.facteurs.epreuve import CLE
from ent_core.identite.facteurs.politique import DOUBLE
from ent_core.identite.lecture_session import SessionReconnue
from ent_core.identite.refus import MotifRefus, Refus
from ent_core.identite.reseau import reseau_de
from ent_core.identite.suspensions import ProfilSuspendu
from ent_core.socle.erreurs import DonneeInvalide, Introuvable
from ent_core.web import preuve
from ent_core.web.instance import instance
from ent_core.web.lieu import lieu_des_cles
from ent_core.web.portail import portail
from ent_core.web.portail.acces import accueillir, origine, page_connexion, refuser
from ent_core.web.requete import horloge_courante, requete, session_courante
from ent_core.web.routes import connecte, public
from ent_core.web.suite import suite_locale

__all__ = ["json_de_cle", "lieu"]

_DEFI = "ent_defi"
_DUREE = 300
_DEFIS_PAR_MINUTE = 300
"""Défis donnés à un réseau : un établissement entier n'a souvent qu'une adresse."""


@portail.get("/connexion/verification")
@connecte(attente=True)
def verification() -> str | Response:
    attendue = requete().en_attente
    if attendue is None:
        return redirect(suite_locale(request.args.get("suite")))
    if not inventaire.a_un_facteur(session_courante(), attendue.compte_id):
        return redirect(url_for("ent.facteurs", suite=request.args.get("suite") or None))
    return _page_verification(attendue, request.args.get("suite", ""))


@portail.post("/connexion/verification")
@connecte(attente=True)
def verifier() -> Response:
    attendue, suite = requete().en_attente, request.form.get("suite", "")
    if attendue is None:
        return redirect(suite_locale(suite))
    resultat = preuve.essayer(instance(), requete(), attendue)
    if isinstance(resultat, str):
        return redirect(suite_locale(suite))
    return refuser(_page_verification(attendue, suite, resultat.message), resultat)


@portail.get("/compte/preuve")
@connecte()
def demander_preuve() -> Response:
    return _demander(None, suite_locale(request.args.get("suite")))


@portail.post("/compte/preuve")
@connecte()
def prouver() -> Response:
    suite = suite_locale(request.form.get("suite"))
    resultat = preuve.essayer(instance(), requete(), _ouverte())
    return redirect(suite) if isinstance(resultat, str) else _demander(resultat, suite)


@portail.post("/compte/preuve/cle")
@connecte(attente=True)
def demander_une_preuve() -> Response:
    """Le défi auquel la clé d'accès doit répondre, à l'entrée ou avant un acte sensible."""
    qui = requete().reconnue or requete().en_attente
    if qui is None:
        raise Unauthorized
    return json_de_cle(
        cles.demander_preuve(
            session_courante(), horloge_courante(), lieu(), str(qui.id), Usage.PROUVER, qui.compte_id
        )
    )


@portail.post("/connexion/cle/defi")
@public("entrer par une clé d'accès, sans mot de passe")
def demander_une_entree() -> Response:
    ent, navigateur = instance(), secrets.token_urlsafe(32)
    cible = ent.coffre.sceller("cadence.defi", reseau_de(request.remote_addr or ""))
    with ent.base.unite(Portage("connexion")) as session:
        cadence.mesurer(session, ent.horloge, cible, _DEFIS_PAR_MINUTE)
    reponse = json_de_cle(
        cles.demander_preuve(session_courante(), horloge_courante(), lieu(), navigateur, Usage.ENTRER)
    )
    reponse.set_cookie(
        _DEFI, navigateur, max_age=_DUREE, httponly=True, secure=ent.configuration.serveur.securise,
        samesite="Strict", path="/connexion",
    )  # fmt: skip
    return reponse


@portail.post("/connexion/cle")
@public("entrer par une clé d'accès, sans mot de passe")
def entrer_par_cle() -> Response:
    ent, suite, compte_id = instance(), request.form.get("suite", ""), None
    try:
        with ent.base.unite(Portage("connexion")) as session:
            compte_id = cles.verifier(
                ent.base, session, ent.horloge, lieu(), navigateur=request.cookies.get(_DEFI, ""),
                usage=Usage.ENTRER, reponse=request.form.get("reponse", ""),
            )  # fmt: skip
            entrant = Authentification(CLE, str(compte_id), amr=(DOUBLE,))
            ouverture = connexion.entrer(session, ent.horloge, entrant, origine())
    except DonneeInvalide:
        ouverture = None
    except ProfilSuspendu:
        connexion.consigner_profil_suspendu(ent.base, ent.horloge, origine(), compte_id)
        raise
    if ouverture is None:
        refus = Refus(MotifRefus.CLE)
        return refuser(page_connexion(erreur=refus.message, suite=suite), refus)
    reponse = accueillir(ouverture, suite)
    reponse.delete_cookie(_DEFI, path="/connexion")
    return reponse


def lieu() -> cles.Lieu:
    """Ce à quoi les clés d'accès sont liées.

    :raises Introuvable: elles ne sont pas ouvertes à cette adresse.
    """
    trouve = lieu_des_cles(instance())
    if trouve is None:
        raise Introuvable(
            "les clés d'accès ne sont pas ouvertes à cette adresse.", remede="employer un autre moyen."
        )
    return trouve


def json_de_cle(demande: str) -> Response:
    """Ce que le navigateur demandera à la clé.

    :param demande: JSON préparé par ``cles``.
    """
    return make_response(demande, 200, {"Content-Type": "application/json"})


def _page_verification(attendue: SessionReconnue, suite: str, erreur: str = "") -> str:
    moyens = inventaire.moyens(session_courante(), attendue.compte_id)
    ouvertes = moyens.cles > 0 and lieu_des_cles(instance()) is not None
    return render_template(
        "securite/verification.html", moyens=moyens, cles=ouvertes, erreur=erreur, suite=suite
    )


def _demander(refus: Refus | None, suite: str) -> Response:
    return preuve.demander(
        instance(), requete(), _ouverte(), refus, adresse=url_for("ent.prouver"), suite=suite
    )


def _ouverte() -> SessionReconnue:
    reconnue = requete().reconnue
    assert reconnue is not None  # noqa: S101 - garanti par @connecte
    return reconnue
