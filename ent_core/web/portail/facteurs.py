"""« Second facteur » : les voir, en ajouter, les nommer, les retirer ; et ce que l'assistance a vu."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from flask import flash, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response

from ent_core.donnees.session import changer_portage, portage
from ent_core.identite import sessions, visites
from ent_core.identite.contextes import contextes_possibles
from ent_core.identite.facteurs import application, cles, inventaire, politique, secours
from ent_core.identite.facteurs.inventaire import FacteurLu
from ent_core.identite.facteurs.politique import Exigence, Obligation
from ent_core.identite.lecture_session import SessionReconnue
from ent_core.messages.securite import prevenir_de_la_securite
from ent_core.socle.dates import heure, jour_court, jour_long
from ent_core.socle.erreurs import AccesRefuse
from ent_core.web.instance import instance
from ent_core.web.lieu import lieu_des_cles
from ent_core.web.portail import portail
from ent_core.web.portail.verification import json_de_cle, lieu
from ent_core.web.requete import changer_jeton, horloge_courante, requete, session_courante
from ent_core.web.routes import connecte
from ent_core.web.suite import suite_locale

__all__ = ["FacteurAffiche", "VisiteAffichee", "retirer"]


@dataclass(frozen=True, slots=True)
class FacteurAffiche:
    """Un facteur, dans les mots de la personne."""

    id: UUID
    genre: str
    nom: str
    cree: str
    servi: str


@dataclass(frozen=True, slots=True)
class VisiteAffichee:
    """Une visite de l'assistance, dans les mots de la personne."""

    quand: str
    qui: str
    demande: str
    motif: str


@portail.get("/compte/facteurs")
@connecte(attente=True)
def facteurs() -> str:
    session, qui = session_courante(), _titulaire()
    regle = _regle(qui)
    return render_template(
        "securite/facteurs.html",
        facteurs=_affiches(inventaire.lister(session, qui.compte_id)),
        moyens=inventaire.moyens(session, qui.compte_id),
        cles=lieu_des_cles(instance()) is not None,
        exigence=regle.obligation.value,
        des_le=jour_court(regle.des_le) if regle.des_le else "",
        attente=requete().reconnue is None,
        visites=_visites(qui) if requete().reconnue else [],
    )


@portail.post("/compte/facteurs/application")
@connecte(attente=True, reauthentification=True)
def preparer_application() -> str:
    ent, qui = instance(), _titulaire()
    preparation = application.preparer(
        session_courante(), ent.horloge, qui.compte_id, qui.personne_id, qui.identifiant,
        ent.configuration.produit,
    )  # fmt: skip
    return render_template("securite/application.html", preparation=preparation, erreur="")


@portail.post("/compte/facteurs/application/<uuid:facteur_id>")
@connecte(attente=True, reauthentification=True)
def confirmer_application(facteur_id: UUID) -> Response:
    ent, qui, session = instance(), _titulaire(), session_courante()
    premier = not inventaire.a_un_facteur(session, qui.compte_id)
    saisi, nom = request.form.get("code", ""), request.form.get("nom", "")
    if application.confirmer(session, ent.horloge, qui.compte_id, facteur_id, saisi, nom):
        return _ajoute(qui, premier, "application")
    preparation = application.reprendre(
        session, qui.compte_id, facteur_id, qui.identifiant, ent.configuration.produit
    )
    erreur = (
        "Ce code n'est pas celui que l'application donne maintenant. Attendez le suivant, puis recopiez-le."
    )
    page = render_template("securite/application.html", preparation=preparation, erreur=erreur)
    return make_response(page, 422)


@portail.post("/compte/facteurs/cle/defi")
@connecte(attente=True, reauthentification=True)
def demander_un_ajout() -> Response:
    """Le défi auquel la clé à ajouter doit répondre."""
    qui = _titulaire()
    return json_de_cle(
        cles.demander_ajout(
            session_courante(), horloge_courante(), lieu(), str(qui.id), qui.compte_id, qui.identifiant
        )
    )


@portail.post("/compte/facteurs/cle")
@connecte(attente=True, reauthentification=True)
def ajouter_cle() -> Response:
    ent, qui, session = instance(), _titulaire(), session_courante()
    premier = not inventaire.a_un_facteur(session, qui.compte_id)
    cles.ajouter(
        ent.base, session, ent.horloge, lieu(), navigateur=str(qui.id), compte_id=qui.compte_id,
        personne_id=qui.personne_id, reponse=request.form.get("reponse", ""), nom=request.form.get("nom", ""),
    )  # fmt: skip
    return _ajoute(qui, premier, "cle")


@portail.post("/compte/facteurs/<uuid:facteur_id>/renommer")
@connecte()
def renommer_facteur(facteur_id: UUID) -> Response:
    inventaire.renommer(session_courante(), _titulaire().compte_id, facteur_id, request.form.get("nom", ""))
    return redirect(url_for("ent.facteurs"))


@portail.post("/compte/facteurs/<uuid:facteur_id>/retirer")
@connecte(reauthentification=True)
def retirer_facteur(facteur_id: UUID) -> Response:
    retirer(facteur_id)
    flash("Il est retiré. Vos autres appareils sont déconnectés.", "succes")
    return redirect(url_for("ent.facteurs"))


@portail.post("/compte/facteurs/secours")
@connecte(reauthentification=True)
def renouveler_secours() -> str:
    qui = _titulaire()
    if not inventaire.a_un_facteur(session_courante(), qui.compte_id):
        _refuser("les codes de secours accompagnent un second facteur.", "en ajouter un d'abord.")
    return _codes(qui, premier=False)


def retirer(facteur_id: UUID) -> None:
    """Retire un facteur de la personne connectée, ferme ses autres sessions, la prévient.

    :param facteur_id: facteur.
    """
    qui, session, horloge = _titulaire(), session_courante(), horloge_courante()
    oblige = _regle(qui).obligation is Obligation.EXIGEE
    inventaire.retirer(session, horloge, qui.compte_id, qui.personne_id, facteur_id, oblige=oblige)
    sessions.fermer_autres(session, horloge, requete().jeton)
    _prevenir(qui)


def _ajoute(qui: SessionReconnue, premier: bool, moyen: str) -> Response:
    """Un facteur de plus : les autres sessions se ferment, celle-ci monte, la personne est prévenue."""
    session, horloge = session_courante(), horloge_courante()
    sessions.fermer_autres(session, horloge, requete().jeton)
    _prevenir(qui)
    page = _codes(qui, premier=True) if premier else None
    changer_jeton(sessions.elever(session, horloge, requete().jeton, moyen, sessions.DEUX_PREUVES))
    if page is not None:
        return make_response(page)
    flash("Votre second facteur est ajouté. Vos autres appareils sont déconnectés.", "succes")
    return redirect(url_for("ent.facteurs"))


def _codes(qui: SessionReconnue, *, premier: bool) -> str:
    ent = instance()
    codes = secours.renouveler(session_courante(), ent.horloge, ent.coffre, qui.compte_id, qui.personne_id)
    suite = suite_locale("") if requete().reconnue is None else url_for("ent.facteurs")
    return render_template(
        "securite/secours.html", codes=codes, identifiant=qui.identifiant, premier=premier, suite=suite
    )


def _titulaire() -> SessionReconnue:
    """La personne, entrée ; ou qui doit ajouter son premier facteur pour entrer."""
    courante = requete()
    if courante.reconnue is not None:
        return courante.reconnue
    if courante.en_attente is None:
        raise Unauthorized
    if inventaire.a_un_facteur(courante.base, courante.en_attente.compte_id):
        # Sans cela, qui a volé le mot de passe ajouterait son propre facteur.
        _refuser("votre connexion attend encore votre second facteur.", "le donner d'abord.")
    return courante.en_attente


def _refuser(message: str, remede: str) -> NoReturn:
    raise AccesRefuse(message, remede=remede)


def _regle(qui: SessionReconnue) -> Exigence:
    jour = horloge_courante().aujourd_hui()
    contextes = contextes_possibles(session_courante(), qui.personne_id, jour)
    return politique.exigence_de(session_courante(), qui.personne_id, contextes, jour)


def _prevenir(qui: SessionReconnue) -> None:
    """Prévient par l'établissement en vigueur ; à défaut, par le premier où la personne agit."""
    session = session_courante()
    avant = portage(session).uai
    titres = contextes_possibles(session, qui.personne_id, horloge_courante().aujourd_hui())
    uai = avant or next((titre.uai for titre in titres), "")
    if uai:
        changer_portage(session, uai=uai)
        prevenir_de_la_securite(session, [qui.personne_id], url_for("ent.facteurs"))
        changer_portage(session, uai=avant)


def _affiches(lus: Iterable[FacteurLu]) -> list[FacteurAffiche]:
    return [
        FacteurAffiche(
            lu.id, lu.genre, lu.nom, f"le {jour_long(lu.cree_le)}",
            f"le {jour_long(lu.servi_le)} à {heure(lu.servi_le)}" if lu.servi_le else "",
        )
        for lu in lus
    ]  # fmt: skip


def _visites(qui: SessionReconnue) -> list[VisiteAffichee]:
    return [
        VisiteAffichee(
            f"{jour_long(lue.ouvert_le)} à {heure(lue.ouvert_le)}",
            "Comme vous" if lue.personne_id == qui.personne_id else f"Comme {lue.prenom or ''} {lue.nom}",
            lue.demande,
            visites.MOTIFS[lue.motif].lower(),
        )
        for lue in visites.lister(session_courante(), qui.personne_id, horloge_courante().aujourd_hui())
    ]
