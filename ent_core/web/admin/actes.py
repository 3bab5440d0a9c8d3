"""Les actes sur une personne : son compte, ses rôles locaux, les restrictions de ses responsables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ent_core.contrat.roles import LIBELLES_ROLES
from ent_core.federation import liens
from ent_core.identite import comptes, restrictions
from ent_core.identite.annuaire import titres
from ent_core.identite.codes import emettre_codes
from ent_core.identite.fiches import fiche
from ent_core.identite.modeles import Compte
from ent_core.roles import locaux
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.web.admin.codes import rendre_lettres
from ent_core.web.admin.pages import ReponsePage, administration, ecole, lendemain, perimetre, traiter
from ent_core.web.admin.personnes import page_personne
from ent_core.web.admin.protection import prevenir_les_titulaires
from ent_core.web.admin.saisies import SaisieRestriction, SaisieRole
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete
from ent_core.web.routes import exige

__all__: list[str] = []


@administration.post("/personnes/<uuid:personne_id>/suspendre", defaults={"acte": "suspendre"})
@administration.post("/personnes/<uuid:personne_id>/retablir", defaults={"acte": "retablir"})
@exige("noyau.comptes")
def regler_compte(personne_id: UUID, acte: str) -> Response:
    agir = comptes.suspendre if acte == "suspendre" else comptes.retablir
    with _compte(f"{acte} un compte", personne_id) as (session, uai, compte):
        acteur = contexte_courant().personne_id
        agir(session, instance().horloge, compte.id, uai=uai, acteur=acteur)
    return redirect(url_for("admin.personne", personne_id=personne_id, fait=acte))


@administration.post("/personnes/<uuid:personne_id>/liens")
@exige("noyau.comptes")
def retirer_lien(personne_id: UUID) -> Response:
    emetteur, acteur = request.form.get("emetteur", ""), contexte_courant().personne_id
    with _compte("retirer le lien d'une personne", personne_id) as (session, uai, _):
        liens.retirer(session, instance().horloge, personne_id, emetteur, acteur=acteur, uai=uai)
    flash("Le lien est retiré, et les sessions qui en venaient sont fermées.", "succes")
    return redirect(url_for("admin.personne", personne_id=personne_id))


@administration.post("/personnes/<uuid:personne_id>/code")
@exige("noyau.comptes", reauthentification=True)
def nouveau_code(personne_id: UUID) -> ReponsePage:
    ent, acteur = instance(), contexte_courant().personne_id
    with _compte("donner un nouveau code", personne_id) as (session, uai, compte):
        ici = uai or _premiere_ecole(session, personne_id)
        if compte.etat == "suspendu":
            raise OperationRefusee("ce compte est suspendu.", remede="le rétablir, puis donner un code.")
        if compte.etat == "actif":
            comptes.mettre_en_securite(session, ent.horloge, compte.id, uai=ici, acteur=acteur)
        lettres = list(
            emettre_codes(session, ent.horloge, ent.coffre, ici, personne=personne_id, acteur=acteur)
        )
        return rendre_lettres(session, ici, lettres, pour="", forme=request.form.get("forme", "ecran"))


@administration.post("/personnes/<uuid:personne_id>/securite")
@exige("noyau.comptes", reauthentification=True)
def securiser_compte(personne_id: UUID) -> Response:
    ent, acteur = instance(), contexte_courant().personne_id
    with _compte("mettre un compte en sécurité", personne_id) as (session, uai, compte):
        ici = uai or _premiere_ecole(session, personne_id)
        comptes.mettre_en_securite(session, ent.horloge, compte.id, uai=ici, acteur=acteur)
    prevenir_les_titulaires(ici, [personne_id])
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


@contextmanager
def _compte(motif: str, personne_id: UUID) -> Iterator[tuple[Session, str | None, Compte]]:
    """Compte d'une personne d'ici ; refusé s'il a plus de droits que l'acteur."""
    contexte = contexte_courant()
    requete().base.commit()
    with instance().base.academie("vérifier les droits d'un compte avant d'agir") as academie:
        locaux.exiger_compte_a_portee(academie, contexte, personne_id, contexte.jour)
    with perimetre(motif) as (session, uai):
        yield session, uai, _trouver(session, uai, personne_id)


def _trouver(session: Session, uai: str | None, personne_id: UUID) -> Compte:
    """Compte d'une personne ; il est créé s'il manque."""
    contexte, ent = contexte_courant(), instance()
    vue = fiche(session, uai, personne_id, jour=contexte.jour, annee=contexte.annee)
    if vue.compte is None:
        comptes.creer_comptes_manquants(session, ent.horloge, uai or _premiere_ecole(session, personne_id))
    compte = session.scalar(select(Compte).where(Compte.personne_id == personne_id))
    if compte is None:
        raise OperationRefusee(
            "cette personne ne peut pas avoir de compte : elle est en sursis, ou n'est plus rattachée.",
            remede="vérifier ses rattachements dans le prochain import.",
        )
    return compte


def _premiere_ecole(session: Session, personne_id: UUID) -> str:
    trouves = titres(session, [personne_id], None, contexte_courant().jour).get(personne_id, ())
    if not trouves:
        raise Introuvable(
            "cette personne n'est rattachée à aucun établissement.", remede="attendre le prochain import."
        )
    return trouves[0].uai


def _revenir(personne_id: UUID, texte: str) -> Response:
    flash(texte, "succes")
    return redirect(url_for("admin.personne", personne_id=personne_id))
