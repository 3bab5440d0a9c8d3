"""Les actes sur le compte d'une personne, les mêmes par les pages et par l'API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from ent_core.identite import comptes
from ent_core.identite.annuaire import titres
from ent_core.identite.codes import FicheActivation, emettre_codes
from ent_core.identite.fiches import fiche
from ent_core.identite.modeles import Compte
from ent_core.roles import locaux
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.web.admin.pages import perimetre
from ent_core.web.admin.protection import prevenir_les_titulaires
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, requete

__all__ = ["code_neuf", "compte_a_portee", "retablir", "securiser", "suspendre"]


@contextmanager
def compte_a_portee(motif: str, personne_id: UUID) -> Iterator[tuple[Session, str | None, Compte]]:
    """Compte d'une personne d'ici ; refusé s'il a plus de droits que l'acteur.

    :param motif: motif de l'accès, gardé dans les traces.
    :param personne_id: titulaire.
    """
    contexte = contexte_courant()
    requete().base.commit()
    with instance().base.academie("vérifier les droits d'un compte avant d'agir") as academie:
        locaux.exiger_compte_a_portee(academie, contexte, personne_id, contexte.jour)
    with perimetre(motif) as (session, uai):
        yield session, uai, _trouver(session, uai, personne_id)


@contextmanager
def code_neuf(personne_id: UUID) -> Iterator[tuple[Session, str, FicheActivation]]:
    """Donne un code, dans l'acte de l'appelant : s'il échoue, rien n'est effacé.

    Un mot de passe effacé se dit à son titulaire, et aux responsables d'un mineur ; un premier code, non.

    :param personne_id: titulaire.
    :returns: la session, l'établissement qui remet le code, et le code.
    :raises OperationRefusee: compte suspendu, ou qui n'attend pas de code.
    """
    ent, acteur = instance(), contexte_courant().personne_id
    with compte_a_portee("donner un nouveau code", personne_id) as (session, uai, compte):
        ici = uai or _premiere_ecole(session, personne_id)
        if compte.etat == "suspendu":
            raise OperationRefusee("ce compte est suspendu.", remede="le rétablir, puis donner un code.")
        if efface := compte.etat == "actif":
            comptes.mettre_en_securite(session, ent.horloge, compte.id, uai=ici, acteur=acteur)
        fiches = list(
            emettre_codes(session, ent.horloge, ent.coffre, ici, personne=personne_id, acteur=acteur)
        )
        if not fiches:
            raise OperationRefusee(
                "cette personne ne peut pas recevoir de code ici.", remede="vérifier ses rattachements."
            )
        yield session, ici, fiches[0]
    if efface:
        prevenir_les_titulaires(ici, [personne_id])


def securiser(personne_id: UUID) -> None:
    """Met un compte en sécurité ; son titulaire, et les responsables d'un mineur, l'apprennent.

    :param personne_id: titulaire.
    """
    ent, acteur = instance(), contexte_courant().personne_id
    with compte_a_portee("mettre un compte en sécurité", personne_id) as (session, uai, compte):
        ici = uai or _premiere_ecole(session, personne_id)
        comptes.mettre_en_securite(session, ent.horloge, compte.id, uai=ici, acteur=acteur)
    prevenir_les_titulaires(ici, [personne_id])


def suspendre(personne_id: UUID) -> None:
    """Suspend un compte.

    :param personne_id: titulaire.
    """
    with compte_a_portee("suspendre un compte", personne_id) as (session, uai, compte):
        acteur = contexte_courant().personne_id
        comptes.suspendre(session, instance().horloge, compte.id, uai=uai, acteur=acteur)


def retablir(personne_id: UUID) -> None:
    """Rétablit un compte suspendu.

    :param personne_id: titulaire.
    """
    with compte_a_portee("rétablir un compte", personne_id) as (session, uai, compte):
        acteur = contexte_courant().personne_id
        comptes.retablir(session, instance().horloge, compte.id, uai=uai, acteur=acteur)


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
