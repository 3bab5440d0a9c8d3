"""Ce que l'établissement suit : ce qui va partir, ce qui est retenu, ce qui n'est pas parti."""

from __future__ import annotations

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from ent_core.identite.lectures import nommer
from ent_core.messages import garde, suivi
from ent_core.messages.demande import messages_en_attente
from ent_core.messages.destinataires import nombre_de_familles
from ent_core.messages.poste import poste_de
from ent_core.messages.reglages import reglage_de
from ent_core.socle.erreurs import DonneeInvalide
from ent_core.web.admin.pages import lire_boutons
from ent_core.web.instance import instance
from ent_core.web.messages import messages
from ent_core.web.messages.saisies import SaisieCanal, SaisieEchecs, SaisieSujet
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import exige

__all__ = ["page_envois"]

PERMISSION = "noyau.messages"
RAISONS = {
    "adresse_refusee": "Adresse de courriel refusée : la corriger dans la fiche, puis relancer.",
    "numero_refuse": "Numéro de mobile refusé : le corriger dans la fiche, puis relancer.",
    "service_indisponible": "Le service d'envoi ne répondait pas : relancer, ou remettre sur papier.",
}


@messages.get("/envois", endpoint="envois")
@exige(PERMISSION)
def page_envois() -> str:
    session, contexte = session_courante(), contexte_courant()
    poste, uai = poste_de(session), contexte.uai
    lots = suivi.lots(session, uai)
    retenus = suivi.retenus(session, contexte)
    return render_template(
        "messages/envois.html", attente=messages_en_attente(session, contexte), lots=lots, retenus=retenus,
        noms=nommer(session, {lot.par for lot in lots if lot.par}), echecs=suivi.echecs(session, uai),
        raisons=RAISONS, libelles={cle: sujet.libelle for cle, sujet in poste.sujets.items()},
        a_imprimer=len(suivi.bordereaux(session, poste, uai)), plafond=suivi.PLAFOND,
        familles=nombre_de_familles(session, uai, contexte.jour) if retenus else 0,
        seuil=reglage_de(session, uai).seuil,
        regle=instance().habilitations.autorise(contexte, "noyau.messages_reglages"),
    )  # fmt: skip


@messages.post("/envois/<uuid:lot>/annuler")
@exige(PERMISSION)
def annuler_lot(lot: UUID) -> Response:
    session = session_courante()
    canal = lire_boutons(SaisieCanal())["canal"]
    nombre = suivi.annuler_lot(session, poste_de(session), contexte_courant(), lot, canal)
    flash(f"{_messages(nombre)} : rien ne partira.", "succes")
    return _retour()


@messages.post("/envois/confirmer")
@exige(PERMISSION, reauthentification=True)
def confirmer() -> Response:
    session = session_courante()
    sujet = lire_boutons(SaisieSujet())["sujet"]
    nombre = garde.confirmer(session, poste_de(session), contexte_courant(), sujet)
    flash(f"{_messages(nombre)} : l'envoi reprend.", "succes")
    return _retour()


@messages.post("/envois/renoncer")
@exige(PERMISSION)
def renoncer() -> Response:
    session = session_courante()
    sujet = lire_boutons(SaisieSujet())["sujet"]
    nombre = suivi.annuler_retenus(session, poste_de(session), contexte_courant(), sujet)
    flash(f"{_messages(nombre)} : rien ne partira.", "succes")
    return _retour()


@messages.post("/envois/relancer")
@exige(PERMISSION)
def relancer() -> Response:
    session, contexte = session_courante(), contexte_courant()
    choisis = _choisis()
    nombre = suivi.relancer(session, poste_de(session), contexte.uai, choisis, contexte.personne_id)
    flash(f"{_messages(nombre)} : l'envoi est refait.", "succes")
    return _retour()


@messages.post("/envois/papier")
@exige(PERMISSION)
def vers_le_papier() -> Response:
    session, contexte = session_courante(), contexte_courant()
    nombre = suivi.vers_le_papier(session, poste_de(session), contexte.uai, _choisis(), contexte.personne_id)
    flash(f"{_messages(nombre)} à remettre sur papier.", "succes")
    return _retour()


def _choisis() -> list[UUID]:
    choisis: list[UUID] = lire_boutons(SaisieEchecs())["message"]
    if not choisis:
        raise DonneeInvalide("aucun message n'est choisi.", remede="cocher au moins un message.")
    return choisis


def _messages(nombre: int) -> str:
    return f"{nombre} message{'s' if nombre > 1 else ''}"


def _retour() -> Response:
    return redirect(url_for("messages.envois"), 303)
