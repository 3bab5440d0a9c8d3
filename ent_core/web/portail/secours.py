"""« Je n'arrive pas à entrer » : selon qui l'on est, à qui demander ; et un lien à l'adresse prouvée."""

from __future__ import annotations

from uuid import uuid4

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from ent_core.donnees.session import Portage
from ent_core.identite import freinage, liens_secrets
from ent_core.identite.comptes import normaliser_identifiant
from ent_core.identite.freinage import Cibles
from ent_core.identite.liens_secrets import LienPerdu, Usage
from ent_core.identite.modeles import Compte
from ent_core.identite.refus import MotifRefus, Refus
from ent_core.identite.reseau import reseau_de
from ent_core.messages.poste import poste_de
from ent_core.messages.securite import demander_un_lien, liens_possibles
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.portail.acces import phrase, refuser
from ent_core.web.portail.avis import prevenir_le_titulaire
from ent_core.web.requete import session_courante
from ent_core.web.routes import public

__all__: list[str] = []

_MOTIF = "il faut pouvoir retrouver son compte sans y entrer"


@portail.get("/secours")
@public(_MOTIF)
def secours() -> str:
    return _page_secours()


@portail.post("/secours")
@public(_MOTIF)
def demander_secours() -> str | Response:
    """La même réponse et le même travail, que le compte existe ou non."""
    ent, saisi = instance(), request.form.get("identifiant", "")
    if not liens_possibles(poste_de(session_courante())):
        return _page_secours()
    nom = normaliser_identifiant(saisi)
    cibles = _cibles(nom)
    if attente := freinage.passer(ent.base, ent.horloge, cibles):
        refus = Refus(MotifRefus.ATTENTE, attente)
        return refuser(_page_secours(identifiant=saisi, erreur=refus.message), refus)
    freinage.echouer(ent.base, ent.horloge, cibles)
    with ent.base.unite(Portage("demande d'un lien")) as session:
        trouve = session.scalar(select(Compte.id).where(Compte.identifiant == nom))
        demander_un_lien(session, Usage.SECRET, trouve or uuid4())
    return _page_secours(identifiant=saisi, envoye=True)


@portail.get("/mot-de-passe")
@public(_MOTIF)
def reprise() -> str | tuple[str, int]:
    jeton = request.args.get("jeton", "")
    if not liens_secrets.lien_vivant(session_courante(), instance().horloge, Usage.SECRET, jeton):
        return _page_secours(perdu=True), 410
    return _page_reprise(jeton, {})


@portail.post("/mot-de-passe")
@public(_MOTIF)
def reprendre() -> str | Response | tuple[str, int]:
    ent, f = instance(), request.form
    jeton, nouveau = f.get("jeton", ""), f.get("nouveau", "")
    if nouveau != f.get("confirmation"):
        return _page_reprise(jeton, {"confirmation": "Les deux saisies diffèrent."}), 422
    try:
        with ent.base.unite(Portage("reprise")) as session:
            personne = liens_secrets.reprendre(session, ent.horloge, ent.coffre, jeton, nouveau)
    except LienPerdu:
        return _page_secours(perdu=True), 410
    except DonneeInvalide as refus:
        return _page_reprise(jeton, {"nouveau": phrase(refus)}), 422
    prevenir_le_titulaire(personne, url_for("ent.protection"))
    flash("Votre mot de passe est changé. Tous vos appareils sont déconnectés.", "succes")
    return redirect(url_for("ent.connexion"))


@portail.get("/adresse")
@public("un lien s'ouvre là où le courriel est lu, session ouverte ou non")
def adresse() -> str | tuple[str, int]:
    jeton = request.args.get("jeton", "")
    if not liens_secrets.lien_vivant(session_courante(), instance().horloge, Usage.ADRESSE, jeton):
        return render_template("compte/adresse.html", jeton="", perdu=True), 410
    return render_template("compte/adresse.html", jeton=jeton, perdu=False)


@portail.post("/adresse")
@public("un lien s'ouvre là où le courriel est lu, session ouverte ou non")
def confirmer_adresse() -> str | Response | tuple[str, int]:
    ent = instance()
    try:
        with ent.base.unite(Portage("adresse prouvée")) as session:
            personne = liens_secrets.confirmer_adresse(session, ent.horloge, request.form.get("jeton", ""))
    except LienPerdu:
        return render_template("compte/adresse.html", jeton="", perdu=True), 410
    prevenir_le_titulaire(personne, url_for("ent.protection"))
    flash("Votre adresse de secours est enregistrée.", "succes")
    return redirect(url_for("ent.protection"))


def _cibles(nom: str) -> Cibles:
    """Compteurs à part : demander un lien ne ralentit pas la connexion, ni l'inverse."""
    ent = instance()
    heure = ent.horloge.maintenant().strftime("%Y%m%d%H")
    return Cibles(
        ent.coffre.sceller("lien.compte", nom),
        reseau=ent.coffre.sceller("lien.reseau", reseau_de(request.remote_addr or ""), heure),
    )


def _page_secours(
    *, identifiant: str = "", erreur: str = "", envoye: bool = False, perdu: bool = False
) -> str:
    return render_template(
        "compte/secours.html",
        identifiant=identifiant,
        erreur=erreur,
        envoye=envoye,
        perdu=perdu,
        liens=liens_possibles(poste_de(session_courante())),
    )


def _page_reprise(jeton: str, erreurs: dict[str, str]) -> str:
    return render_template("compte/reprise.html", jeton=jeton, erreurs=erreurs)
