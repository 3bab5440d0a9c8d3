"""L'administration : briques, bascules, préalables, journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ent_core.chargement import historique
from ent_core.chargement.historique import BasculeEcrite
from ent_core.chargement.modeles import Bascule
from ent_core.chargement.prealables import EtatPrealable
from ent_core.identite.consultation import ActeLu, FiltreJournal, consulter
from ent_core.web.admin import effets
from ent_core.web.admin.briques import basculer
from ent_core.web.admin.effets import BriqueAffichee
from ent_core.web.admin.pages import perimetre
from ent_core.web.admin.saisies import SaisieBascule, SaisieJournal, SaisiePrealables
from ent_core.web.api.schemas import ActeRendu, BasculeRendue, BriqueRendue, PrealableRendu
from ent_core.web.api.suites import DESCRIPTION, liens
from ent_core.web.instance import instance
from ent_core.web.requete import contexte_courant, session_courante
from ent_core.web.ressources import Ressources
from ent_core.web.routes import exige

__all__ = ["ressources"]

ressources = Ressources("api_administration", __name__, "L'administration")

_PAR_PAGE = 100


@ressources.route("/briques")
@ressources.response(200, BriqueRendue(many=True), description="Briques chargées")
@exige("noyau.briques")
def lire_briques() -> list[BriqueAffichee]:
    """Briques chargées, et leur état dans l'établissement en vigueur (ou dans toute l'académie)."""
    with perimetre("état des briques par l'API") as (session, uai):
        decisions = instance().activation.decisions(session, uai or "", contexte_courant().jour)
    return effets.briques_affichees(instance(), decisions, contexte_courant().en_attente if uai else ())


@ressources.route("/briques/<brique>/bascules")
@ressources.response(200, BasculeRendue(many=True), description="Décisions, la plus récente d'abord")
@exige("noyau.briques")
def lire_bascules(brique: str) -> list[BasculeEcrite]:
    """Décisions enregistrées sur une brique."""
    effets.chargee(instance(), brique)
    with perimetre("histoire d'une brique par l'API") as (session, uai):
        return historique.lire(session, brique, uai)


@ressources.route("/briques/<brique>/bascules", methods=["POST"])
@ressources.arguments(SaisieBascule)
@ressources.response(201, BasculeRendue(many=True), description="Décisions posées")
@exige("noyau.briques")
def poser_bascules(saisie: dict[str, Any], brique: str) -> list[Bascule]:
    """Ouvre ou ferme une brique, dans des établissements ou dans toute l'académie."""
    effets.chargee(instance(), brique)
    with perimetre("ouvrir ou fermer une brique par l'API") as (session, _):
        return basculer(session, brique, saisie, origine="api")


@ressources.route("/briques/<brique>/prealables")
@ressources.response(200, PrealableRendu(many=True), description="Préalables, dans l'ordre de la brique")
@exige("noyau.prealables")
def lire_prealables(brique: str) -> list[EtatPrealable]:
    """Ce que la brique demande d'avoir fait, et ce que l'établissement a attesté."""
    return _prealables(brique)


@ressources.route("/briques/<brique>/prealables", methods=["POST"])
@ressources.arguments(SaisiePrealables)
@ressources.response(200, PrealableRendu(many=True), description="Préalables, après l'acte")
@exige("noyau.prealables")
def attester_prealables(saisie: dict[str, Any], brique: str) -> list[EtatPrealable]:
    """Atteste des préalables ; ce qui l'était déjà garde son auteur et sa date."""
    ent, contexte = instance(), contexte_courant()
    effets.chargee(ent, brique)
    prealables = ent.activation.prealables
    cles = [p.cle for p in prealables.de(brique)] if saisie["tout"] else saisie["cles"]
    prealables.attester(
        session_courante(), ent.horloge, brique, contexte.uai, cles, par=contexte.personne_id, origine="api"
    )
    return _prealables(brique)


@ressources.route("/briques/<brique>/prealables/<cle>", methods=["DELETE"])
@ressources.response(200, PrealableRendu(many=True), description="Préalables, après l'acte")
@exige("noyau.prealables")
def retirer_prealable(brique: str, cle: str) -> list[EtatPrealable]:
    """Revient sur une attestation : la brique n'est plus servie tant qu'elle manque."""
    ent, contexte = instance(), contexte_courant()
    effets.chargee(ent, brique)
    ent.activation.prealables.retirer(
        session_courante(), ent.horloge, brique, contexte.uai, [cle], par=contexte.personne_id
    )
    return _prealables(brique)


def _prealables(brique: str) -> list[EtatPrealable]:
    ent = instance()
    effets.chargee(ent, brique)
    return ent.activation.prealables.etats(session_courante(), brique, contexte_courant().uai)


@ressources.route("/journal")
@ressources.arguments(SaisieJournal, location="query")
@ressources.response(200, ActeRendu(many=True), headers=DESCRIPTION, description="Une page")
@exige("noyau.journal")
def lire_journal(filtre: dict[str, Any]) -> tuple[Sequence[ActeLu], dict[str, str]]:
    """Actes du journal, le plus récent d'abord."""
    page = filtre.pop("page")
    with perimetre("lire le journal par l'API") as (session, uai):
        actes = consulter(session, FiltreJournal(uai, **filtre), limite=_PAR_PAGE, page=page)
    return actes[:_PAR_PAGE], liens(page, suite=len(actes) > _PAR_PAGE)
