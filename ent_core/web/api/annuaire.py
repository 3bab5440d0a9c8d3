"""L'annuaire : établissements et personnes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from ent_core.identite.annuaire import PersonneTrouvee
from ent_core.identite.fiches import Fiche, fiche
from ent_core.identite.modeles import Etablissement
from ent_core.socle.erreurs import Introuvable
from ent_core.web.admin.etablissements import EtablissementAffiche, afficher, lister
from ent_core.web.admin.pages import perimetre
from ent_core.web.admin.personnes import rechercher
from ent_core.web.admin.saisies import SaisieEtablissements, SaisieRecherche
from ent_core.web.api.schemas import EtablissementRendu, PersonneRendue, PersonneTrouveeRendue
from ent_core.web.api.suites import DESCRIPTION, liens
from ent_core.web.requete import contexte_courant
from ent_core.web.ressources import Ressources
from ent_core.web.routes import exige

__all__ = ["ressources"]

ressources = Ressources("api_annuaire", __name__, "L'annuaire")


@ressources.route("/etablissements")
@ressources.arguments(SaisieEtablissements, location="query")
@ressources.response(200, EtablissementRendu(many=True), headers=DESCRIPTION, description="Une page")
@exige("noyau.etablissements")
def lire_etablissements(filtre: dict[str, Any]) -> tuple[list[EtablissementAffiche], dict[str, str]]:
    """Établissements ouverts de l'académie."""
    with perimetre("liste des établissements par l'API") as (session, _):
        lignes, suite = lister(session, filtre)
    return lignes, liens(filtre["page"], suite=suite)


@ressources.route("/etablissements/<uai>")
@ressources.response(200, EtablissementRendu, description="L'établissement")
@exige("noyau.etablissements")
def lire_etablissement(uai: str) -> EtablissementAffiche:
    """Un établissement."""
    with perimetre("lecture d'un établissement par l'API") as (session, _):
        trouve = session.get(Etablissement, uai)
        if trouve is None:
            raise Introuvable("cet établissement n'existe pas.", remede="vérifier le code UAI.")
        return afficher(session, [trouve])[0]


@ressources.route("/personnes")
@ressources.arguments(SaisieRecherche, location="query")
@ressources.response(200, PersonneTrouveeRendue(many=True), headers=DESCRIPTION, description="Une page")
@exige("noyau.personnes")
def lire_personnes(filtre: dict[str, Any]) -> tuple[tuple[PersonneTrouvee, ...], dict[str, str]]:
    """Personnes dont le nom contient chaque mot cherché, sans accents ni ordre."""
    with perimetre("chercher une personne par l'API") as (session, uai):
        resultats = rechercher(session, uai or filtre["uai"], filtre)
    return resultats.personnes, liens(resultats.page, suite=resultats.suite)


@ressources.route("/personnes/<uuid:personne_id>")
@ressources.response(200, PersonneRendue, description="La fiche")
@exige("noyau.personnes")
def lire_personne(personne_id: UUID) -> Fiche:
    """La fiche d'une personne, telle que l'établissement en vigueur la voit."""
    contexte = contexte_courant()
    with perimetre("fiche d'une personne par l'API") as (session, uai):
        return fiche(session, uai, personne_id, jour=contexte.jour, annee=contexte.annee)
