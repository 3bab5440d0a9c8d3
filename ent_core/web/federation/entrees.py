"""Entrer par un fournisseur d'identité : partir chez lui, en revenir, relier son compte une fois."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.donnees.session import Portage
from ent_core.federation.client_http import PartenaireInjoignable
from ent_core.federation.client_oidc.client import ClientOidc
from ent_core.federation.client_oidc.refus import refuser
from ent_core.federation.demandes import DUREE, consommer, nom_du_temoin, ouvrir_demande, reprendre_demande
from ent_core.federation.entrees import Client
from ent_core.federation.evenement import EntreeRefusee, EvenementAuthentification
from ent_core.federation.liens import fermer_les_sessions
from ent_core.federation.porte import EnAttente, attendue, entrer_par, relier
from ent_core.federation.rapprochement import ecole_nommee
from ent_core.federation.saml.client import ClientSaml
from ent_core.identite.connexion import Refus
from ent_core.identite.journal import consigner
from ent_core.identite.suspensions import ProfilSuspendu
from ent_core.socle.erreurs import Introuvable
from ent_core.web.federation.choix import TEMOIN
from ent_core.web.federation.plans import adresse_publique, entree, poser_temoin_court, rappels
from ent_core.web.instance import instance
from ent_core.web.portail.acces import accueillir, origine
from ent_core.web.requete import requete, session_courante
from ent_core.web.routes import public
from ent_core.web.suite import suite_locale

__all__: list[str] = []

_RELIER = "ent_relier"
_UN_AN = 31_536_000
_ENTREE = "il faut pouvoir entrer"
_PORTAGE = Portage("connexion")


@entree.get("/<cle>")
@public(_ENTREE)
def partir(cle: str) -> Response:
    ent, client = instance(), instance().entrees.client(cle)
    suite = suite_locale(request.args.get("suite"))
    if requete().reconnue is not None:
        return redirect(suite)
    demande = ouvrir_demande(ent.coffre, ent.horloge, cle, suite)
    try:
        reponse = redirect(client.depart(demande, _retour(cle)))
    except (EntreeRefusee, PartenaireInjoignable) as refus:
        return _refuser(cle, refus, None)
    return _garder(reponse, demande.nom_du_temoin, demande.temoin, croise=isinstance(client, ClientSaml))


@entree.get("/<cle>/retour")
@public(_ENTREE)
def revenir(cle: str) -> Response:
    client = instance().entrees.client(cle)
    if isinstance(client, ClientSaml):
        return redirect(url_for("entree.partir", cle=cle))
    return _conclure(client, request.args.get("state", ""), _parametres)


@rappels.post("/<cle>/retour")
@public("un fournisseur SAML fait poster sa réponse signée par le navigateur")
def recevoir(cle: str) -> Response:
    """Ce que personne ici n'a demandé n'est pas lu : une demande repart, et la session chez lui y répond."""
    client, etat = instance().entrees.client(cle), request.form.get("RelayState", "")
    if not isinstance(client, ClientSaml) or nom_du_temoin(etat) not in request.cookies:
        return redirect(url_for("entree.partir", cle=cle), 303)
    return _conclure(client, etat, request.form.to_dict)


@entree.get("/<cle>/metadonnees")
@public("ce qu'un fournisseur SAML doit savoir de cet ENT")
def metadonnees(cle: str) -> Response:
    client = instance().entrees.client(cle)
    if not isinstance(client, ClientSaml):
        raise Introuvable("ce service de connexion n'a pas de métadonnées.", remede="vérifier l'adresse.")
    reponse = make_response(client.metadonnees(_retour(cle)))
    reponse.mimetype = "application/samlmetadata+xml"
    return reponse


def _conclure(client: Client, etat: str, lire: Callable[[], dict[str, str]]) -> Response:
    """La réponse d'un fournisseur, jusqu'à la session ouverte ; son état ne sert qu'une fois."""
    ent, cle = instance(), client.cle
    evenement: EvenementAuthentification | None = None
    temoin = nom_du_temoin(etat)
    # La réserve de connexions est petite : celle de la requête est rendue avant les échanges qui suivent.
    session_courante().commit()
    try:
        demande = reprendre_demande(ent.coffre, ent.horloge, cle, etat, request.cookies.get(temoin, ""))
        with ent.base.unite(_PORTAGE) as session:
            if not consommer(session, "entree", etat, demande.expire_le):
                raise refuser("rejeu", "sa réponse a déjà servi")
        evenement = client.conclure(lire(), demande, _retour(cle))
        resultat = entrer_par(ent.base, ent.horloge, client.fournisseur, evenement, origine())
    except (EntreeRefusee, PartenaireInjoignable) as refus:
        return _oublier(_refuser(cle, refus, evenement), temoin)
    except ProfilSuspendu:
        _consigner(cle, "profil", "ENT-PROFIL", evenement.attributs.uais if evenement else ())
        raise
    if isinstance(resultat, EnAttente):
        _consigner(cle, "", _code_d_attente(resultat.jeton), evenement.attributs.uais)
        suivante = redirect(url_for("entree.preuve", suite=demande.suite))
        return _oublier(_garder(suivante, _RELIER, resultat.jeton), temoin)
    reponse = accueillir(resultat, demande.suite)
    return _oublier(poser_temoin_court(reponse, TEMOIN, cle, _UN_AN, "/"), temoin)


@entree.get("/relier")
@public("relier son compte, une fois, à l'identité qu'un fournisseur vient de prouver")
def preuve() -> str | Response:
    return _page_relier()


@entree.post("/relier")
@public("relier son compte, une fois, à l'identité qu'un fournisseur vient de prouver")
def relier_compte() -> str | Response:
    ent, f = instance(), request.form
    session_courante().commit()
    jeton, identifiant = request.cookies.get(_RELIER, ""), f.get("identifiant", "")
    try:
        resultat = relier(
            ent.base, ent.horloge, ent.coffre, jeton, identifiant, f.get("mot_de_passe", ""), origine()
        )
    except EntreeRefusee as refus:
        return _oublier(_refuser("", refus, None), _RELIER)
    if isinstance(resultat, Refus):
        page = _page_relier(identifiant, resultat.message)
        return page if not isinstance(page, str) else make_response(page, 429 if resultat.attente else 401)
    flash("Votre compte est relié : la prochaine fois, vous entrerez directement.", "succes") if (
        resultat.liee
    ) else flash("Vous avez un second facteur : le lien se fera à votre prochaine entrée.", "info")
    return _oublier(accueillir(resultat.ouverture, f.get("suite", "")), _RELIER)


@rappels.post("/<cle>/sortie")
@public("un fournisseur annonce la fin d'une session, par un jeton signé (back-channel logout)")
def rappeler_sortie(cle: str) -> Response:
    """400 à tout ce qui n'est pas recevable, sans dire pourquoi ; le journal, lui, le dit."""
    ent, client = instance(), instance().entrees.client(cle)
    session_courante().commit()
    try:
        if not isinstance(client, ClientOidc):
            raise refuser("sortie", "ce fournisseur n'annonce pas les sorties")
        sortie = client.lire_sortie(request.form.get("logout_token"))
        emetteur = client.fournisseur.emetteur
        with ent.base.academie("connexion : sortie annoncée par un fournisseur") as session:
            if not consommer(session, emetteur, sortie.jti, sortie.expire_le):
                raise refuser("rejeu", "sa réponse a déjà servi")
            if not fermer_les_sessions(session, ent.horloge, emetteur, sortie.sid, sortie.sujet):
                raise refuser("sortie", "aucune session ne correspond")
    except EntreeRefusee as refus:
        _consigner(cle, refus.motif, "", None)
        return make_response("", 400)
    except PartenaireInjoignable:
        return make_response("", 502)
    return make_response("", 200)


def _parametres() -> dict[str, str]:
    """Paramètres de l'adresse de retour ; répété, un paramètre ne dit plus lequel croire."""
    if any(len(valeurs) > 1 for _, valeurs in request.args.lists()):
        raise refuser("reponse", "sa réponse répète un paramètre")
    return request.args.to_dict()


def _page_relier(identifiant: str = "", erreur: str = "") -> str | Response:
    jeton = request.cookies.get(_RELIER, "")
    evenement = attendue(session_courante(), instance().horloge, jeton)
    if evenement is None:
        return redirect(url_for("ent.connexion"))
    ecole = ecole_nommee(session_courante(), evenement.attributs.uais)
    return render_template(
        "federation/relier.html",
        fournisseur=instance().entrees.client(evenement.fournisseur).fournisseur.nom,
        ecole=ecole[1] if ecole else "",
        code=_code_d_attente(jeton),
        identifiant=identifiant,
        erreur=erreur,
        suite=request.values.get("suite", ""),
    )


def _refuser(
    cle: str, refus: EntreeRefusee | PartenaireInjoignable, evenement: EvenementAuthentification | None
) -> Response:
    """Une page que chacun comprend, un code pour l'assistance, une ligne de journal qui dit le vrai motif."""
    panne = isinstance(refus, PartenaireInjoignable)
    reference = f"{refus.code} · {secrets.token_hex(2).upper()}"
    uais = evenement.attributs.uais if evenement else ()
    motif = refus.motif if isinstance(refus, EntreeRefusee) else "panne"
    ecole = _consigner(cle, motif, reference, uais)
    page = render_template(
        "erreur.html",
        titre="Ce service de connexion ne répond pas" if panne else "Vous n'êtes pas connecté",
        message="le service par lequel vous entrez est en panne, ou trop lent." if panne else refus.message,
        remede="Réessayez dans quelques minutes, ou entrez avec un identifiant de l'ENT."
        if panne
        else refus.remede,
        contact=f"{ecole}. Donnez le code ci-dessous." if ecole else "",
        code=reference,
        retour=url_for("ent.connexion"),
        theme="auto",
    )
    return make_response(page, 503 if panne else refus.statut_http)


def _consigner(cle: str, motif: str, reference: str, uais: tuple[str, ...] | None) -> str:
    """Écrit le refus, ou le compte à relier, au journal de l'école nommée ; rend son nom."""
    ent = instance()
    with ent.base.unite(_PORTAGE) as session:
        ecole = ecole_nommee(session, uais) if uais else None
        details = {"fournisseur": cle, "code": reference}
        consigner(
            session,
            ent.horloge,
            "entree.refusee" if motif else "entree.a_relier",
            uai=ecole[0] if ecole else None,
            details={**details, "motif": motif} if motif else details,
            reseau=origine().adresse,
        )
    return ecole[1] if ecole else ""


def _code_d_attente(jeton: str) -> str:
    return f"ENT-RELIER · {hashlib.sha256(jeton.encode('utf-8', 'replace')).hexdigest()[:4].upper()}"


def _retour(cle: str) -> str:
    """Adresse de retour d'un fournisseur : la sienne, jamais partagée avec un autre."""
    return adresse_publique(url_for("entree.revenir", cle=cle))


def _garder(reponse: Response, nom: str, valeur: str, *, croise: bool = False) -> Response:
    return poser_temoin_court(reponse, nom, valeur, int(DUREE.total_seconds()), croise=croise)


def _oublier(reponse: Response, nom: str) -> Response:
    return poser_temoin_court(reponse, nom, "", 0)
