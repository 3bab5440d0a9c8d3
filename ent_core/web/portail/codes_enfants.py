"""Les comptes de mes enfants : où ils en sont, et un nouveau code si l'établissement le permet."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request

from ent_core.identite import codes_enfants
from ent_core.identite.codes import DUREE_CODE
from ent_core.messages.securite import prevenir_d_un_nouveau_code
from ent_core.web.admin.codes import rendre_lettres
from ent_core.web.admin.pages import ReponsePage
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.routes import exige

__all__: list[str] = []

_PERMISSION = "noyau.comptes_enfants"


@portail.get("/compte/enfants")
@exige(_PERMISSION)
def comptes_enfants() -> str:
    session, contexte = session_courante(), contexte_courant()
    return render_template(
        "compte/enfants.html",
        enfants=codes_enfants.enfants(session, contexte.uai, contexte.personne_id, contexte.jour),
        ouvert=codes_enfants.ouvert(session, contexte.uai),
        jours=DUREE_CODE.days,
    )


@portail.post("/compte/enfants/<uuid:eleve_id>/code")
@exige(_PERMISSION, reauthentification=True)
def code_enfant(eleve_id: UUID) -> ReponsePage:
    """Efface le mot de passe et donne un code, montré une fois ; l'élève et ses responsables l'apprennent."""
    session, contexte, ent = session_courante(), contexte_courant(), instance()
    fiche = codes_enfants.donner(
        session, ent.horloge, ent.coffre, contexte.uai, contexte.personne_id, eleve_id
    )
    prevenir_d_un_nouveau_code(session, [eleve_id])
    return rendre_lettres(session, contexte.uai, [fiche], pour="", forme=request.form.get("forme", "ecran"))
