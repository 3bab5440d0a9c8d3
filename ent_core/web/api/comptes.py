"""Les comptes, par qui en a la charge : leur état, un nouveau code, la mise en sécurité, la suspension."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ent_core.identite.codes import FicheActivation
from ent_core.identite.facteurs.inventaire import moyens
from ent_core.identite.fiches import fiche
from ent_core.identite.modeles import Compte, SessionWeb
from ent_core.socle.erreurs import Introuvable
from ent_core.web.admin import comptes
from ent_core.web.admin.pages import perimetre
from ent_core.web.api.schemas_comptes import CodeRendu, CompteRendu, EtatDuCompte
from ent_core.web.requete import contexte_courant
from ent_core.web.ressources import Ressources
from ent_core.web.routes import exige

__all__ = ["ressources"]

_PERMISSION = "noyau.comptes"
_APRES = "Le compte, après l'acte"

ressources = Ressources("api_comptes", __name__, "Les comptes")


@ressources.route("/personnes/<uuid:personne_id>/compte")
@ressources.response(200, CompteRendu, description="Le compte")
@exige(_PERMISSION)
def lire_compte(personne_id: UUID) -> EtatDuCompte:
    """Où en est le compte d'une personne ; ni mot de passe, ni code, ni qui elle voit."""
    return _etat(personne_id)


@ressources.route("/personnes/<uuid:personne_id>/compte/code", methods=["POST"])
@ressources.response(201, CodeRendu, description="Le code, rendu cette seule fois")
@exige(_PERMISSION, reauthentification=True)
def donner_code(personne_id: UUID) -> FicheActivation:
    """Efface le mot de passe et donne un code d'activation, à remettre à la personne et à elle seule."""
    with comptes.code_neuf(personne_id) as (_, _, neuf):
        return neuf


@ressources.route("/personnes/<uuid:personne_id>/compte/securite", methods=["POST"])
@ressources.response(200, CompteRendu, description=_APRES)
@exige(_PERMISSION, reauthentification=True)
def securiser_compte(personne_id: UUID) -> EtatDuCompte:
    """Ferme les sessions, efface mot de passe, code, adresse de secours et seconds facteurs."""
    comptes.securiser(personne_id)
    return _etat(personne_id)


@ressources.route("/personnes/<uuid:personne_id>/compte/suspension", methods=["PUT"])
@ressources.response(200, CompteRendu, description=_APRES)
@exige(_PERMISSION, reauthentification=True)
def suspendre_compte(personne_id: UUID) -> EtatDuCompte:
    """Suspend le compte et ferme ses sessions ; le mot de passe reste."""
    comptes.suspendre(personne_id)
    return _etat(personne_id)


@ressources.route("/personnes/<uuid:personne_id>/compte/suspension", methods=["DELETE"])
@ressources.response(200, CompteRendu, description=_APRES)
@exige(_PERMISSION, reauthentification=True)
def retablir_compte(personne_id: UUID) -> EtatDuCompte:
    """Rétablit un compte suspendu, dans l'état où il était."""
    comptes.retablir(personne_id)
    return _etat(personne_id)


def _etat(personne_id: UUID) -> EtatDuCompte:
    contexte = contexte_courant()
    with perimetre("compte d'une personne par l'API") as (session, uai):
        fiche(session, uai, personne_id, jour=contexte.jour, annee=contexte.annee)  # d'ici, ou introuvable
        return _lire(session, personne_id)


def _lire(session: Session, personne_id: UUID) -> EtatDuCompte:
    ouvertes = select(func.count()).where(SessionWeb.compte_id == Compte.id).scalar_subquery()
    ligne = session.execute(
        select(
            Compte.id,
            Compte.identifiant,
            Compte.etat,
            Compte.change_le,
            Compte.code_expire_le,
            ouvertes,
        ).where(Compte.personne_id == personne_id)
    ).one_or_none()
    if ligne is None:
        raise Introuvable("cette personne n'a pas encore de compte.", remede="lui donner un code le crée.")
    compte_id, identifiant, etat, change_le, code_expire_le, sessions = ligne
    second = moyens(session, compte_id).total > 0
    return EtatDuCompte(personne_id, identifiant, etat, change_le, code_expire_le, sessions, second)
