"""Mon compte : apparence, appareils connectés, mot de passe."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import update
from werkzeug.wrappers import Response

from ent_core.identite import connexion, sessions
from ent_core.identite.connexion import Refus
from ent_core.identite.facteurs.epreuve import CLE
from ent_core.identite.modeles import Compte
from ent_core.identite.sessions import SessionOuverte, SessionReconnue
from ent_core.socle.dates import heure, jour_long
from ent_core.socle.erreurs import DonneeInvalide, Introuvable
from ent_core.web.federation.liens_affiches import liens_affiches
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.portail.acces import deconnexion
from ent_core.web.portail.avis import prevenir_le_titulaire
from ent_core.web.requete import contexte_courant, poser_temoin, requete, session_courante, temoin
from ent_core.web.routes import connecte

__all__ = ["AppareilAffiche"]

_MOYENS = {
    connexion.LOCALE: ", par mot de passe",
    CLE: ", par clé d'accès",
    "demonstration": ", en un clic",
}
_THEMES = ("auto", "clair", "sombre", "contraste")


@dataclass(frozen=True, slots=True)
class AppareilAffiche:
    """Une session, dans les mots de la personne."""

    cle: str
    appareil: str
    depuis: str
    derniere: str
    ou: str
    courante: bool


@portail.get("/compte")
@connecte()
def mon_compte() -> str:
    return _page({})


@portail.post("/theme")
@connecte()
def theme() -> Response:
    choisi = request.form.get("theme", "auto")
    session_courante().execute(
        update(Compte)
        .where(Compte.id == _reconnue().compte_id)
        .values(theme=choisi if choisi in _THEMES else "auto")
    )
    flash("Vos couleurs sont gardées.", "succes")
    return redirect(url_for("ent.mon_compte"))


def _page(erreurs: dict[str, str]) -> str:
    ent, reconnue = instance(), _reconnue()
    ouvertes = sessions.lister(
        session_courante(), ent.horloge, ent.configuration.sessions, reconnue.compte_id
    )
    return render_template(
        "mon_compte.html",
        sessions=_afficher(ouvertes, reconnue.id),
        erreurs=erreurs,
        enfants=requete().contexte is not None
        and ent.habilitations.autorise(contexte_courant(), "noyau.comptes_enfants"),
        liens=liens_affiches(session_courante(), reconnue.personne_id),
        mot_de_passe_local=reconnue.methode in (connexion.LOCALE, CLE),
    )


def _reconnue() -> SessionReconnue:
    reconnue = requete().reconnue
    assert reconnue is not None  # noqa: S101 - garanti par @connecte
    return reconnue


def _afficher(ouvertes: list[SessionOuverte], courante: UUID) -> list[AppareilAffiche]:
    ici = next((o.reseau for o in ouvertes if o.id == courante), "")
    return [
        AppareilAffiche(
            str(ouverte.id),
            ouverte.appareil or "Appareil inconnu",
            f"{jour_long(ouverte.creee_le)} à {heure(ouverte.creee_le)}{_MOYENS.get(ouverte.methode, '')}",
            f"à {heure(ouverte.vue_le)}",
            "le même réseau que maintenant" if ouverte.reseau == ici else "un autre réseau",
            ouverte.id == courante,
        )
        for ouverte in ouvertes
    ]


@portail.post("/compte")
@connecte()
def modifier_compte() -> str | Response | tuple[str, int]:
    match request.form.get("acte"):
        case "revoquer_session":
            return _revoquer(request.form.get("session", type=UUID))
        case "revoquer_autres":
            nombre = sessions.fermer_autres(session_courante(), instance().horloge, request.cookies[temoin()])
            flash(
                "Un appareil est déconnecté." if nombre == 1 else f"{nombre} appareils sont déconnectés.",
                "succes",
            )
            return redirect(url_for("ent.mon_compte"))
        case "partout":
            sessions.fermer_autres(session_courante(), instance().horloge, requete().jeton)
            return deconnexion()
        case _:
            return _changer_secret()


def _revoquer(identifiant: UUID | None) -> Response:
    if identifiant is None:
        raise Introuvable("cet appareil n'est plus connecté.", remede="rafraîchir la page.")
    sessions.fermer_une(session_courante(), instance().horloge, _reconnue().compte_id, identifiant)
    flash("Cet appareil est déconnecté.", "succes")
    return redirect(url_for("ent.mon_compte"))


def _changer_secret() -> Response | tuple[str, int]:
    ent, f = instance(), request.form
    if f.get("nouveau") != f.get("confirmation"):
        return _page({"confirmation": "Les deux saisies diffèrent."}), 422
    try:
        jeton = connexion.changer_secret(
            ent.base, session_courante(), ent.horloge, ent.coffre, request.cookies[temoin()],
            f.get("actuel", ""), f.get("nouveau", ""),
        )  # fmt: skip
    except DonneeInvalide as refus:
        return _page({"actuel" if refus.lieu == "ancien" else "nouveau": refus.message}), 422
    if isinstance(jeton, Refus):
        return _page({"actuel": jeton.message}), 429
    requete().base.commit()
    prevenir_le_titulaire(_reconnue().personne_id, url_for("ent.protection"))
    flash("Votre mot de passe est changé. Vos autres appareils sont déconnectés.", "succes")
    return poser_temoin(redirect(url_for("ent.mon_compte")), jeton)
