"""Protéger mon compte : adresse de secours, connexions à reconnaître, tout fermer."""

from __future__ import annotations

import re
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from ent_core.identite import appareils, comptes, freinage, liens_secrets
from ent_core.identite.freinage import Cibles
from ent_core.identite.liens_secrets import Usage
from ent_core.identite.refus import MotifRefus, Refus
from ent_core.identite.sessions import SessionReconnue
from ent_core.messages.poste import poste_de
from ent_core.messages.securite import demander_un_lien, liens_possibles
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.portail.acces import refuser
from ent_core.web.requete import requete, session_courante, temoin
from ent_core.web.routes import connecte

__all__: list[str] = []

_ADRESSE = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")


@portail.get("/compte/protection")
@connecte()
def protection() -> str:
    return _page({})


@portail.post("/compte/adresse")
@connecte(reauthentification=True)
def donner_adresse() -> str | Response | tuple[str, int]:
    """Envoie à l'adresse donnée le lien qui la prouve ; vide, l'adresse est retirée."""
    session, moi, ent = session_courante(), _moi(), instance()
    adresse = request.form.get("adresse", "").strip()
    if not adresse:
        liens_secrets.oublier_adresse(session, ent.horloge, moi.compte_id, moi.personne_id)
        flash("Vous n'avez plus d'adresse de secours.", "succes")
        return redirect(url_for("ent.protection"))
    if len(adresse) > 200 or not adresse.isprintable() or not _ADRESSE.fullmatch(adresse):
        return _page({"adresse": "Écrivez une adresse, par exemple camille@exemple.fr."}), 422
    # Chaque demande écrit à une adresse que personne n'a encore prouvée : on n'en inonde pas un inconnu.
    cibles = Cibles(ent.coffre.sceller("lien.adresse", str(moi.compte_id)))
    if attente := freinage.passer(ent.base, ent.horloge, cibles):
        refus = Refus(MotifRefus.ATTENTE, attente)
        return refuser(_page({"adresse": refus.message}), refus)
    liens_secrets.creer_lien(session, ent.horloge, Usage.ADRESSE, moi.compte_id, moi.personne_id, adresse)
    demander_un_lien(session, Usage.ADRESSE, moi.compte_id)
    flash("Un lien vient de partir à cette adresse. Ouvrez-le dans l'heure pour la confirmer.", "succes")
    return redirect(url_for("ent.protection"))


@portail.post("/compte/securite")
@connecte(reauthentification=True)
def me_mettre_en_securite() -> Response:
    moi, ent = _moi(), instance()
    comptes.mettre_en_securite(
        session_courante(), ent.horloge, moi.compte_id, uai=moi.uai, acteur=moi.personne_id
    )
    return _sortir()


@portail.get("/compte/appareils/<uuid:avis_id>")
@connecte()
def appareil_inconnu(avis_id: UUID) -> str:
    avis = appareils.lire_avis(session_courante(), _moi().compte_id, avis_id)
    return render_template("compte/appareil.html", avis=avis)


@portail.post("/compte/appareils/<uuid:avis_id>")
@connecte()
def repondre_appareil(avis_id: UUID) -> Response:
    moi, c_est_moi = _moi(), request.form.get("reponse") == "moi"
    appareils.repondre(session_courante(), instance().horloge, moi.compte_id, avis_id, c_est_moi=c_est_moi)
    if not c_est_moi:
        return _sortir()
    flash("Merci. Cet appareil est reconnu.", "succes")
    return redirect(url_for("ent.protection"))


def _sortir() -> Response:
    """Le compte est fermé partout, ici compris."""
    reponse = redirect(url_for("ent.secours"))
    reponse.delete_cookie(temoin(), path="/", secure=instance().configuration.serveur.securise)
    flash(
        "Votre compte est en sécurité, tout est déconnecté. Un nouveau code vous y ramènera.",
        "succes",
    )
    return reponse


def _page(erreurs: dict[str, str]) -> str:
    session, moi = session_courante(), _moi()
    return render_template(
        "compte/protection.html",
        adresse=liens_secrets.adresse_verifiee(session, moi.compte_id),
        liens=liens_possibles(poste_de(session)),
        avis=appareils.lister_avis(session, moi.compte_id),
        erreurs=erreurs,
        saisie=request.form,
    )


def _moi() -> SessionReconnue:
    reconnue = requete().reconnue
    assert reconnue is not None  # noqa: S101 - garanti par @connecte
    return reconnue
