"""Mes messages, et par où je veux être prévenu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from ent_core.identite.modeles import Personne
from ent_core.messages import boite, preferences
from ent_core.messages.boite import Recu
from ent_core.messages.canaux import Canal, ouverts
from ent_core.messages.poste import Poste, poste_de
from ent_core.messages.preferences import Preference
from ent_core.socle.calendrier import FUSEAU
from ent_core.web.messages import messages
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import exige
from ent_core.web.suite import suite_locale

__all__ = ["ouvrir", "page_liste", "page_preferences"]

PERMISSION = "noyau.mes_messages"
_CHOIX = (
    ("", "Comme l'établissement le propose"),
    ("ent", "Dans l'ENT seulement"),
    ("courriel:aussitot", "Par courriel, aussitôt"),
    ("courriel:jour", "Par courriel, un résumé par jour"),
    ("sms:aussitot", "Par SMS, aussitôt"),
    ("sms:jour", "Par SMS, un résumé par jour"),
    ("papier", "Sur papier"),
)


@dataclass(frozen=True, slots=True)
class _Jour:
    """Les messages d'un jour, pour la page."""

    date: date
    elements: Sequence[Recu]


@messages.get("/", endpoint="liste")
@exige(PERMISSION)
def page_liste() -> str:
    session = session_courante()
    recus = boite.recus(session, poste_de(session), contexte_courant())
    jours = [
        _Jour(jour, list(siens))
        for jour, siens in groupby(recus, key=lambda recu: recu.recu_le.astimezone(FUSEAU).date())
    ]
    return render_template("messages/liste.html", jours=jours, nouveaux=sum(not recu.vu for recu in recus))


@messages.get("/<uuid:message_id>", endpoint="ouvrir")
@exige(PERMISSION)
def ouvrir(message_id: UUID) -> Response:
    """Mène à la page dont le message prévient ; il n'est plus rappelé."""
    session = session_courante()
    lien = boite.ouvrir(session, poste_de(session), contexte_courant(), message_id)
    return redirect(suite_locale(lien))


@messages.post("/vus", endpoint="tout_voir")
@exige(PERMISSION)
def tout_voir() -> Response:
    session = session_courante()
    boite.tout_voir(session, poste_de(session), contexte_courant())
    return redirect(url_for("messages.liste"), 303)


@messages.get("/notifications", endpoint="preferences")
@exige(PERMISSION)
def page_preferences() -> str:
    session, contexte = session_courante(), contexte_courant()
    poste = poste_de(session)
    gardees = preferences.preferences(session, contexte.personne_id)
    courriel, mobile = session.execute(
        select(Personne.courriel, Personne.mobile).where(Personne.id == contexte.personne_id)
    ).one()
    return render_template(
        "messages/preferences.html", sujets=_sujets(poste), choix=_proposes(poste),
        gardees={sujet: _valeur(gardee) for sujet, gardee in gardees.items()},
        courriel=courriel, mobile=mobile, canaux={canal.value for canal in ouverts(poste)},
    )  # fmt: skip


@messages.post("/notifications")
@exige(PERMISSION)
def garder_preferences() -> Response:
    session = session_courante()
    poste = poste_de(session)
    recus = {sujet: request.form.get(sujet) for sujet in _sujets(poste)}
    voulus = {sujet: _lire(valeur) for sujet, valeur in recus.items() if valeur is not None}
    preferences.garder(session, poste, contexte_courant().personne_id, voulus)
    flash("Vos choix sont gardés.", "succes")
    return redirect(url_for("messages.preferences"), 303)


def _sujets(poste: Poste) -> Mapping[str, str]:
    """Sujets des briques ouvertes ici dont on prévient cette personne, par libellé."""
    contexte = contexte_courant()
    ici = {
        sujet.cle: sujet.libelle
        for sujet in poste.sujets.values()
        if sujet.cle.partition(".")[0] in contexte.briques
        and (not sujet.pour or not contexte.roles.isdisjoint(sujet.pour))
    }
    return dict(sorted(ici.items(), key=lambda paire: (paire[1], paire[0])))


def _proposes(poste: Poste) -> list[tuple[str, str]]:
    canaux = {"", *(canal.value for canal in ouverts(poste))}
    return [(valeur, libelle) for valeur, libelle in _CHOIX if valeur.partition(":")[0] in canaux]


def _valeur(gardee: Preference) -> str:
    dehors = gardee.canal in (Canal.COURRIEL.value, Canal.SMS.value)
    return f"{gardee.canal}:{gardee.rythme}" if dehors else gardee.canal


def _lire(valeur: str) -> Preference:
    canal, _, rythme = valeur.partition(":")
    return Preference(canal, rythme or "aussitot")
