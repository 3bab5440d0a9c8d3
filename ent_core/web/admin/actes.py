"""Les actes sur une personne : son compte, ses rôles locaux, les restrictions de ses responsables."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.federation import liens
from ent_core.identite import restrictions
from ent_core.roles import locaux
from ent_core.web.admin import comptes
from ent_core.web.admin.codes import rendre_lettres
from ent_core.web.admin.comptes import code_neuf, compte_a_portee
from ent_core.web.admin.pages import ReponsePage, administration, ecole, lendemain, perimetre, traiter
from ent_core.web.admin.personnes import page_personne
from ent_core.web.admin.saisies import SaisieRestriction, SaisieRole
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant
from ent_core.web.routes import exige

__all__: list[str] = []


@administration.post("/personnes/<uuid:personne_id>/suspendre", defaults={"acte": "suspendre"})
@administration.post("/personnes/<uuid:personne_id>/retablir", defaults={"acte": "retablir"})
@exige("noyau.comptes", reauthentification=True)
def regler_compte(personne_id: UUID, acte: str) -> Response:
    agir = comptes.suspendre if acte == "suspendre" else comptes.retablir
    agir(personne_id)
    return redirect(url_for("admin.personne", personne_id=personne_id, fait=acte))


@administration.post("/personnes/<uuid:personne_id>/liens")
@exige("noyau.comptes", reauthentification=True)
def retirer_lien(personne_id: UUID) -> Response:
    emetteur, acteur = request.form.get("emetteur", ""), contexte_courant().personne_id
    with compte_a_portee("retirer le lien d'une personne", personne_id) as (session, uai, _):
        liens.retirer(session, instance().horloge, personne_id, emetteur, acteur=acteur, uai=uai)
    flash("Le lien est retiré, et les sessions qui en venaient sont fermées.", "succes")
    return redirect(url_for("admin.personne", personne_id=personne_id))


@administration.post("/personnes/<uuid:personne_id>/code")
@exige("noyau.comptes", reauthentification=True)
def nouveau_code(personne_id: UUID) -> ReponsePage:
    with code_neuf(personne_id) as (session, ici, lettre):
        return rendre_lettres(session, ici, [lettre], pour="", forme=request.form.get("forme", "ecran"))


@administration.post("/personnes/<uuid:personne_id>/securite")
@exige("noyau.comptes", reauthentification=True)
def securiser_compte(personne_id: UUID) -> Response:
    comptes.securiser(personne_id)
    return _revenir(personne_id, "Le compte est en sécurité. Il faut un nouveau code pour y revenir.")


@administration.post("/personnes/<uuid:personne_id>/roles")
@exige("noyau.roles", reauthentification=True)
def attribuer_role(personne_id: UUID) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> Response:
        with ecole("attribuer un rôle local", saisie["uai"]) as (session, ici):
            locaux.attribuer_role(
                session,
                instance().horloge,
                contexte_courant(),
                uai=ici,
                personne_id=personne_id,
                role=saisie["role"],
                debut=saisie["debut"],
                fin=lendemain(saisie["fin"]),
            )
        return _revenir(personne_id, f"Le rôle « {LIBELLES_ROLES[saisie['role']]} » est attribué.")

    return traiter(SaisieRole(), agir, lambda e: page_personne(personne_id, e, "role", request.form))


@administration.post("/personnes/<uuid:personne_id>/roles/<uai>/<uuid:role_id>/retirer")
@exige("noyau.roles", reauthentification=True)
def retirer_role(personne_id: UUID, uai: str, role_id: UUID) -> Response:
    with ecole("retirer un rôle local", uai) as (session, ici):
        locaux.retirer_role(session, instance().horloge, contexte_courant(), ici, role_id)
    return _revenir(personne_id, "Le rôle est retiré. Il ne vaut plus dès maintenant.")


@administration.post("/personnes/<uuid:personne_id>/restrictions")
@exige("noyau.restrictions", reauthentification=True)
def restreindre(personne_id: UUID) -> ReponsePage:
    def agir(saisie: dict[str, Any]) -> Response:
        with perimetre("enregistrer une restriction") as (session, uai):
            restrictions.restreindre(
                session,
                instance().horloge,
                saisie["responsabilite"],
                uai=uai,
                reference=saisie["reference"],
                effet=saisie["effet"],
                debut=saisie["debut"],
                fin=lendemain(saisie["fin"]),
                acteur=contexte_courant().personne_id,
            )
        return _revenir(personne_id, "L'acte est enregistré. Il vaut dès son premier jour.")

    return traiter(
        SaisieRestriction(), agir, lambda e: page_personne(personne_id, e, "restriction", request.form)
    )


@administration.post("/personnes/<uuid:personne_id>/restrictions/<uuid:restriction_id>/lever")
@exige("noyau.restrictions", reauthentification=True)
def lever_restriction(personne_id: UUID, restriction_id: UUID) -> Response:
    contexte = contexte_courant()
    with perimetre("lever une restriction") as (session, uai):
        restrictions.lever(session, instance().horloge, restriction_id, uai=uai, acteur=contexte.personne_id)
    return _revenir(personne_id, "L'acte est levé. Le responsable retrouve ses droits dès maintenant.")


def _revenir(personne_id: UUID, texte: str) -> Response:
    flash(texte, "succes")
    return redirect(url_for("admin.personne", personne_id=personne_id))
