"""Donner un nouveau code à un élève : son professeur principal, la vie scolaire, de la main à la main."""

from __future__ import annotations

from uuid import UUID

from flask import render_template, request
from sqlalchemy import select

from ent_core.identite import comptes
from ent_core.identite.codes import DUREE_CODE, emettre_codes
from ent_core.identite.modeles import Compte, Personne
from ent_core.messages.securite import prevenir_d_un_nouveau_code
from ent_core.roles.perimetre import eleves, peut_atteindre
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.web.admin.codes import rendre_lettres
from ent_core.web.admin.pages import ReponsePage
from ent_core.web.instance import instance
from ent_core.web.portail import portail
from ent_core.web.requete import contexte_courant, portee_courante, session_courante
from ent_core.web.routes import exige

__all__: list[str] = []

_PERMISSION = "noyau.codes_eleves"


@portail.get("/codes-eleves")
@exige(_PERMISSION)
def codes_eleves() -> str:
    lignes = session_courante().execute(
        select(Personne.id, Personne.nom, Personne.prenom, Compte.etat)
        .join(Compte, Compte.personne_id == Personne.id)
        .where(Personne.id.in_(eleves(contexte_courant(), portee_courante())))
        .order_by(Personne.nom, Personne.prenom, Personne.id)
    )
    return render_template("compte/codes_eleves.html", eleves=lignes.all(), jours=DUREE_CODE.days)


@portail.post("/codes-eleves/<uuid:eleve_id>")
@exige(_PERMISSION, reauthentification=True)
def code_eleve(eleve_id: UUID) -> ReponsePage:
    """Efface le mot de passe et donne un code, montré une fois ; l'élève et ses responsables l'apprennent."""
    session, contexte, ent = session_courante(), contexte_courant(), instance()
    if not peut_atteindre(session, contexte, portee_courante(), eleve_id):
        raise Introuvable("cet élève n'est pas des vôtres.", remede="revenir à la liste.")
    compte = session.execute(
        select(Compte.id, Compte.etat).where(Compte.personne_id == eleve_id)
    ).one_or_none()
    if compte is None or compte.etat == "suspendu":
        raise OperationRefusee(
            "ce compte est suspendu, ou n'existe pas encore.", remede="s'adresser à la direction."
        )
    acteur = contexte.personne_id
    if compte.etat == "actif":
        comptes.mettre_en_securite(session, ent.horloge, compte.id, uai=contexte.uai, acteur=acteur)
    fiches = list(
        emettre_codes(session, ent.horloge, ent.coffre, contexte.uai, personne=eleve_id, acteur=acteur)
    )
    prevenir_d_un_nouveau_code(session, [eleve_id])
    return rendre_lettres(session, contexte.uai, fiches, pour="", forme=request.form.get("forme", "ecran"))
