"""L'API : les mêmes actes que les pages, pour un programme."""

from __future__ import annotations

from typing import Any

from ent_core.brique import ApiBrique, contexte_courant, exige, session_courante

from ent_annonces import services
from ent_annonces.permissions import ECRIRE, LIRE
from ent_annonces.schemas import MotLu, MotSaisi
from ent_annonces.services import MotAffiche
from ent_annonces.traitements import AFFICHAGE

__all__ = ["ressources"]

ressources = ApiBrique("annonces", __name__, description="Annonces affichées dans l'établissement.")


@ressources.get("/mots")
@exige(LIRE, traitements=(AFFICHAGE.cle,))
@ressources.response(200, MotLu(many=True))
def lister() -> list[MotAffiche]:
    """Rend les mots affichés aujourd'hui."""
    return services.affiches(session_courante(), contexte_courant().jour)


@ressources.post("/mots")
@exige(ECRIRE)
@ressources.arguments(MotSaisi)
@ressources.response(201, MotLu)
def afficher(saisie: dict[str, Any]) -> MotAffiche:
    """Affiche un mot."""
    return services.afficher(session_courante(), contexte_courant(), **saisie)
